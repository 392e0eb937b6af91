"""When the times of a call and of its lead are stored, and what corrects them later."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.reconciliation import holds, manual_resolution, records
from callbacks.routing import claim as claims
from callbacks.voicenter import Cdr
from leads import transitions
from leads.models import Lead, LeadStatus
from tests.lifecycle.machine.stage_sums import stages_add_up
from tests.support.asking import asked

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
S = AttemptState


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def lead(make_lead: MakeLead) -> Lead:
    """Submitted at noon."""
    with time_machine.travel(NOON, tick=False):
        return make_lead()


@pytest.fixture
def attempt(lead: Lead, team: Team, extension: Extension) -> CallAttempt:
    """Claimed 12 s after noon, accepted 0.4 s later."""
    claim = claims.claim(lead.pk, asked(team), after(12), timedelta(hours=1))
    assert claim
    assert claim.attempt.accept("C-1", "OK", after(12.4))
    return claim.attempt


def record(
    leg: int, status: str, at: float, *, started: float | None = None, rang: int = 0
) -> None:
    """A record posted `at` seconds after noon."""
    with time_machine.travel(after(at), tick=False):
        records.receive(
            Cdr(
                call_id="C-1",
                type=f"Click2Call leg{leg}",
                leg=leg,
                status=status,
                started_at=None if started is None else after(started),
                dial_time=rang,
                talk_time=0,
                custom={},
                raw={},
            )
        )


def seconds(attempt: CallAttempt) -> tuple[float, ...] | None:
    """The attempt's provider, leg 1, leg 2 and unknown seconds; None before they are stored."""
    attempt.refresh_from_db()
    times = (attempt.provider_time, attempt.leg1_time, attempt.leg2_time, attempt.unknown_time)
    known = tuple(it.total_seconds() for it in times if it is not None)
    return known or None


def adds_up() -> None:
    stages_add_up(Lead.objects.all(), CallAttempt.objects.all())


def test_it_is_written_when_the_call_is_over(attempt: CallAttempt, lead: Lead) -> None:
    assert seconds(attempt) is None
    record(1, "ANSWER", 60, started=13, rang=4)
    assert seconds(attempt) is None
    record(2, "ANSWER", 60, started=17, rang=10)
    assert seconds(attempt) == (0.4, 4.6, 10, 0)
    lead.refresh_from_db()
    assert lead.waited_extension == timedelta(seconds=12)
    adds_up()


def test_a_record_that_comes_after_the_end_divides_it_anew(attempt: CallAttempt) -> None:
    record(2, "ANSWER", 60, started=18, rang=9)
    assert seconds(attempt) == (0.4, 5.6, 9, 0)
    record(1, "ANSWER", 61, started=13, rang=4)
    assert seconds(attempt) == (0.4, 4.6, 10, 0)
    adds_up()


def ended(attempt: CallAttempt, at: float = 3600) -> None:
    """The hold of the call ends, and no record has come."""
    with time_machine.travel(after(at), tick=False):
        CallAttempt.objects.filter(pk=attempt.pk).update(
            hold_until=after(at - 1), lookup_count=holds.LEAST_LOOKS
        )
        assert holds.free_expired_holds() == 1


def test_a_late_record_gives_its_lead_the_time_to_the_conversation(
    attempt: CallAttempt, lead: Lead
) -> None:
    ended(attempt)
    assert seconds(attempt) == (0.4, 0, 0, 3587.6)
    adds_up()
    record(2, "ANSWER", 7200, started=17, rang=10)
    lead.refresh_from_db()
    assert (lead.status, lead.connected_at) == (LeadStatus.CONNECTED, after(27))
    assert seconds(attempt) == (0.4, 4.6, 10, 0)
    adds_up()


def test_of_a_lead_that_went_on_a_late_record_tells_no_other_end(
    attempt: CallAttempt, lead: Lead
) -> None:
    ended(attempt)
    assert transitions.open_again(lead.pk, after(4000), after(4000))
    record(2, "ANSWER", 7200, started=17, rang=10)
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
    assert lead.waited_retry == timedelta(seconds=400)
    # They talked at 27 s, but nobody knew it until the hold ended.
    assert seconds(attempt) == (0.4, 4.6, 10, 3573)
    adds_up()


def test_a_lead_that_was_opened_again_and_could_not_be_called_is_left_alone(
    attempt: CallAttempt, lead: Lead
) -> None:
    ended(attempt)
    assert transitions.open_again(lead.pk, after(4000), after(4000))
    assert transitions.refuse(lead.pk, "It may not be called.", after(4010))
    record(2, "ANSWER", 7200, started=17, rang=10)
    lead.refresh_from_db()
    assert (lead.status, lead.connected_at) == (LeadStatus.FAILED, None)
    adds_up()


def test_what_a_person_says_ends_the_time_of_the_lead(
    lead: Lead, team: Team, extension: Extension
) -> None:
    claim = claims.claim(lead.pk, asked(team), after(12), timedelta(hours=1))
    assert claim
    attempt = claim.attempt
    assert attempt.lose_sight("No answer.", "read_timeout", after(22))
    ended(attempt)
    assert seconds(attempt) == (10, 0, 0, 3578)
    manual_resolution.they_talked(attempt.pk, None)
    assert seconds(attempt) == (10, 0, 0, 0)
    lead.refresh_from_db()
    assert lead.status == LeadStatus.CONNECTED
    adds_up()


def test_an_unsent_attempt_was_the_provider_s(lead: Lead, team: Team, extension: Extension) -> None:
    claim = claims.claim_chosen(lead.pk, extension.pk, after(12), timedelta(hours=1))
    assert claim
    ended(claim.attempt, 900)
    assert seconds(claim.attempt) == (888, 0, 0, 0)
    adds_up()


def test_a_claim_by_a_clock_that_is_behind_begins_where_the_wait_does(
    lead: Lead, team: Team, extension: Extension
) -> None:
    claim = claims.claim(lead.pk, asked(team), after(-0.5), timedelta(hours=1))
    assert claim
    assert claim.attempt.claimed_at == NOON
    assert claim.attempt.refuse(Outcome.OFFLINE, 3, "Offline", "", after(-0.4))
    apply(claim.attempt, after(-0.4))
    assert seconds(claim.attempt) == (0, 0, 0, 0)
    lead.refresh_from_db()
    assert lead.waiting_since == NOON
    adds_up()


def test_it_costs_no_statement_of_its_own(attempt: CallAttempt) -> None:
    record(1, "ANSWER", 60, started=13, rang=4)
    with CaptureQueriesContext(connection) as captured:
        record(2, "ANSWER", 60, started=17, rang=10)
    changes = [it["sql"] for it in captured if it["sql"].startswith("UPDATE")]
    times = [it for it in changes if '"provider_time" = ' in it]
    waits = [it for it in changes if '"waited_extension" = ' in it]
    assert (len(times), len(waits)) == (1, 1)
    assert "\"state\" = 'bridged'" in times[0]
    assert "\"status\" = 'connected'" in waits[0]
