"""A talk is reported after another record has ended the call: nobody is rung again.

The result does not depend on the order of a call's records.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from callbacks.calling import dispatch, hanging_up
from callbacks.models import CallAttempt, Extension, SourceMessages
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.reconciliation import manual_resolution, records
from callbacks.voicenter import Cdr
from leads import leaving
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

Leg = tuple[int, str, int]  # leg, word, seconds of talk
TALK: Leg = (2, "ANSWER", 60)
RANG = {"NOANSWER": 25, "ANSWER": 5}  # seconds
# The records that ended the call before the talk was reported, and the state they led to.
ROWS: dict[str, tuple[tuple[Leg, ...], AttemptState]] = {
    "nobody picked up in sales": (((1, "NOANSWER", 0),), AttemptState.AGENT_NO_ANSWER),
    "sales was busy": (((1, "BUSY", 0),), AttemptState.AGENT_UNREACHED),
    "congestion on the way to sales": (((1, "CONGESTION", 0),), AttemptState.AGENT_UNREACHED),
    "another leg 2 was not answered": (
        ((1, "ANSWER", 70), (2, "NOANSWER", 0)), AttemptState.LEAD_NO_ANSWER,
    ),
    "another leg 2 was busy": (((1, "ANSWER", 70), (2, "BUSY", 0)), AttemptState.LEAD_BUSY),
    "another leg 2 found no channel": (
        ((1, "ANSWER", 70), (2, "CHANUNAVAIL", 0)), AttemptState.BAD_NUMBER,
    ),
    "another leg 2 met congestion": (
        ((1, "ANSWER", 70), (2, "CONGESTION", 0)), AttemptState.LEAD_NOT_RUNG,
    ),
    "another leg 2 was over at once": (
        ((1, "ANSWER", 70), (2, "ANSWER", 1)), AttemptState.SHORT_TALK,
    ),
}  # fmt: skip


@pytest.fixture
def attempt(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, settings: Any
) -> CallAttempt:
    settings.LEAST_TALK = 5
    simulator.control(answer_after=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    return attempt


def receive(attempt: CallAttempt, *legs: Leg) -> None:
    """Posts each leg under a separate id, with our variable."""
    for number, (leg, status, talk) in enumerate(legs):
        records.receive(
            Cdr(
                f"{attempt.call_id}-{number}-{status}", f"Click2Call leg{leg}", leg, status,
                talk_time=talk, started_at=timezone.now(), dial_time=RANG.get(status, 0),
                custom={"attempt": str(attempt.public_id)},
            )
        )  # fmt: skip
    attempt.refresh_from_db()


@pytest.mark.parametrize(("before", "state"), ROWS.values(), ids=ROWS)
def test_nobody_is_rung_again(
    attempt: CallAttempt, before: tuple[Leg, ...], state: AttemptState
) -> None:
    receive(attempt, *before)
    assert attempt.state == state
    assert Lead.objects.get().status == LeadStatus.WAITING
    receive(attempt, TALK)
    lead, extension = Lead.objects.get(), Extension.objects.get()
    assert (attempt.state, attempt.talk_time) == (AttemptState.BRIDGED, 60)
    assert (lead.status, lead.connected_at) == (LeadStatus.CONNECTED, attempt.connected_at)
    assert lead.closed_at
    assert lead.rang_at
    assert lead.time_to_talk
    assert extension.missed_in_a_row == 0
    Lead.objects.update(call_after=timezone.now() - timedelta(seconds=1))
    assert dispatch.call_lead(lead.pk) is None


def test_the_order_decides_nothing(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(answer_after=600)
    told: list[Leg] = [(1, "ANSWER", 70), (2, "CHANUNAVAIL", 0), TALK]
    ends = set()
    for order in permutations(told):
        attempt = dispatch.call_lead(make_lead().pk)
        assert attempt
        receive(attempt, *order)
        lead = Lead.objects.get(pk=attempt.lead_id)
        ends.add((attempt.state, attempt.talk_time, lead.status))
        Extension.objects.update(wrap_up_until=None, unavailable_until=None)
    assert ends == {(AttemptState.BRIDGED, 60, LeadStatus.CONNECTED)}


def test_a_lead_that_is_being_rung_again_stays_with_that_call(
    attempt: CallAttempt, simulator: SimulatorProcess
) -> None:
    receive(attempt, (1, "CONGESTION", 0))
    Extension.objects.update(unavailable_until=None)
    second = dispatch.call_lead(attempt.lead_id)
    assert second
    receive(attempt, TALK)
    assert attempt.state == AttemptState.BRIDGED
    lead = Lead.objects.get()
    assert (lead.status, lead.call_id) == (LeadStatus.CALLING, second.call_id)


SECOND: dict[str, tuple[Leg, ...]] = {
    "nobody picked up in sales": ((1, "NOANSWER", 0),),
    "sales was busy": ((1, "BUSY", 0),),
    "the lead did not answer": ((1, "ANSWER", 40), (2, "NOANSWER", 0)),
    "the lead was busy": ((1, "ANSWER", 40), (2, "BUSY", 0)),
    "congestion on the way to the lead": ((1, "ANSWER", 40), (2, "CONGESTION", 0)),
    "it was over at once": ((1, "ANSWER", 40), (2, "ANSWER", 1)),
}


@pytest.fixture
def second(attempt: CallAttempt, simulator: SimulatorProcess) -> CallAttempt:
    """The lead's next call, which is live."""
    receive(attempt, (1, "CONGESTION", 0))
    Extension.objects.update(unavailable_until=None)
    second = dispatch.call_lead(attempt.lead_id)
    assert second
    return second


