"""What an outcome does to lead and extension in the database; the rules have their own table."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import reschedule
from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.policy.rules import FLAGGED_REASON, MAX_ATTEMPTS, Outcome
from callbacks.routing import claim as claims
from callbacks.routing import config
from leads.models import Lead, LeadStatus
from tests.support.asking import asked

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def office(team: Team) -> Schedule:
    """Opening hours on workdays from nine to five."""
    schedule = Schedule.objects.create(name="Office", time_zone="UTC")
    for weekday in range(5):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(9), closes_at=time(17)
        )
    Team.objects.update(schedule=schedule)
    return schedule


def call(lead: Lead, at: datetime) -> CallAttempt:
    teams = [team.pk for team in config.current().teams_for(lead.source_id)]
    claim = claims.claim(lead.pk, asked(*teams), at, timedelta(hours=1))
    assert claim
    return claim.attempt


def not_answered(lead: Lead, at: datetime) -> Lead:
    attempt = call(lead, at)
    assert attempt.finish(attempt.state.__class__("lead_no_answer"), at)
    apply(attempt, at)
    lead.refresh_from_db()
    return lead


def calls_again_at(lead: Lead, at: datetime) -> list[datetime]:
    """The times that the lead was put off to after each unanswered call, until it was given up."""
    times = []
    while lead.status == LeadStatus.WAITING and len(times) < 30:
        not_answered(lead, max(at, lead.call_after))
        if lead.status == LeadStatus.WAITING:
            times.append(lead.call_after)
    assert lead.status == LeadStatus.UNREACHED
    return times


@pytest.mark.parametrize(
    ("asked", "again"),
    [
        ("Mon 12:00", ["Mon 12:02", "Mon 12:17", "Mon 14:17", "Tue 09:00"]),
        # Each wait that ends after closing time ends at the next opening.
        ("Mon 16:59", ["Tue 09:00", "Tue 09:15", "Tue 11:15", "Wed 09:00"]),
        ("Fri 16:50", ["Fri 16:52", "Mon 09:00", "Mon 11:00", "Tue 09:00"]),
    ],
)
def test_unanswered_calls_are_repeated_in_opening_hours_only(
    make_lead: MakeLead, extension: Extension, office: Schedule, asked: str, again: list[str]
) -> None:
    monday = MONDAY_NOON.replace(hour=0)
    day, clock = asked.split()
    at = monday + timedelta(days=["Mon", "Tue", "Wed", "Thu", "Fri"].index(day))
    at = datetime.combine(at.date(), time.fromisoformat(clock), UTC)
    with time_machine.travel(at, tick=False):
        times = calls_again_at(make_lead(), at)
    assert [f"{it:%a %H:%M}" for it in times] == again


def test_a_team_that_is_always_open_tries_the_last_time_a_day_later(
    make_lead: MakeLead, extension: Extension
) -> None:
    with time_machine.travel(MONDAY_NOON, tick=False):
        times = calls_again_at(make_lead(), MONDAY_NOON)
    last = MONDAY_NOON + timedelta(minutes=17, hours=2)
    assert times[-1] == last + timedelta(days=1)
    assert len(times) == 4


def test_a_retry_whose_number_has_been_rung_often_waits_for_the_day_to_be_over(
    make_lead: MakeLead, extension: Extension, settings: SettingsWrapper
) -> None:
    settings.CALLS_A_DAY = 2
    with time_machine.travel(MONDAY_NOON, tick=False):
        times = calls_again_at(make_lead(), MONDAY_NOON)
    assert [f"{it:%a %H:%M}" for it in times] == [
        "Mon 12:02",
        "Tue 12:00",
        "Tue 14:00",
        "Wed 14:00",
    ]


def test_settings_say_when_a_lead_is_called_again(
    make_lead: MakeLead, extension: Extension, settings: SettingsWrapper
) -> None:
    settings.RETRY_AFTER_NO_ANSWER = ["300", "0"]
    with time_machine.travel(MONDAY_NOON, tick=False):
        times = calls_again_at(make_lead(), MONDAY_NOON)
    assert times == [MONDAY_NOON + timedelta(minutes=minutes) for minutes in (5, 6)]


def test_a_retry_that_is_due_when_the_team_has_closed_is_told_the_opening(
    make_lead: MakeLead, extension: Extension, office: Schedule
) -> None:
    with time_machine.travel(MONDAY_NOON.replace(hour=16, minute=50), tick=False) as clock:
        lead = not_answered(make_lead(), timezone.now())
        assert lead.call_after < MONDAY_NOON.replace(hour=17)
        # Nobody was free until the team closed.
        clock.move_to(MONDAY_NOON.replace(hour=18))
        assert reschedule.follow_the_hours() == 1
        lead.refresh_from_db()
    assert lead.call_after == MONDAY_NOON.replace(day=24, hour=9)


# --- invalid parameters on different leads --------------------------------------------------------


def refused(lead: Lead, outcome: Outcome = Outcome.INVALID) -> None:
    now = timezone.now()
    attempt = call(lead, now)
    assert attempt.refuse(outcome, 1, "invalid", "", now)
    apply(attempt, now)


def test_invalid_parameters_on_different_leads_flag_the_extension_and_a_call_clears_it(
    make_lead: MakeLead, extension: Extension
) -> None:
    lead = make_lead()
    refused(lead)
    refused(lead)
    extension.refresh_from_db()
    assert extension.unavailable_reason == ""
    refused(make_lead())
    extension.refresh_from_db()
    assert (extension.unavailable_reason, extension.is_paused) == (FLAGGED_REASON, False)
    not_answered(make_lead(), timezone.now())
    extension.refresh_from_db()
    assert extension.unavailable_reason == ""


def test_what_the_provider_refused_longer_ago_than_a_day_flags_nobody(
    make_lead: MakeLead, extension: Extension
) -> None:
    refused(make_lead())
    day = timedelta(days=1)
    CallAttempt.objects.update(claimed_at=F("claimed_at") - day, ended_at=F("ended_at") - day)
    refused(make_lead())
    extension.refresh_from_db()
    assert extension.unavailable_reason == ""


def test_calls_that_were_never_placed_back_off_like_other_failures(
    make_lead: MakeLead, extension: Extension
) -> None:
    lead = make_lead()
    waits = []
    for _ in range(3):
        lead.refresh_from_db()
        now = max(timezone.now(), lead.call_after)
        attempt = call(lead, now)
        assert attempt.lose_sight("", "read_timeout", now)
        assert attempt.disprove(now)
        apply(attempt, now)
        lead.refresh_from_db()
        waits.append((lead.call_after - now).total_seconds())
    assert waits == [5, 30, 120]


def test_a_recorded_message_is_no_try_of_its_lead(
    make_lead: MakeLead, extension: Extension
) -> None:
    """Eighteen calls and a message: the lead fails after two further calls, not one."""
    lead, at = make_lead(), timezone.now()
    long_ago = at - timedelta(days=2)
    Lead.objects.update(counted_from=long_ago)
    values: dict[str, Any] = {
        "lead": lead, "phone": lead.phone, "claimed_at": long_ago, "ended_at": long_ago,
        "hold_until": long_ago, "state": "ended",
    }  # fmt: skip
    called = values | {"extension": extension, "outcome": "no_record"}
    CallAttempt.objects.bulk_create(CallAttempt(**called) for _ in range(MAX_ATTEMPTS - 2))
    CallAttempt.objects.create(**values, kind="message", record_name="closed")
    assert not_answered(lead, at).status == LeadStatus.WAITING
    assert not_answered(lead, at + timedelta(hours=1)).status == LeadStatus.FAILED
