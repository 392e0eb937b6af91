"""Leads that are never called automatically: told at submission, in the tile, on every page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.admin import dashboard
from callbacks.calling import dial, dispatch, manual, reschedule
from callbacks.explain import preview, unroutable, waiting_reason
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team, TeamSource
from leads import intake
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
ISRAEL, RUSSIA, NEW_YORK = "+972505550101", "+79145550101", "+12125550101"
NO_HOUR = "no hour of the calling window suits all time zones the number may be in"
NEVER_MEET = "the calling window in the number's time zone never overlaps the teams' hours"


@dataclass(frozen=True)
class Row:
    """`phone`, unlike Israel's, is never called in `window` by a team with these `hours` (UTC)."""

    phone: str
    window: tuple[int, int]
    hours: tuple[int, int] | None
    short: str
    why: str
    country: str


ROWS = {
    "a mobile of a wide country": Row(
        RUSSIA, (9, 18), None, "no hour fits its number", NO_HOUR, "Russia"
    ),
    "a mobile of a wide country, and the team's own hours would fit": Row(
        RUSSIA, (9, 18), (7, 15), "no hour fits its number", NO_HOUR, "Russia"
    ),
    "the team's morning is night where it is": Row(
        NEW_YORK, (9, 18), (7, 12), "window and hours never overlap", NEVER_MEET, "United States"
    ),
}


@pytest.fixture(params=ROWS.values(), ids=ROWS)
def row(request: pytest.FixtureRequest, source: LeadSource, team: Team) -> Iterator[Row]:
    """The source and team of a row, at noon, with a free extension."""
    row: Row = request.param
    source.allowed_countries = ["IL", "RU", "US"]
    source.call_from, source.call_until = (time(hour) for hour in row.window)
    source.save()
    if row.hours:
        team.schedule = Schedule.objects.create(name="Office", time_zone="UTC")
        for day in range(7):
            OpeningHours.objects.create(
                schedule=team.schedule, weekday=day,
                opens_at=time(row.hours[0]), closes_at=time(row.hours[1]),
            )  # fmt: skip
        team.save()
    Extension.objects.create(number="101", team=team)
    with time_machine.travel(NOON, tick=False):
        yield row


def store(source: LeadSource, phone: str) -> Lead:
    key = intake.key_from("never", phone)
    return intake.store(intake.Submission(source=source, key=key, name="Noa Levi", phone=phone))


def test_it_is_said_wherever_the_lead_is_seen(
    row: Row, source: LeadSource, admin_client: Client, client: Client
) -> None:
    lead, other = store(source, row.phone), store(source, ISRAEL)
    reason = waiting_reason.of_lead(lead, NOON)
    assert reason
    assert (reason.short, reason.for_ever) == (row.short, True)
    assert "never opens" not in reason.text
    assert "person" in reason.text
    assert list(Lead.objects.filter(unroutable.leads(NOON))) == [lead]
    assert unroutable.of_leads([lead, other], NOON) == {lead.pk: row.why}
    [count] = [it.count for it in dashboard.tiles(NOON) if it.address.endswith("unanswered=yes")]
    assert count == 1
    listed = admin_client.get("/admin/leads/lead/?unanswered=yes").content.decode()
    assert f"/lead/{lead.pk}/" in listed
    assert f"/lead/{other.pk}/" not in listed
    page = client.get(f"/api/leads/{lead.public_id}/").json()
    assert page["status"] == "received"
    assert "A colleague will read your request" in page["message"]
    assert "call_after" not in page or page["call_after"] is None
    waits = client.get(f"/api/leads/{other.public_id}/").json()
    assert waits["status"] in ("waiting", "scheduled")


def test_it_is_said_on_the_sources_page_and_in_the_preview(
    row: Row, source: LeadSource, admin_client: Client
) -> None:
    said = [it for it in unroutable.countries(source.pk, NOON) if row.country in it]
    assert len(said) == 1
    assert row.why in said[0]
    assert "Israel" not in said[0]
    page = admin_client.get(f"/admin/leads/leadsource/{source.pk}/change/")
    assert page.context["wait_for_a_person"] == unroutable.countries(source.pk, NOON)
    found = preview.answer(preview.PreviewQuestion(source, NOON, row.phone), NOON)
    assert found.called_at is None
    assert found.notes == (f"The lead would wait for a person: {row.why}.",)


