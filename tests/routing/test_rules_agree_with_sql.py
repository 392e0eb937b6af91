"""Questions that both Python and SQL answer: a function each, with the same answer."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.from_settings import policy
from callbacks.policy.number_bounds import limited_until, narrowed
from callbacks.policy.rules import (
    LeadStep,
    Outcome,
    counts_as_try,
    rang_the_lead,
    rang_the_salesperson,
)
from callbacks.routing import availability, config, number_limits, rules
from callbacks.scheduling import calling_hours
from leads.models import Lead, LeadSource, LeadStatus

pytestmark = pytest.mark.django_db

MakeLead = Callable[..., Lead]
MakeAttempt = Callable[..., CallAttempt]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PHONE = "+972505550150"

# The state of an ended attempt with this outcome.
STATES: dict[Outcome, AttemptState] = {
    Outcome.OFFLINE: AttemptState.REFUSED,
    Outcome.BLOCKED: AttemptState.REFUSED,
    Outcome.INVALID: AttemptState.REFUSED,
    Outcome.MISCONFIGURED: AttemptState.REFUSED,
    Outcome.PROVIDER_ERROR: AttemptState.REFUSED,
    Outcome.NOT_SENT: AttemptState.NOT_SENT,
    Outcome.AGENT_NO_ANSWER: AttemptState.AGENT_NO_ANSWER,
    Outcome.AGENT_UNREACHED: AttemptState.AGENT_UNREACHED,
    Outcome.LEAD_NO_ANSWER: AttemptState.LEAD_NO_ANSWER,
    Outcome.LEAD_BUSY: AttemptState.LEAD_BUSY,
    Outcome.BAD_NUMBER: AttemptState.BAD_NUMBER,
    Outcome.LEAD_NOT_RUNG: AttemptState.LEAD_NOT_RUNG,
    Outcome.SHORT_TALK: AttemptState.SHORT_TALK,
    Outcome.STOPPED: AttemptState.STOPPED,
    Outcome.BRIDGED: AttemptState.BRIDGED,
    Outcome.NO_RECORD: AttemptState.ENDED,
    Outcome.NEVER_KNOWN: AttemptState.ENDED,
}


@pytest.fixture
def make_attempt(make_lead: MakeLead, extension: Extension) -> MakeAttempt:
    """make_attempt(outcome): a call to PHONE that ended at `at`, for a separate lead."""

    def make(outcome: Outcome, at: datetime = NOW, lead: Lead | None = None) -> CallAttempt:
        lead = lead or make_lead(PHONE, status=LeadStatus.UNREACHED, closed_at=at)
        return CallAttempt.objects.create(
            lead=lead, extension=extension, extension_number=extension.number, phone=PHONE,
            state=STATES[outcome], outcome=outcome.value, claimed_at=at, ended_at=at,
            connected_at=at if outcome is Outcome.BRIDGED else None, hold_until=at,
        )  # fmt: skip

    return make


# --- did a phone ring, does it count --------------------------------------------------------------


@pytest.mark.parametrize("outcome", Outcome)
def test_did_the_leads_phone_ring(
    make_attempt: MakeAttempt, source: LeadSource, outcome: Outcome
) -> None:
    make_attempt(outcome)
    assert bool(number_limits.last_calls(PHONE)) is rang_the_lead(outcome)
    limited = number_limits.number_limited_until(PHONE, source.pk, NOW) is not None
    assert limited is rang_the_lead(outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_did_the_salespersons_phone_ring(
    make_attempt: MakeAttempt, extension: Extension, outcome: Outcome
) -> None:
    Extension.objects.update(daily_cap=1, wrap_up=60)
    now = timezone.now()
    apply(make_attempt(outcome, now), now)
    extension.refresh_from_db()
    rang = rang_the_salesperson(outcome)
    assert (extension.capped_until is not None) is rang
    assert (extension.wrap_up_until is not None) is rang


# After a talk there is no further try: tests/reconciliation/test_a_talk_told_late.py.
@pytest.mark.parametrize("outcome", [it for it in Outcome if it is not Outcome.BRIDGED])
def test_does_it_count_as_a_try(
    make_attempt: MakeAttempt, make_lead: MakeLead, outcome: Outcome
) -> None:
    """Nineteen other calls count as tries: the lead is given up only if this one counts too."""
    now = timezone.now()
    lead = make_lead(PHONE, status=LeadStatus.CALLING, counted_from=NOW - timedelta(days=1))
    for number in range(18):
        make_attempt(Outcome.NO_RECORD, NOW + timedelta(minutes=number), lead)
    make_attempt(outcome, NOW + timedelta(hours=1), lead)
    apply(make_attempt(Outcome.BAD_NUMBER, now, lead), now)
    lead.refresh_from_db()
    given_up = lead.status == LeadStatus.FAILED
    assert given_up is counts_as_try(outcome)
    assert LeadStep.FAILED.value == LeadStatus.FAILED.value


# --- until when a number rests --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_until_when_a_number_rests(
    make_attempt: MakeAttempt, source: LeadSource, settings: SettingsWrapper, seed: int
) -> None:
    chance = random.Random(seed)  # no secret
    settings.CALLS_A_DAY = chance.randint(1, 4)
    settings.CALL_GAP = chance.choice([60.0, 3600.0, 86_400.0])
    LeadSource.objects.update(calls_a_day=chance.choice([None, 1, 2, 5]))
    Team.objects.update(calls_a_day=chance.choice([None, 1, 2, 5]))
    for _ in range(chance.randint(0, 6)):
        at = NOW - timedelta(minutes=chance.randint(0, 2000))
        make_attempt(chance.choice(list(Outcome)), at)
    rules_of_source = narrowed(policy(), config.current().calls_a_day(source.pk))
    found = limited_until(number_limits.last_calls(PHONE), rules_of_source)
    said = number_limits.number_limited_until(PHONE, source.pk, NOW)
    assert said == (found if found and found > NOW else None)


# --- is it paused, is it open ---------------------------------------------------------------------


@pytest.mark.parametrize("is_paused", [True, False])
@pytest.mark.parametrize("seconds", [None, -1, 0, 1])
def test_is_it_paused(extension: Extension, is_paused: bool, seconds: int | None) -> None:
    until = None if seconds is None else NOW + timedelta(seconds=seconds)
    Extension.objects.update(is_paused=is_paused, paused_until=until)
    extension.refresh_from_db()
    paused = availability.is_paused(extension, NOW)
    assert Extension.objects.filter(availability.paused_at(NOW)).exists() is paused
    assert Extension.objects.filter(~availability.paused_at(NOW)).exists() is not paused
    [seen] = availability.look([extension.team_id], {}, NOW)
    assert (seen.reason == rules.PAUSED) is paused


@pytest.mark.parametrize("hour", [8, 9, 12, 16, 17, 20])
@pytest.mark.parametrize("has_hours", [True, False])
def test_is_the_team_open(team: Team, hour: int, has_hours: bool) -> None:
    values: dict[str, Any] = {"opens_at": time(9), "closes_at": time(17)}
    if has_hours:
        team.schedule = Schedule.objects.create(name="Office", time_zone="UTC")
        OpeningHours.objects.create(schedule=team.schedule, weekday=NOW.weekday(), **values)
        team.save()
    at = NOW.replace(hour=hour)
    is_open = calling_hours.is_open(Team.objects.get(), at)
    assert is_open is (not has_hours or 9 <= hour < 17)
    [known] = config.current().teams_for(team.sources.get().pk)
    assert config.current().is_open(known, at) is is_open
