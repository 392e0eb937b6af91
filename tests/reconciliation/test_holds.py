"""How long an extension is held, and what a later record still corrects."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from callbacks.calling import dispatch, manual, recorded_messages
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.reconciliation import call_progress, holds, lookup, records
from callbacks.telephony import account
from callbacks.voicenter import Cdr, PopUp, PopUpStatus
from leads.models import Lead, LeadStatus
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess
from tests.support.together import all_waiting_for

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def attempt(make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess) -> CallAttempt:
    """A call that rings for as long as the test lasts."""
    simulator.control(answer_after=600, extensions={"101": "online"})
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    return attempt


def hold_ends() -> None:
    """Ends all holds, after enough look-ups without a result."""
    over = timezone.now() - timedelta(seconds=1)
    CallAttempt.objects.update(hold_until=over, lookup_count=holds.LEAST_LOOKS)


def hang_up(simulator: SimulatorProcess) -> None:
    simulator.call(action="terminate", phone="101")


def expire(simulator: SimulatorProcess) -> None:
    """The call is over, its records are lost, and so is its hold."""
    hang_up(simulator)
    hold_ends()
    assert holds.free_expired_holds() == 1


def receive(attempt: CallAttempt, leg: int, status: str) -> None:
    custom = {"attempt": str(attempt.public_id)}
    call_id = attempt.call_id or "learnt-late"
    records.receive(Cdr(call_id, f"Click2Call leg{leg}", leg, status, custom=custom))


def states() -> tuple[str, str]:
    return CallAttempt.objects.earliest("pk").state, Lead.objects.earliest("pk").status


# --- while the call may still be live ------------------------------------------------------------


def test_a_call_that_is_still_on_keeps_its_extension(
    attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    hold_ends()
    assert holds.free_expired_holds() == 0
    attempt.refresh_from_db()
    assert attempt.is_live
    assert attempt.hold_until > timezone.now() + timedelta(seconds=60)
    hang_up(simulator)
    hold_ends()
    assert holds.free_expired_holds() == 1
    assert states() == (AttemptState.ENDED, LeadStatus.CALLED)


def test_but_not_for_ever(attempt: CallAttempt) -> None:
    CallAttempt.objects.update(claimed_at=timezone.now() - 2 * account.hold())
    hold_ends()
    assert holds.free_expired_holds() == 1


def test_where_nobody_tells_who_is_on_the_hold_is_what_it_is(
    attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "reset_before", "on": "activecalls", "rate": 1}])
    hold_ends()
    assert holds.free_expired_holds() == 1


def test_several_sweeps_at_the_end_of_a_hold_ask_once(
    attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    hold_ends()
    # All of them see that the hold is over before the first can note that it asks.
    assert all_waiting_for(attempt, 3, holds.free_expired_holds) == [0] * 3
    assert len(simulator.seen("/requests")) == 1


def test_a_call_that_is_gone_from_the_active_ones_frees_its_extension_within_a_minute(
    attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    hang_up(simulator)
    CallAttempt.objects.update(
        claimed_at=F("claimed_at") - timedelta(minutes=10),
        sent_at=F("sent_at") - timedelta(minutes=10),
    )
    simulator.control(faults=[{"kind": "forbidden", "on": "calllog", "rate": 1}])
    lookup.look_up()
    attempt.refresh_from_db()
    assert attempt.is_live
    assert attempt.hold_until <= timezone.now() + timedelta(seconds=60)
    assert attempt.next_lookup_at
    assert attempt.next_lookup_at < attempt.hold_until


def test_a_call_whose_phones_may_not_ring_yet_is_not_taken_for_gone(
    attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    hang_up(simulator)
    CallAttempt.objects.update(next_lookup_at=timezone.now())
    simulator.control(faults=[{"kind": "forbidden", "on": "calllog", "rate": 1}])
    assert lookup.look_up() == 1
    attempt.refresh_from_db()
    assert attempt.hold_until > timezone.now() + timedelta(hours=1)


def test_after_a_hang_up_the_provider_is_asked_before_the_extension_is_free(
    attempt: CallAttempt,
) -> None:
    call_progress.follow(PopUp(attempt.call_id, PopUpStatus.HANGUP, extension="101"))
    attempt.refresh_from_db()
    assert attempt.next_lookup_at
    assert timezone.now() < attempt.next_lookup_at < attempt.hold_until


def test_a_pop_up_shows_that_a_call_whose_answer_was_lost_was_placed(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "reset_after"}], answer_after=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    custom = {"attempt": str(attempt.public_id)}
    call_progress.follow(PopUp("its-id", PopUpStatus.RINGING, extension="101", custom=custom))
    attempt.refresh_from_db()
    assert (attempt.state, attempt.call_id) == (AttemptState.ACCEPTED, "its-id")
    assert Lead.objects.get().call_id == "its-id"


def test_a_call_that_nobody_ever_sent_is_not_taken_for_one_that_may_have_been(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    manual.call_with(make_lead().pk, extension.pk, None)
    hold_ends()
    assert holds.free_expired_holds() == 1
    assert states() == (AttemptState.NOT_SENT, LeadStatus.WAITING)
    assert simulator.ledger() == []


# --- records that come late ----------------------------------------------------------------------

LATE = [
    ((2, "ANSWER"), AttemptState.BRIDGED, LeadStatus.CONNECTED),
    ((2, "BUSY"), AttemptState.LEAD_BUSY, LeadStatus.UNREACHED),
    ((2, "NOANSWER"), AttemptState.LEAD_NO_ANSWER, LeadStatus.UNREACHED),
    ((1, "CONGESTION"), AttemptState.AGENT_UNREACHED, LeadStatus.FAILED),
    ((1, "NOANSWER"), AttemptState.AGENT_NO_ANSWER, LeadStatus.FAILED),
    ((1, "ANSWER"), AttemptState.ENDED, None),
]


@pytest.mark.parametrize("known", [True, False], ids=["accepted", "unknown"])
@pytest.mark.parametrize(("record", "attempt_state", "lead_status"), LATE)
def test_a_late_record_corrects_attempt_and_lead_and_nobody_is_rung(
    known: bool, record: tuple[int, str], attempt_state: str, lead_status: str | None,
    attempt: CallAttempt, simulator: SimulatorProcess,
) -> None:  # fmt: skip
    if not known:
        CallAttempt.objects.update(state=AttemptState.UNKNOWN, call_id="", error_code=None)
        attempt.refresh_from_db()
    expire(simulator)
    before = LeadStatus.CALLED if known else LeadStatus.FAILED
    assert states() == (AttemptState.ENDED, before)
    queued(empty=True)
    receive(attempt, *record)
    assert states() == (attempt_state, lead_status or before)
    lead = Lead.objects.get()
    attempt.refresh_from_db()
    assert attempt.call_id
    if lead_status:
        assert (lead.call_id, lead.error_code) == (attempt.call_id, 0)
    assert lead.closed_at
    assert (lead.connected_at is not None) is (lead_status == LeadStatus.CONNECTED)
    assert queued() == []
    # A miss is noted too, even this late.
    missed = attempt_state == AttemptState.AGENT_NO_ANSWER
    assert Extension.objects.get().missed_in_a_row == int(missed)


@pytest.mark.parametrize("status", [LeadStatus.CALLING, LeadStatus.CALLED])
def test_a_late_record_leaves_a_lead_alone_that_was_called_again(
    status: str, attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    expire(simulator)
    manual.call_now(attempt.lead_id, None)
    again = dispatch.call_lead(attempt.lead_id)
    assert again
    if status == LeadStatus.CALLED:
        expire(simulator)
    receive(attempt, 2, "ANSWER")
    assert states() == (AttemptState.BRIDGED, status)
    lead = Lead.objects.get()
    assert (lead.call_id, lead.connected_at) == (again.call_id, None)


@pytest.mark.parametrize("status", [LeadStatus.WAITING, LeadStatus.CANCELLED])
def test_a_late_record_leaves_a_lead_alone_that_a_manager_has_decided_about(
    status: str, attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    expire(simulator)
    manual.call_now(attempt.lead_id, None)
    if status == LeadStatus.CANCELLED:
        manual.cancel(attempt.lead_id, None)
    receive(attempt, 2, "ANSWER")
    assert states() == (AttemptState.BRIDGED, status)


def test_a_message_that_was_played_since_is_no_later_call(
    attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    expire(simulator)
    first_dialed_at = Lead.objects.get().first_dialed_at
    assert first_dialed_at
    assert recorded_messages.play(attempt.lead_id, attempt.phone, "hello", timezone.now())
    receive(attempt, 2, "ANSWER")
    assert states() == (AttemptState.BRIDGED, LeadStatus.CONNECTED)
    assert Lead.objects.get().first_dialed_at == first_dialed_at


def test_a_record_of_a_call_that_was_shown_not_to_be_is_told(
    attempt: CallAttempt, caplog: pytest.LogCaptureFixture
) -> None:
    CallAttempt.objects.update(state=AttemptState.NEVER_PLACED, ended_at=timezone.now())
    receive(attempt, 2, "NOANSWER")
    assert states()[0] == AttemptState.NEVER_PLACED
    assert "held not to be" in caplog.text


def test_a_talk_of_a_call_that_was_shown_not_to_be_is_a_talk(attempt: CallAttempt) -> None:
    """A person said "No call came", and the lead is not on another call yet."""
    CallAttempt.objects.update(
        state=AttemptState.NEVER_PLACED, outcome="not_sent", ended_at=timezone.now(),
        failure_reason="read_timeout", error_message="The answer was lost.",
    )  # fmt: skip
    Lead.objects.update(status=LeadStatus.WAITING, error_message="The answer was lost.")
    receive(attempt, 2, "ANSWER")
    assert states() == (AttemptState.BRIDGED, LeadStatus.CONNECTED)
    assert Lead.objects.get().error_message == ""


def test_a_late_record_of_a_message_says_nothing_about_the_lead(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    lead = make_lead(status=LeadStatus.CALLED, closed_at=timezone.now())
    played = recorded_messages.play(lead.pk, lead.phone, "hello", timezone.now())
    assert played
    played.take_on(timezone.now())
    played.accept("played", "OK", timezone.now())
    hold_ends()
    assert holds.free_expired_holds() == 1
    receive(played, 1, "NOANSWER")
    played.refresh_from_db()
    assert played.kind == AttemptKind.MESSAGE
    assert played.state == AttemptState.LEAD_NO_ANSWER
    assert Lead.objects.get().status == LeadStatus.CALLED


@pytest.mark.parametrize("leg_2_comes", [True, False])
def test_a_short_leg_1_at_the_very_end_of_a_hold_waits_for_the_other_legs_record(
    leg_2_comes: bool, attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    """The legs' records come separately: the lead is not called again while leg 2 may still show a
    talk.
    """
    hang_up(simulator)
    hold_ends()
    records.receive(Cdr(attempt.call_id, "Click2Call leg1", 1, "ANSWER", talk_time=1))
    assert holds.free_expired_holds() == 0
    assert states() == (AttemptState.ACCEPTED, LeadStatus.CALLING)
    if leg_2_comes:
        records.receive(Cdr(attempt.call_id, "Click2Call leg2", 2, "ANSWER", talk_time=30))
        assert states() == (AttemptState.BRIDGED, LeadStatus.CONNECTED)
    else:
        hold_ends()
        assert holds.free_expired_holds() == 1
        assert states() == (AttemptState.LEAD_NOT_RUNG, LeadStatus.WAITING)
