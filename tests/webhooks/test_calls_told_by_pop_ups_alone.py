"""Pop-ups reported a call, and no record ever came: what follows when its hold ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, records
from callbacks.telephony import account
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

SALES: dict[str, object] = {"currentCall": {"c2cdirection": 1}}
LEADS: dict[str, object] = {"currentCall": {"c2cdirection": 2}}
REJECTED: dict[str, object] = {"status": "Hangup", "cause": "Call Rejected"}
ENDED: dict[str, object] = {"status": "Hangup", "cause": "Normal hangup"}
RINGS: dict[str, object] = {"status": "Ringing"}
TALKS: dict[str, object] = {"status": "Talking"}

# Seconds between two pop-ups; the pop-ups; the state, the lead's status, the salesperson's misses.
Row = tuple[int, tuple[dict[str, object], ...], AttemptState, LeadStatus, int]
ROWS: dict[str, Row] = {
    "rejected in sales, nobody had picked up": (
        2, (RINGS | SALES, REJECTED | SALES),
        AttemptState.AGENT_NO_ANSWER, LeadStatus.WAITING, 1,
    ),
    "the same from a sender that names no leg": (
        2, (RINGS, REJECTED), AttemptState.AGENT_NO_ANSWER, LeadStatus.WAITING, 1,
    ),
    "the cause in small letters": (
        2, (RINGS | SALES, REJECTED | SALES | {"cause": "call rejected"}),
        AttemptState.AGENT_NO_ANSWER, LeadStatus.WAITING, 1,
    ),
    "one of two phones rejects it, then the other is picked up": (
        30, (RINGS, RINGS, REJECTED, TALKS, ENDED),
        AttemptState.ENDED, LeadStatus.CALLED, 0,
    ),
    "the lead rejects it": (
        2, (TALKS | SALES, RINGS | LEADS, REJECTED | LEADS),
        AttemptState.LEAD_NO_ANSWER, LeadStatus.WAITING, 0,
    ),
    "picked up and hung up within a second": (
        0, (TALKS | SALES, ENDED | SALES), AttemptState.LEAD_NOT_RUNG, LeadStatus.WAITING, 0,
    ),
    "picked up and hung up after half a minute": (
        30, (TALKS | SALES, ENDED | SALES), AttemptState.ENDED, LeadStatus.CALLED, 0,
    ),
    "the lead answers, and they talk": (
        30, (TALKS | SALES, RINGS | LEADS, TALKS | LEADS, ENDED | SALES),
        AttemptState.BRIDGED, LeadStatus.CONNECTED, 0,
    ),
    "the lead answers, and nobody tells of the end": (
        30, (TALKS | SALES, TALKS | LEADS), AttemptState.BRIDGED, LeadStatus.CONNECTED, 0,
    ),
    "the lead answers, and it is over at once": (
        2, (TALKS | SALES, TALKS | LEADS, ENDED | LEADS),
        AttemptState.SHORT_TALK, LeadStatus.WAITING, 0,
    ),
    "the lead's phone rings, and sales hangs up at once": (
        2, (TALKS | SALES, RINGS | LEADS, ENDED | SALES),
        AttemptState.LEAD_NO_ANSWER, LeadStatus.WAITING, 0,
    ),
    "the lead's phone rings, and half a minute later it is over": (
        30, (TALKS | SALES, RINGS | LEADS, ENDED | SALES),
        AttemptState.ENDED, LeadStatus.CALLED, 0,
    ),
    "it only rang": (2, (RINGS | SALES,), AttemptState.ENDED, LeadStatus.CALLED, 0),
    "it rang and ended, by no cause that we know": (
        2, (RINGS | SALES, ENDED | SALES), AttemptState.ENDED, LeadStatus.CALLED, 0,
    ),
}  # fmt: skip


@pytest.fixture
def attempt(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, settings: Any
) -> CallAttempt:
    settings.LEAST_TALK = 5
    # The account has no list of active calls.
    simulator.control(
        answer_after=600, faults=[{"kind": "reset_before", "on": "activecalls", "rate": 1}]
    )
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    return attempt


@pytest.fixture
def tell(client: Client, settings: Any) -> Callable[..., None]:
    def tell(attempt: CallAttempt, said: dict[str, object]) -> None:
        body = {"ivrid": attempt.call_id, "extenUser": attempt.extension_number} | said
        address = f"/webhooks/voicenter/{settings.CDR_SECRET}/popup/"
        assert client.post(address, body, content_type="application/json").status_code == 200
        attempt.refresh_from_db()

    return tell


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_follows_without_any_record(
    attempt: CallAttempt, tell: Callable[..., None], row: Row
) -> None:
    between, said, state, status, misses = row
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for each in said:
            clock.shift(between)
            tell(attempt, each)
        CallAttempt.objects.update(hold_until=timezone.now())
        clock.shift(1)
        holds.free_expired_holds()
    attempt.refresh_from_db()
    lead, extension = Lead.objects.get(), Extension.objects.get()
    assert (attempt.state, lead.status) == (state, status)
    assert extension.missed_in_a_row == misses
    assert (attempt.rang_at is None) is (
        state in (AttemptState.AGENT_NO_ANSWER, AttemptState.LEAD_NOT_RUNG)
        or "Talking" not in str(said)
    )


def test_whoever_picks_up_another_phone_keeps_the_extension(
    attempt: CallAttempt, tell: Callable[..., None]
) -> None:
    for said in (RINGS, RINGS, REJECTED):
        tell(attempt, said)
    assert attempt.hold_until < timezone.now() + timedelta(seconds=61)
    tell(attempt, TALKS)
    assert attempt.hold_until == attempt.claimed_at + account.hold()


def test_whom_a_pop_up_saw_pick_up_has_missed_nothing(
    attempt: CallAttempt, tell: Callable[..., None]
) -> None:
    tell(attempt, TALKS | SALES)
    records.receive(Cdr(attempt.call_id, "Click2Call leg1", 1, "NOANSWER", talk_time=0))
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.AGENT_UNREACHED
    assert Extension.objects.get().missed_in_a_row == 0
    assert Lead.objects.get().status == LeadStatus.WAITING


def test_a_record_says_more_than_a_pop_up(attempt: CallAttempt, tell: Callable[..., None]) -> None:
    tell(attempt, REJECTED | SALES)
    records.receive(Cdr(attempt.call_id, "Click2Call leg2", 2, "ANSWER", talk_time=60, dial_time=4))
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.BRIDGED
