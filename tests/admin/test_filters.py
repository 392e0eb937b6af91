"""The filters of the lists."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from leads.models import Lead, LeadSource

NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem


def listed(client: Client, query: str, name: str = "leads/lead") -> set[int]:
    rows = client.get(f"/admin/{name}/?{query}").context["cl"].result_list
    return {row.pk for row in rows}


def submitted(make_lead: Callable[..., Lead], at: datetime, **values: object) -> int:
    times = {"submitted_at": at, "clock_started_at": at, "due_at": at + timedelta(seconds=60)}
    return make_lead(**times, **values).pk


@pytest.mark.parametrize(
    ("query", "wanted"),
    [("today", {"today"}), ("yesterday", {"yesterday"}), ("7", {"today", "yesterday"})],
)
def test_days_begin_at_midnight_of_the_sites_time_zone(
    query: str, wanted: set[str], managing: Client, make_lead: Callable[..., Lead]
) -> None:
    with time_machine.travel(NOON, tick=False):
        pks = {
            # 00:30 in Jerusalem is still the day before in UTC.
            "today": submitted(make_lead, datetime(2026, 3, 24, 22, 30, tzinfo=UTC)),
            "yesterday": submitted(make_lead, datetime(2026, 3, 24, 21, 30, tzinfo=UTC)),
            "long ago": submitted(make_lead, NOON - timedelta(days=8)),
        }
        assert listed(managing, f"submitted={query}") == {pks[name] for name in wanted}


def test_overdue_are_the_open_leads_past_their_time_whose_phone_has_not_rung(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    with time_machine.travel(NOON, tick=False):
        late = NOON - timedelta(minutes=5)
        overdue = submitted(make_lead, late)
        submitted(make_lead, late, rang_at=late + timedelta(minutes=3))
        accepted = submitted(make_lead, late, first_dialed_at=late + timedelta(seconds=1))
        submitted(make_lead, late, status="cancelled", closed_at=NOON)
        submitted(make_lead, NOON - timedelta(seconds=30))
        assert listed(managing, "overdue=yes") == {overdue, accepted}


def test_nobody_will_call_those_that_wait_for_a_source_that_nobody_answers(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    other = LeadSource.objects.create(slug="other", name="Other")
    answered, stuck = make_lead(), make_lead(source=other)
    make_lead(source=other, status="cancelled", closed_at=timezone.now())
    assert listed(managing, "unanswered=yes") == {stuck.pk}
    extension.team.sources.add(other)
    assert listed(managing, "unanswered=yes") == set()
    Extension.objects.update(is_active=False)
    assert listed(managing, "unanswered=yes") == {answered.pk, stuck.pk}


def test_status_and_source(managing: Client, make_lead: Callable[..., Lead]) -> None:
    held, waiting = make_lead(status="held"), make_lead()
    assert listed(managing, "status__exact=held") == {held.pk}
    both = "status__exact=held&status__exact=waiting"
    assert listed(managing, both) == {held.pk, waiting.pk}
    assert listed(managing, f"source__id__exact={held.source_id}") == {held.pk, waiting.pk}


def test_extensions_by_state(managing: Client, team: Team) -> None:
    now = timezone.now()
    later, before = now + timedelta(minutes=5), now - timedelta(minutes=5)
    lunch = {"is_paused": True, "pause_reason": "lunch"}
    paused = Extension.objects.create(number="1", team=team, **lunch, paused_until=later)
    blocked = Extension.objects.create(number="2", team=team, is_blocked=True)
    off = Extension.objects.create(number="3", team=team, is_active=False)
    seen = Extension.objects.create(number="4", team=team, provider_busy_until=later)
    Extension.objects.create(number="5", team=team, **lunch, paused_until=before)
    wanted = {"paused": paused, "blocked": blocked, "off": off, "seen": seen}
    for state, extension in wanted.items():
        assert listed(managing, f"state={state}", "callbacks/extension") == {extension.pk}


@pytest.fixture
def calls(make_lead: Callable[..., Lead], extension: Extension) -> dict[str, CallAttempt]:
    """Calls of Dana, who has two phones, one formerly Omer's; and of a phone without a login."""
    dana, omer = (User.objects.create_user(name, first_name=name) for name in ("Dana", "Omer"))
    phones = {
        "her phone": extension,
        "her mobile": Extension.objects.create(number="102", team=extension.team),
        "nobody's": Extension.objects.create(number="103", team=extension.team),
    }
    for name in ("her phone", "her mobile"):
        Extension.objects.filter(pk=phones[name].pk).update(user=dana)
    rows = {
        "of her phone": ("her phone", dana, datetime(2026, 3, 25, 6, tzinfo=UTC)),
        "before people were kept": ("her mobile", None, datetime(2026, 3, 24, 21, 59, tzinfo=UTC)),
        "when it was his": ("her mobile", omer, datetime(2026, 3, 24, 22, 1, tzinfo=UTC)),
        "of nobody's": ("nobody's", None, datetime(2026, 3, 20, 6, tzinfo=UTC)),
    }
    made = {}
    for name, (phone, person, at) in rows.items():
        lead = make_lead()
        made[name] = CallAttempt.objects.create(
            lead=lead, extension=phones[phone], salesperson=person, phone=lead.phone,
            state="lead_no_answer", claimed_at=at, ended_at=at, hold_until=at, call_id=name,
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("person=user-{dana}", {"of her phone", "before people were kept"}),
        ("person=phone-{nobodys}", {"of nobody's"}),
        ("person=phone-x", None),
        ("person=user-99999999999999999999999", None),
        # Midnight in Jerusalem is 22:00 the day before in UTC.
        ("claimed_at_from=2026-03-25&claimed_at_to=2026-03-25",
         {"of her phone", "when it was his"}),
        ("claimed_at_from=25.03.2026", {"of her phone", "when it was his"}),
        ("claimed_at_to=24/03/2026", {"before people were kept", "of nobody's"}),
        ("claimed_at_from=nonsense", None),
        ("claimed_at_from=99999-01-01", None),
        ("called=today", {"of her phone", "when it was his"}),
        ("called=yesterday", {"before people were kept"}),
        ("person=user-{dana}&called=today", {"of her phone"}),
    ],
)  # fmt: skip
def test_attempts_by_person_and_day(
    query: str, wanted: set[str] | None, managing: Client, calls: dict[str, CallAttempt]
) -> None:
    ids = {
        "dana": User.objects.get(username="Dana").pk,
        "nobodys": Extension.objects.get(number="103").pk,
    }
    with time_machine.travel(NOON, tick=False):
        page = managing.get(f"/admin/callbacks/callattempt/?{query.format(**ids)}")
    assert page.status_code == 200
    found = {attempt.call_id for attempt in page.context["cl"].result_list}
    assert found == (set(calls) if wanted is None else wanted)


def test_people_are_offered_by_name(managing: Client, calls: dict[str, CallAttempt]) -> None:
    page = managing.get("/admin/callbacks/callattempt/").content.decode()
    assert ">Dana<" in re.sub(r"\s*([<>])\s*", r"\1", page)
    assert ">103<" in re.sub(r"\s*([<>])\s*", r"\1", page)