def test_nobody_is_rung_for_it_at_any_hour(row: Row, source: LeadSource) -> None:
    lead = store(source, row.phone)
    for hour in range(25):
        with time_machine.travel(NOON + timedelta(hours=hour), tick=False):
            reschedule.follow_the_hours()
            assert dispatch.call_lead(lead.pk) is None
            dispatch.call_due_leads()
    assert not CallAttempt.objects.exists()
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING


def test_a_person_may_call_a_number_that_no_hour_fits(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess, admin_user: Any
) -> None:
    assert isinstance(admin_user, User)
    LeadSource.objects.update(allowed_countries=["RU"], call_from=time(9), call_until=time(18))
    with time_machine.travel(NOON, tick=False):
        lead = store(LeadSource.objects.get(), RUSSIA)
        assert dispatch.call_lead(lead.pk) is None
        assert "Call with" in manual.call_now(lead.pk, admin_user)
        assert dispatch.call_lead(lead.pk) is None
        manual.call_with(lead.pk, extension.pk, admin_user, whatever_hour=True)
        dial.dial_committed(CallAttempt.objects.get().pk)
    [entry] = simulator.ledger()
    assert (entry["phone"], entry["target"]) == (extension.number, RUSSIA.lstrip("+"))


LANGUAGES = {
    "nobody speaks it": (None, [["he"], ["en"]], "ru", True),
    "somebody does": (None, [["he"], ["ru"]], "ru", False),
    "of another country": (None, [["pt-PT"]], "pt-BR", False),
    "somebody names none": (None, [["he"], []], "ru", False),
    "others are rung at once": (0, [["he"]], "ru", False),
    "others are rung later": (900, [["he"]], "ru", False),
    "it has none": (None, [["he"]], "", False),
}


@pytest.mark.parametrize(
    ("wait", "phones", "language", "is_never"), LANGUAGES.values(), ids=LANGUAGES
)
def test_a_language_that_nobody_is_rung_for(
    wait: int | None,
    phones: list[list[str]],
    language: str,
    is_never: bool,
    source: LeadSource,
    team: Team,
    admin_client: Client,
) -> None:
    Team.objects.update(language_wait=wait)
    for number, spoken in enumerate(phones, start=101):
        Extension.objects.create(number=str(number), team=team, languages=spoken)
    Extension.objects.create(number="901", team=team, languages=["ru"], is_active=False)
    lead = store(source, ISRAEL)
    Lead.objects.update(language=language, call_after=timezone.now() - timedelta(hours=1))
    lead.refresh_from_db()
    now = timezone.now()
    [count] = [it.count for it in dashboard.tiles(now) if it.address.endswith("unanswered=yes")]
    reasons = [waiting_reason.of_lead(lead, now), waiting_reason.of_leads([lead], now)[lead.pk]]
    listed = admin_client.get("/admin/leads/lead/").text
    assert bool(count) is bool(unroutable.of_leads([lead], now)) is is_never
    assert [bool(it and it.for_ever) for it in reasons] == [is_never] * 2
    assert (
        "nobody will call it: nobody speaks ru, and nobody else may take it" in listed
    ) is is_never
    assert (dispatch.call_lead(lead.pk) is None) is is_never


def test_a_second_team_that_has_anybody_rung(source: LeadSource, extension: Extension) -> None:
    Team.objects.update(language_wait=None)
    Extension.objects.update(languages=["he"])
    lead = store(source, ISRAEL)
    Lead.objects.update(language="ru")
    assert list(Lead.objects.filter(unroutable.leads(timezone.now()))) == [lead]
    night = Team.objects.create(name="Night")
    TeamSource.objects.create(team=night, source=source, overflow_after=60)
    assert list(Lead.objects.filter(unroutable.leads(timezone.now()))) == [lead]
    Extension.objects.create(number="201", team=night, languages=["en"])
    assert not Lead.objects.filter(unroutable.leads(timezone.now())).exists()
