"""The filters of the lists."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension, Team
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


def test_overdue_are_the_open_leads_past_their_time_that_nobody_called(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    with time_machine.travel(NOON, tick=False):
        late = NOON - timedelta(minutes=5)
        overdue = submitted(make_lead, late)
        submitted(make_lead, late, first_dialed_at=late + timedelta(minutes=3))
        submitted(make_lead, late, status="cancelled", closed_at=NOON)
        submitted(make_lead, NOON - timedelta(seconds=30))
        assert listed(managing, "overdue=yes") == {overdue}


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