@pytest.mark.parametrize("when", ["told while it is on", "told when it is over"])
@pytest.mark.parametrize("legs", SECOND.values(), ids=SECOND)
def test_no_third_call_follows_a_second_one(
    attempt: CallAttempt, second: CallAttempt, legs: tuple[Leg, ...], when: str
) -> None:
    order = ((attempt, (TALK,)), (second, legs))
    for call, told in order if when == "told while it is on" else reversed(order):
        receive(call, *told)
    attempt.refresh_from_db()
    lead = Lead.objects.get()
    assert (lead.status, lead.connected_at) == (LeadStatus.CONNECTED, attempt.connected_at)
    assert (lead.error_message, lead.closed_at is not None) == ("", True)
    assert lead.call_id == second.call_id  # that of its newest call
    assert lead.time_to_talk is not None
    assert dispatch.call_lead(lead.pk) is None


def test_a_second_call_for_a_request_that_came_since_the_talk_is_followed_by_others(
    attempt: CallAttempt, second: CallAttempt
) -> None:
    asks_again()
    receive(attempt, TALK)
    receive(second, (1, "ANSWER", 40), (2, "NOANSWER", 0))
    assert Lead.objects.earliest("pk").status == LeadStatus.WAITING


def test_a_second_call_that_a_manager_wished_for_is_followed_by_others(
    attempt: CallAttempt, second: CallAttempt
) -> None:
    Lead.objects.update(counted_from=second.claimed_at)
    receive(attempt, TALK)
    receive(second, (1, "ANSWER", 40), (2, "NOANSWER", 0))
    assert Lead.objects.get().status == LeadStatus.WAITING


def test_a_second_call_that_is_stopped_leaves_it_connected(
    attempt: CallAttempt, second: CallAttempt
) -> None:
    receive(attempt, TALK)
    hanging_up.stop(CallAttempt.objects.filter(pk=second.pk), timezone.now())
    receive(second, (1, "CANCEL", 0))
    assert Lead.objects.get().status == LeadStatus.CONNECTED


@pytest.mark.parametrize("taken_back", [False, True], ids=["by a manager", "by its visitor"])
def test_a_talk_in_a_call_that_was_stopped(attempt: CallAttempt, taken_back: bool) -> None:
    """As if the talk had been reported in time: what its visitor took back stays closed."""
    if taken_back:
        with transaction.atomic():
            leaving.withdraw([Lead.objects.get()], timezone.now())
    hanging_up.stop(CallAttempt.objects.all(), timezone.now())
    receive(attempt, (1, "CANCEL", 0))
    assert (attempt.state, Lead.objects.get().status) == (
        AttemptState.STOPPED,
        LeadStatus.CANCELLED,
    )
    receive(attempt, TALK)
    status = LeadStatus.CANCELLED if taken_back else LeadStatus.CONNECTED
    assert (attempt.state, Lead.objects.get().status) == (AttemptState.BRIDGED, status)


def test_the_message_that_we_could_not_reach_them_is_not_played(
    attempt: CallAttempt, settings: Any
) -> None:
    settings.RETRY_AFTER_NO_ANSWER = ()
    SourceMessages.objects.create(source=LeadSource.objects.get(), when_given_up="sorry")
    receive(attempt, (1, "ANSWER", 40), (2, "NOANSWER", 0))
    message = CallAttempt.objects.get(kind=AttemptKind.MESSAGE)
    assert (message.state, Lead.objects.get().status) == (
        AttemptState.DIALING,
        LeadStatus.UNREACHED,
    )
    receive(attempt, TALK)
    message.refresh_from_db()
    assert (message.state, Lead.objects.get().status) == (
        AttemptState.NOT_SENT,
        LeadStatus.CONNECTED,
    )


