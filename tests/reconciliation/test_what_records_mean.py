"""What follows from a call's records: a named row for each word, leg and length of talk.

The words of both legs together are in tests/telephony/test_call_result.py. These tests show the
effect on lead and salesperson, and what people read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import MAX_ATTEMPTS, UNREACHABLE_REASON, Outcome, counts_as_try
from callbacks.reconciliation import holds, records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadSource, LeadStatus
from leads.visitor_status import standing
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

MISS, PAUSE, NOTHING = "a miss", "a short pause", "nothing"
AT_ONCE = timedelta(0)
WAITING, PLANNED, FINAL = "waiting", "scheduled", "connected"


@dataclass(frozen=True)
class Row:
    """Records as (leg, word, seconds of talk), and what follows from them.

    `again`: when the lead is called next; None: never by itself. `is_over`: the hold ends first.
    """

    legs: tuple[tuple[int, str, int | None], ...]
    state: AttemptState
    salesperson: str = NOTHING
    again: timedelta | None = AT_ONCE
    lead: LeadStatus = LeadStatus.WAITING
    visitor: str = WAITING
    is_over: bool = False


UP = (1, "ANSWER", 30)
NOT_RUNG = AttemptState.LEAD_NOT_RUNG
UNREACHED = AttemptState.AGENT_UNREACHED
MINUTE = timedelta(minutes=1)
ROWS = {
    "they talk for a minute": Row(
        (UP, (2, "ANSWER", 60)), AttemptState.BRIDGED, again=None,
        lead=LeadStatus.CONNECTED, visitor="connected",
    ),
    "a talk of the least length": Row(
        (UP, (2, "ANSWER", 5)), AttemptState.BRIDGED, again=None,
        lead=LeadStatus.CONNECTED, visitor="connected",
    ),
    "a talk of four seconds": Row(
        (UP, (2, "ANSWER", 4)), AttemptState.SHORT_TALK, again=2 * MINUTE, visitor=PLANNED
    ),
    "a talk of one second": Row(
        (UP, (2, "ANSWER", 1)), AttemptState.SHORT_TALK, again=2 * MINUTE, visitor=PLANNED
    ),
    "nobody answers at the lead's": Row(
        (UP, (2, "NOANSWER", 0)), AttemptState.LEAD_NO_ANSWER, again=2 * MINUTE, visitor=PLANNED
    ),
    "the lead's voicemail": Row(
        (UP, (2, "VOICEMAIL", 20)), AttemptState.LEAD_NO_ANSWER, again=2 * MINUTE, visitor=PLANNED
    ),
    "the lead is busy": Row((UP, (2, "BUSY", 0)), AttemptState.LEAD_BUSY, again=MINUTE),
    "wrong arguments for the lead's phone": Row(
        (UP, (2, "INVALIDARGS", 0)), AttemptState.BAD_NUMBER, again=10 * MINUTE, visitor=PLANNED
    ),
    "no channel to the lead's phone": Row(
        (UP, (2, "CHANUNAVAIL", 0)), AttemptState.BAD_NUMBER, again=10 * MINUTE, visitor=PLANNED
    ),
    "congestion on the way to the lead": Row((UP, (2, "CONGESTION", 0)), NOT_RUNG),
    "the lead's phone was not dialled": Row((UP, (2, "NOTDIALED", 0)), NOT_RUNG),
    "the lead's phone was not called": Row((UP, (2, "NOTCALLED", 0)), NOT_RUNG),
    "leg 1 of two seconds and no more": Row(((1, "ANSWER", 2),), NOT_RUNG, is_over=True),
    "leg 1 of five minutes and no more": Row(
        ((1, "ANSWER", 300),), AttemptState.ENDED, again=None,
        lead=LeadStatus.CALLED, visitor="called", is_over=True,
    ),
    "nobody picks up in sales": Row(((1, "NOANSWER", 0),), AttemptState.AGENT_NO_ANSWER, MISS),
    "it is rejected in sales": Row(((1, "CANCEL", 0),), AttemptState.AGENT_NO_ANSWER, MISS),
    "voicemail in sales": Row(((1, "VOICEMAIL", 9),), AttemptState.AGENT_NO_ANSWER, MISS),
    "sales is busy": Row(((1, "BUSY", 0),), UNREACHED, PAUSE),
    "congestion on the way to sales": Row(((1, "CONGESTION", 0),), UNREACHED, PAUSE),
    "no channel to the phone in sales": Row(((1, "CHANUNAVAIL", 0),), UNREACHED, PAUSE),
    "the phone in sales was not dialled": Row(((1, "NOTDIALED", 0),), UNREACHED, PAUSE),
    "wrong arguments for the phone in sales": Row(((1, "INVALIDARGS", 0),), UNREACHED, PAUSE),
}  # fmt: skip


@pytest.fixture(autouse=True)
def least_talk(settings: Any, simulator: SimulatorProcess) -> None:
    settings.LEAST_TALK = 5
    simulator.control(answer_after=600)


def call(lead: Lead) -> CallAttempt:
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    assert attempt.state == AttemptState.ACCEPTED
    return attempt


def receive(attempt: CallAttempt, *legs: tuple[int, str, int | None]) -> CallAttempt:
    for leg, status, talk in legs:
        records.receive(
            Cdr(
                attempt.call_id, f"Click2Call leg{leg}", leg, status, talk_time=talk,
                started_at=timezone.now(),
            )
        )  # fmt: skip
    attempt.refresh_from_db()
    return attempt


def is_over(attempt: CallAttempt) -> CallAttempt:
    CallAttempt.objects.filter(pk=attempt.pk).update(hold_until=timezone.now())
    holds.free_expired_holds()
    attempt.refresh_from_db()
    return attempt


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_what_follows_from_the_records_of_a_call(
    make_lead: MakeLead, extension: Extension, row: Row
) -> None:
    attempt = receive(call(make_lead()), *row.legs)
    if row.is_over:
        assert attempt.is_live
        attempt = is_over(attempt)
    now = timezone.now()
    lead, extension = Lead.objects.get(), Extension.objects.get()
    assert (attempt.state, lead.status) == (row.state, row.lead)
    if row.again is not None:
        wait = max(lead.call_after - now, timedelta(0))
        assert row.again - timedelta(seconds=10) < wait <= row.again
    assert bool(lead.closed_at) is (row.again is None)
    assert extension.missed_in_a_row == (1 if row.salesperson == MISS else 0)
    rests = extension.unavailable_until is not None and extension.unavailable_until > now
    assert rests is (row.salesperson != NOTHING)
    assert not extension.is_paused
    assert standing(lead, now).status == row.visitor
    # The salesperson's own time on the phone is not talk time.
    talks = [talk for leg, _, talk in row.legs if leg == 2]
    assert attempt.talk_time == (talks[0] if talks else None)


NETWORK = {
    name: row for name, row in ROWS.items() if row.state in (NOT_RUNG, UNREACHED)
}  # fmt: skip


@pytest.mark.parametrize("row", NETWORK.values(), ids=NETWORK.keys())
def test_what_says_nothing_of_the_lead_uses_up_no_try(row: Row) -> None:
    assert not counts_as_try(Outcome(row.state.value))


# The word of the lead's leg in each of a lead's calls; "" if no salesperson picked up. Whether the
# number is considered wrong in the end.
IN_A_ROW: dict[str, tuple[tuple[str, ...], bool]] = {
    "wrong twice": (("INVALIDARGS", "INVALIDARGS"), True),
    "wrong, then no channel": (("INVALIDARGS", "CHANUNAVAIL"), True),
    "no answer between them": (("CHANUNAVAIL", "NOANSWER", "CHANUNAVAIL"), False),
    "busy between them": (("CHANUNAVAIL", "BUSY", "CHANUNAVAIL"), False),
    "answered between them": (("CHANUNAVAIL", "ANSWER", "CHANUNAVAIL"), False),
    "twice in a row after an answer": (("NOANSWER", "CHANUNAVAIL", "CHANUNAVAIL"), True),
    "congestion between them": (("CHANUNAVAIL", "CONGESTION", "CHANUNAVAIL"), True),
    "nobody in sales between them": (("CHANUNAVAIL", "", "CHANUNAVAIL"), True),
}


@pytest.mark.parametrize(("words", "is_wrong"), IN_A_ROW.values(), ids=IN_A_ROW)
def test_a_number_that_cannot_be_reached_twice_in_a_row_goes_to_a_person(
    make_lead: MakeLead, extension: Extension, words: tuple[str, ...], is_wrong: bool
) -> None:
    lead = make_lead()
    for word in words:
        Lead.objects.update(call_after=timezone.now())
        Extension.objects.update(unavailable_until=None)
        CallAttempt.objects.update(ended_at=timezone.now() - timedelta(hours=1))
        lead_leg = (2, word, int(word == "ANSWER"))
        receive(call(lead), *((UP, lead_leg) if word else ((1, "NOANSWER", 0),)))
    lead.refresh_from_db()
    assert (lead.status == LeadStatus.FAILED) is is_wrong
    said = "number is wrong or cannot be reached" in lead.error_message
    assert said is is_wrong
    assert (standing(lead, timezone.now()).status == "received") is is_wrong


# The words of the salesperson's leg in the last calls; whether a manager is told to check the
# phone.
PHONES: dict[str, tuple[tuple[str, ...], bool]] = {
    "wrong arguments, three times": (("INVALIDARGS",) * 3, True),
    "no channel, many times": (("CHANUNAVAIL",) * 5, True),
    "both": (("CHANUNAVAIL", "INVALIDARGS", "CHANUNAVAIL"), True),
    "twice": (("CHANUNAVAIL",) * 2, False),
    "picked up between them": (("CHANUNAVAIL", "CHANUNAVAIL", "ANSWER", "CHANUNAVAIL"), False),
    "congestion between them": (("CHANUNAVAIL", "CHANUNAVAIL", "CONGESTION"), False),
    "congestion": (("CONGESTION",) * 5, False),
    "busy": (("BUSY",) * 5, False),
}


@pytest.mark.parametrize(("words", "is_told"), PHONES.values(), ids=PHONES)
def test_a_phone_that_is_not_there_is_told_to_a_manager_and_rung_as_before(
    make_lead: MakeLead, extension: Extension, words: tuple[str, ...], is_told: bool
) -> None:
    for number, word in enumerate(words):
        lead = make_lead(f"+9725055502{number:02}")
        Extension.objects.update(unavailable_until=None)
        legs = ((1, word, 0),) if word != "ANSWER" else (UP, (2, "ANSWER", 60))
        receive(call(lead), *legs)
        Lead.objects.update(call_after=timezone.now() + timedelta(days=1))
    extension.refresh_from_db()
    assert (extension.unavailable_reason == UNREACHABLE_REASON) is is_told
    assert (extension.is_paused, extension.missed_in_a_row) == (False, 0)
    assert extension.unavailable_until
    assert extension.unavailable_until <= timezone.now() + timedelta(minutes=1)
    Extension.objects.update(unavailable_until=None)
    receive(call(make_lead("+972505550299")), UP, (2, "ANSWER", 60))
    assert Extension.objects.get().unavailable_reason != UNREACHABLE_REASON


def test_a_busy_network_pauses_nobody_and_no_lead_is_lost_by_it(
    make_lead: MakeLead, extension: Extension, settings: Any
) -> None:
    settings.MISSED_IN_A_ROW = 3
    lead = make_lead()
    for _ in range(12):
        Extension.objects.update(unavailable_until=None)
        receive(call(lead), (1, "CONGESTION", 0))
    extension.refresh_from_db()
    assert (extension.is_paused, extension.missed_in_a_row) == (False, 0)
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING


def test_busy_and_unanswered_calls_are_counted_together(
    make_lead: MakeLead, extension: Extension
) -> None:
    lead, waits = make_lead(), []
    for word in ("BUSY", "NOANSWER", "BUSY"):
        Lead.objects.update(call_after=timezone.now(), counted_from=timezone.now())
        Lead.objects.update(counted_from=lead.submitted_at)
        CallAttempt.objects.update(ended_at=timezone.now() - timedelta(hours=1))
        receive(call(lead), UP, (2, word, 0))
        lead.refresh_from_db()
        waits.append(round((lead.call_after - timezone.now()).total_seconds() / 60))
    assert waits == [1, 15, 30]


@pytest.mark.parametrize(
    ("of_source", "talk", "state"),
    [
        (None, 4, AttemptState.SHORT_TALK),
        (None, 5, AttemptState.BRIDGED),
        (0, 0, AttemptState.BRIDGED),
        (30, 29, AttemptState.SHORT_TALK),
        (30, 30, AttemptState.BRIDGED),
        (60, 59, AttemptState.SHORT_TALK),
        (60, None, AttemptState.BRIDGED),
    ],
)
def test_a_source_says_how_long_a_talk_has_to_be(
    make_lead: MakeLead, extension: Extension, of_source: int | None, talk: int | None, state: str
) -> None:
    LeadSource.objects.update(least_talk=of_source)
    attempt = receive(call(make_lead()), (2, "ANSWER", talk))
    assert attempt.state == state
    assert attempt.connected_at  # when it was answered


def test_a_leg_of_another_call_beside_ours_says_nothing_of_how_long_they_talked(
    make_lead: MakeLead, extension: Extension
) -> None:
    attempt = receive(call(make_lead()), (1, "ANSWER", 300))
    assert attempt.talk_time is None


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=str)
def test_a_leg_under_another_id_that_carries_our_variable_is_ours(
    make_lead: MakeLead, extension: Extension, order: tuple[int, int]
) -> None:
    attempt = call(make_lead())
    for leg in order:
        records.receive(
            Cdr(
                attempt.call_id if leg == 1 else "another-id", f"Click2Call leg{leg}", leg,
                "ANSWER", talk_time=60, custom={"attempt": str(attempt.public_id)},
            )
        )  # fmt: skip
    attempt.refresh_from_db()
    assert (attempt.state, attempt.talk_time) == (AttemptState.BRIDGED, 60)
    assert attempt.records.count() == 2
    assert attempt.call_id != "another-id"


@pytest.mark.parametrize("word", ["refused", "congestion"])
def test_an_outage_of_hours_uses_up_no_tries_and_the_lead_goes_on_after_it(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, word: str
) -> None:
    """Five hours in which the provider refuses every call, or the network lets none through."""
    lead, start = make_lead(), timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        tries = 0
        while timezone.now() < start + timedelta(hours=5):
            lead.refresh_from_db()
            clock.move_to(max(lead.call_after, timezone.now()) + timedelta(seconds=1))
            Extension.objects.update(unavailable_until=None)
            if word == "refused":
                simulator.control(faults=[{"kind": "application_error", "count": 1}])
            attempt = dispatch.call_lead(lead.pk)
            assert attempt
            if word == "congestion":
                receive(attempt, UP, (2, "CONGESTION", 0))
            tries += 1
            lead.refresh_from_db()
            assert lead.status == LeadStatus.WAITING
        assert 20 < tries < 60
        clock.move_to(lead.call_after + timedelta(seconds=1))
        after = receive(call(lead), UP, (2, "ANSWER", 60))
    assert after.state == AttemptState.BRIDGED


def test_faults_of_one_lead_alone_go_to_a_person_in_the_end(
    make_lead: MakeLead, extension: Extension
) -> None:
    """Between any two of the faults, another lead is reached."""
    lead, at = make_lead(), timezone.now()
    Lead.objects.filter(pk=lead.pk).update(counted_from=at - timedelta(days=2))
    others = make_lead(status=LeadStatus.CONNECTED, closed_at=at, connected_at=at)
    long_ago = at - timedelta(days=1)
    for _ in range(MAX_ATTEMPTS):
        for of, outcome in ((lead, "lead_not_rung"), (others, "bridged")):
            CallAttempt.objects.create(
                lead=of, phone=of.phone, extension=extension, extension_number="101",
                state=outcome, outcome=outcome, claimed_at=long_ago, ended_at=long_ago,
                connected_at=long_ago, hold_until=long_ago,
            )  # fmt: skip
    receive(call(lead), UP, (2, "CONGESTION", 0))
    lead.refresh_from_db()
    assert (lead.status, lead.error_message) == (LeadStatus.FAILED, "Given up after 20 attempts.")
