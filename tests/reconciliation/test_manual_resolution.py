"""What a person decides about a call whose end nobody knows, also as records arrive."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from callbacks.admin import labels
from callbacks.calling import dispatch, manual
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, manual_resolution, records
from callbacks.routing import claim as claims
from callbacks.voicenter import Cdr
from leads import sla
from leads.models import Lead, LeadStatus
from tests.support.asking import asked
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess
from tests.support.together import at_once

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def question(make_lead: MakeLead, extension: Extension, team: Team) -> CallAttempt:
    """A call whose answer was lost and whose hold is over."""
    claim = claims.claim(make_lead().pk, asked(team), timezone.now(), timedelta(hours=1))
    assert claim
    claim.attempt.lose_sight("The answer was lost.", "read_timeout", timezone.now())
    CallAttempt.objects.update(hold_until=timezone.now(), lookup_count=holds.LEAST_LOOKS)
    assert holds.free_expired_holds() == 1
    queued(empty=True)
    return claim.attempt


def record(attempt: CallAttempt, status: str = "ANSWER") -> bool:
    custom = {"attempt": str(attempt.public_id)}
    return records.receive(Cdr("late", "Click2Call leg2", 2, status, custom=custom))


def asks() -> list[int]:
    return list(manual_resolution.open_questions().values_list("pk", flat=True))


def test_nobody_calls_a_lead_again_whose_call_nobody_knows_of(question: CallAttempt) -> None:
    assert asks() == [question.pk]
    assert dispatch.call_due_leads() == 0
    assert dispatch.call_lead(question.lead_id) is None


def test_they_talked(question: CallAttempt) -> None:
    manual_resolution.they_talked(question.pk, None)
    question.refresh_from_db()
    lead = Lead.objects.get()
    assert (question.state, lead.status) == (AttemptState.BRIDGED, LeadStatus.CONNECTED)
    assert lead.connected_at == question.connected_at == question.answered_at
    assert lead.first_dialed_at == question.claimed_at
    assert (asks(), queued()) == ([], [])


def test_of_a_talk_that_a_person_tells_of_nobody_knows_when_the_phone_rang(
    question: CallAttempt,
) -> None:
    """The lead counts neither as in time nor as missed, and has no time to ring or to talk."""
    hour_ago = timezone.now() - timedelta(hours=1)
    Lead.objects.update(due_at=hour_ago, clock_started_at=hour_ago)
    manual_resolution.they_talked(question.pk, None)
    question.refresh_from_db()
    lead = Lead.objects.get()
    assert (question.rang_at, lead.rang_at) == (None, None)
    assert (lead.time_to_ring, lead.time_to_talk) == (None, None)
    now = timezone.now()
    assert not Lead.objects.filter(sla.judged(now)).exists()
    assert Lead.objects.filter(sla.reached()).exists()
    assert labels.due(lead, now).text == "talked; ring time unknown"


def test_a_person_tells_of_a_talk_for_which_a_pop_up_saw_the_salesperson_pick_up(
    question: CallAttempt,
) -> None:
    picked_up_at = question.claimed_at + timedelta(seconds=7)
    CallAttempt.objects.update(picked_up_at=picked_up_at)
    manual_resolution.they_talked(question.pk, None)
    lead = Lead.objects.get()
    assert (lead.rang_at, lead.connected_at) == (picked_up_at, picked_up_at)
    assert lead.time_to_talk is not None


def test_the_records_times_replace_what_a_person_did_not_know(question: CallAttempt) -> None:
    manual_resolution.they_talked(question.pk, None)
    started_at = question.claimed_at + timedelta(seconds=5)
    custom = {"attempt": str(question.public_id)}
    with time_machine.travel(started_at + timedelta(minutes=2)):
        records.receive(
            Cdr(
                "late", "Click2Call leg2", 2, "ANSWER", started_at=started_at, dial_time=7,
                talk_time=60, custom=custom,
            )
        )  # fmt: skip
    question.refresh_from_db()
    lead = Lead.objects.get()
    assert (question.rang_at, lead.rang_at) == (started_at, started_at)
    assert question.connected_at == lead.connected_at == started_at + timedelta(seconds=7)
    assert lead.time_to_talk is not None


def test_call_again(question: CallAttempt, simulator: SimulatorProcess) -> None:
    manual_resolution.call_again(question.pk, None)
    assert asks() == []
    assert queued() == [("callbacks.call_lead", question.lead_id)]
    assert dispatch.call_lead(question.lead_id)
    assert len(simulator.ledger()) == 1


def test_a_lead_that_was_called_again_from_its_own_page_asks_nothing_more(
    question: CallAttempt, make_lead: MakeLead
) -> None:
    manual.call_now(question.lead_id, None)
    assert asks() == []
    Lead.objects.update(status=LeadStatus.FAILED, closed_at=timezone.now())
    assert asks() == []


def test_an_accepted_call_without_a_record_is_no_question(
    make_lead: MakeLead, extension: Extension, team: Team
) -> None:
    claim = claims.claim(make_lead().pk, asked(team), timezone.now(), timedelta(hours=1))
    assert claim
    claim.attempt.accept("C", "OK", timezone.now())
    CallAttempt.objects.update(hold_until=timezone.now(), lookup_count=holds.LEAST_LOOKS)
    assert holds.free_expired_holds() == 1
    assert asks() == []


@pytest.mark.parametrize("decide", [manual_resolution.they_talked, manual_resolution.call_again])
def test_a_question_is_answered_once(
    question: CallAttempt, decide: Callable[[int, object], str]
) -> None:
    decide(question.pk, None)
    for again in (manual_resolution.they_talked, manual_resolution.call_again):
        with pytest.raises(CannotCall):
            again(question.pk, None)


@pytest.mark.parametrize("decide", [manual_resolution.they_talked, manual_resolution.call_again])
def test_once_a_record_has_come_there_is_nothing_to_decide(
    question: CallAttempt, decide: Callable[[int, object], str]
) -> None:
    record(question, "BUSY")
    assert asks() == []
    with pytest.raises(CannotCall, match="The outcome is now known: lead's line busy"):
        decide(question.pk, None)
    assert Lead.objects.get().status == LeadStatus.UNREACHED


def test_a_talk_told_after_call_again_spares_the_lead_the_call(question: CallAttempt) -> None:
    """The manager asked for the call because nobody knew of the talk."""
    manual_resolution.call_again(question.pk, None)
    record(question)
    question.refresh_from_db()
    assert question.state == AttemptState.BRIDGED
    assert Lead.objects.get().status == LeadStatus.CONNECTED


def test_what_else_is_told_after_call_again_changes_the_attempt_alone(
    question: CallAttempt,
) -> None:
    manual_resolution.call_again(question.pk, None)
    record(question, "BUSY")
    question.refresh_from_db()
    assert question.state == AttemptState.LEAD_BUSY
    assert Lead.objects.get().status == LeadStatus.WAITING


def test_a_record_after_they_talked_changes_nothing(question: CallAttempt) -> None:
    manual_resolution.they_talked(question.pk, None)
    before = Lead.objects.values().get()
    record(question, "BUSY")
    question.refresh_from_db()
    assert question.state == AttemptState.BRIDGED
    assert Lead.objects.values().get() == before


def tried(act: Callable[[], object]) -> Callable[[], bool]:
    def run() -> bool:
        try:
            act()
        except CannotCall:
            return False
        return True

    return run


def test_of_two_decisions_and_a_record_at_the_same_moment_one_wins(question: CallAttempt) -> None:
    talked, again, _ = at_once(
        1,
        tried(lambda: manual_resolution.they_talked(question.pk, None)),
        tried(lambda: manual_resolution.call_again(question.pk, None)),
        lambda: record(question, "BUSY"),
    )
    question.refresh_from_db()
    lead = Lead.objects.get()
    assert not (talked and again)
    if talked:
        expected = (AttemptState.BRIDGED, LeadStatus.CONNECTED)
    elif again:
        expected = (AttemptState.LEAD_BUSY, LeadStatus.WAITING)
    else:
        expected = (AttemptState.LEAD_BUSY, LeadStatus.UNREACHED)
    assert (question.state, lead.status) == expected
    assert len(queued()) == again


# --- "No call came" ------------------------------------------------------------------------------


@pytest.fixture
def lost(make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess) -> CallAttempt:
    """A call that was sent a minute ago, and whose answer was lost."""
    simulator.control(faults=[{"kind": "reset_before"}])
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    sent_at = timezone.now() - timedelta(minutes=1)
    CallAttempt.objects.update(sent_at=sent_at, claimed_at=sent_at)
    queued(empty=True)
    return attempt


def test_where_no_call_came_phone_and_lead_go_on_at_once(lost: CallAttempt) -> None:
    manual_resolution.no_call_came(lost.pk, None)
    lost.refresh_from_db()
    lead = Lead.objects.get()
    assert (lost.state, lead.status) == (AttemptState.NEVER_PLACED, LeadStatus.WAITING)
    assert lead.call_after <= timezone.now() + timedelta(seconds=5)
    with pytest.raises(CannotCall, match="now known"):
        manual_resolution.no_call_came(lost.pk, None)


def test_while_the_phone_may_still_begin_to_ring_it_is_refused(lost: CallAttempt) -> None:
    CallAttempt.objects.update(sent_at=timezone.now() - timedelta(seconds=20))
    with pytest.raises(CannotCall, match="may still ring"):
        manual_resolution.no_call_came(lost.pk, None)
    lost.refresh_from_db()
    assert lost.state == AttemptState.UNKNOWN


@pytest.mark.parametrize("state", ["dialing", "accepted", "ended", "bridged"])
def test_it_is_said_only_of_a_call_whose_answer_was_lost(lost: CallAttempt, state: str) -> None:
    now = timezone.now()
    ended = {"ended_at": now, "connected_at": now} if state in ("ended", "bridged") else {}
    CallAttempt.objects.update(state=state, call_id="C", **ended)
    with pytest.raises(CannotCall, match="now known"):
        manual_resolution.no_call_came(lost.pk, None)
