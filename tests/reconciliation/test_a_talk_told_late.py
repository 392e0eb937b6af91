"""They talked, and that is told after another record has ended the call: nobody is rung again.

The order in which the records of a call come decides nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

Leg = tuple[int, str, int]  # leg, word, seconds of talk
TALK: Leg = (2, "ANSWER", 60)
# What ended the call before the talk was told, and as what.
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
    """Each leg under an id of its own, with our variable."""
    for number, (leg, status, talk) in enumerate(legs):
        records.receive(
            Cdr(
                f"{attempt.call_id}-{number}-{status}", f"Click2Call leg{leg}", leg, status,
                talk_time=talk, started_at=timezone.now(),
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


def test_a_request_that_came_since_the_call_is_called_for(attempt: CallAttempt) -> None:
    receive(attempt, (1, "ANSWER", 70), (2, "NOANSWER", 0))
    first = Lead.objects.get()
    Lead.objects.create(
        source=first.source, name="Noa", phone=first.phone, status=LeadStatus.DUPLICATE,
        duplicate_of=first, due_at=first.due_at, clock_started_at=first.clock_started_at,
        closed_at=timezone.now(),
    )  # fmt: skip
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