# The provider's answer, by which there was no call; the records; the resulting states.
NOT_TO_BE: dict[str, tuple[str, tuple[Leg, ...], AttemptState, LeadStatus]] = {
    "an error of the application, and they talked": (
        "application_error", (TALK,), AttemptState.BRIDGED, LeadStatus.CONNECTED,
    ),
    "offline, and they talked": (
        "offline", (TALK,), AttemptState.BRIDGED, LeadStatus.CONNECTED,
    ),
    "an error of the application, and the lead did not answer": (
        "application_error", ((1, "ANSWER", 40), (2, "NOANSWER", 0)),
        AttemptState.LEAD_NO_ANSWER, LeadStatus.WAITING,
    ),
    "an error of the application, and nobody picked up in sales": (
        "application_error", ((1, "NOANSWER", 0),), AttemptState.REFUSED, LeadStatus.WAITING,
    ),
    "No call came, and they talked": (
        "", (TALK,), AttemptState.BRIDGED, LeadStatus.CONNECTED,
    ),
    "No call came, and the lead did not answer": (
        "", ((1, "ANSWER", 40), (2, "NOANSWER", 0)),
        AttemptState.LEAD_NO_ANSWER, LeadStatus.WAITING,
    ),
    "No call came, and the lead's phone did not ring": (
        "", ((1, "ANSWER", 40), (2, "CONGESTION", 0)),
        AttemptState.NEVER_PLACED, LeadStatus.WAITING,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "told", "state", "status"), NOT_TO_BE.values(), ids=NOT_TO_BE)
def test_a_call_that_was_held_not_to_be(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, fault: str,
    told: tuple[Leg, ...], state: AttemptState, status: LeadStatus,
) -> None:  # fmt: skip
    simulator.control(answer_after=600)
    if fault == "offline":
        simulator.control(extensions={"101": "offline"})
    else:
        simulator.control(faults=[{"kind": fault or "reset_before", "count": 1}])
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    if not fault:
        CallAttempt.objects.update(sent_at=F("sent_at") - timedelta(minutes=1))
        manual_resolution.no_call_came(attempt.pk, None)
    receive(attempt, *told)
    lead = Lead.objects.get()
    assert (attempt.state, lead.status) == (state, status)
    if state == AttemptState.LEAD_NO_ANSWER:
        assert lead.rang_at
        assert lead.call_after > timezone.now() + timedelta(seconds=100)


# Several records of the lead's leg under separate ids, without a talk, in either order.
SEVERAL: dict[str, tuple[tuple[Leg, ...], AttemptState]] = {
    "not dialled, then not answered": (
        ((2, "NOTDIALED", 0), (2, "NOANSWER", 0)), AttemptState.LEAD_NO_ANSWER,
    ),
    "a wrong number, then busy": (
        ((2, "INVALIDARGS", 0), (2, "BUSY", 0)), AttemptState.LEAD_BUSY,
    ),
    "congestion, then no channel": (
        ((2, "CONGESTION", 0), (2, "CHANUNAVAIL", 0)), AttemptState.BAD_NUMBER,
    ),
    "busy, then a word of tomorrow": (
        ((2, "BUSY", 0), (2, "SOMETHINGNEW", 0)), AttemptState.LEAD_BUSY,
    ),
    "not answered, then over at once": (
        ((2, "NOANSWER", 0), (2, "ANSWER", 1)), AttemptState.SHORT_TALK,
    ),
}  # fmt: skip


@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
@pytest.mark.parametrize(("legs", "state"), SEVERAL.values(), ids=SEVERAL)
def test_of_several_records_of_a_leg_the_one_that_says_most_counts(
    attempt: CallAttempt, legs: tuple[Leg, ...], state: AttemptState, turned: bool
) -> None:
    receive(attempt, (1, "ANSWER", 40), *(reversed(legs) if turned else legs))
    assert attempt.state == state
    assert Lead.objects.get().status == LeadStatus.WAITING


def asks_again() -> None:
    first = Lead.objects.get()
    Lead.objects.create(
        source=first.source, name="Noa", phone=first.phone, status=LeadStatus.DUPLICATE,
        duplicate_of=first, due_at=first.due_at, clock_started_at=first.clock_started_at,
        closed_at=timezone.now(),
    )  # fmt: skip


def test_a_request_that_came_since_the_call_is_called_for(attempt: CallAttempt) -> None:
    receive(attempt, (1, "ANSWER", 70), (2, "NOANSWER", 0))
    first = Lead.objects.get()
    asks_again()
    receive(attempt, TALK)
    first.refresh_from_db()
    assert attempt.state == AttemptState.BRIDGED
    assert first.status == LeadStatus.WAITING


def test_a_lead_that_a_manager_had_called_anew_is_called(attempt: CallAttempt) -> None:
    receive(attempt, (1, "ANSWER", 70), (2, "NOANSWER", 0))
    Lead.objects.update(counted_from=timezone.now())
    receive(attempt, TALK)
    assert Lead.objects.get().status == LeadStatus.WAITING


def test_a_lead_that_was_given_up_is_connected(attempt: CallAttempt) -> None:
    receive(attempt, (1, "ANSWER", 70), (2, "NOANSWER", 0))
    Lead.objects.update(status=LeadStatus.UNREACHED, closed_at=timezone.now())
    receive(attempt, TALK)
    assert Lead.objects.get().status == LeadStatus.CONNECTED
