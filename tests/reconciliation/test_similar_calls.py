"""Calls for which the provider shows none of our variables: recognised by number, extension and
time.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallAttempt, CallRecord, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import lookup, records
from callbacks.routing import claim as claims
from callbacks.voicenter import Cdr
from leads.models import LeadStatus
from tests.reconciliation.conftest import LONG, TALKED, MakeLead, asked, pass_time, states
from tests.support import asking
from tests.support.simulator import SimulatorProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("account")]


@pytest.fixture
def unsent(make_lead: MakeLead, extension: Extension, team: Team) -> CallAttempt:
    """An attempt in the state unknown; the simulator's call will not have our variables."""
    lead = make_lead("+972505550101")
    claim = claims.claim(lead.pk, asking.asked(team), timezone.now(), timedelta(hours=1))
    assert claim
    claim.attempt.lose_sight("The answer was lost.", "read_timeout", timezone.now())
    return claim.attempt


def by_hand(simulator: SimulatorProcess, count: int = 1) -> None:
    for index in range(count):
        assert simulator.call(phone="101", target="0505550101")["ERRORCODE"] == 0
        simulator.ended(index + 1)


def test_a_call_without_our_variables_is_known_by_number_extension_and_time(
    unsent: CallAttempt, simulator: SimulatorProcess
) -> None:
    by_hand(simulator)
    lookup.look_up()
    assert states() == TALKED


def test_of_two_calls_that_look_the_same_neither_is_taken_and_nobody_is_called_again(
    unsent: CallAttempt, simulator: SimulatorProcess
) -> None:
    by_hand(simulator, 2)
    pass_time(timedelta(seconds=30))
    CallAttempt.objects.update(missing_since=timezone.now() - LONG)
    lookup.look_up()
    assert states() == (AttemptState.UNKNOWN, LeadStatus.CALLING)
    assert not CallRecord.objects.exists()


def test_a_call_that_another_attempt_may_have_made_is_not_taken(
    unsent: CallAttempt, simulator: SimulatorProcess
) -> None:
    by_hand(simulator)
    other = CallAttempt.objects.get()
    other.pk, other.public_id, other.state = None, "6a1d9f5e-0000-4000-8000-000000000001", "ended"
    other.ended_at = timezone.now()
    other.save()
    lookup.look_up()
    assert CallAttempt.objects.earliest("pk").state == AttemptState.UNKNOWN


@pytest.mark.parametrize("state", [AttemptState.REFUSED, AttemptState.NOT_SENT])
def test_an_attempt_that_made_no_call_leaves_the_call_to_the_other(
    unsent: CallAttempt, simulator: SimulatorProcess, state: AttemptState
) -> None:
    by_hand(simulator)
    other = CallAttempt.objects.get()
    other.pk, other.public_id, other.state = None, "6a1d9f5e-0000-4000-8000-000000000001", state
    other.ended_at = timezone.now()
    other.save()
    lookup.look_up()
    assert CallAttempt.objects.earliest("pk").state == AttemptState.BRIDGED


def test_a_call_that_is_another_attempts_is_not_taken(
    unsent: CallAttempt, simulator: SimulatorProcess
) -> None:
    by_hand(simulator)
    other = CallAttempt.objects.get()
    other.pk, other.public_id, other.state = None, "6a1d9f5e-0000-4000-8000-000000000001", "ended"
    other.ended_at, other.call_id = timezone.now(), simulator.ledger()[0]["call_id"]
    other.save()
    lookup.look_up()
    assert CallAttempt.objects.earliest("pk").state == AttemptState.UNKNOWN
    assert not CallRecord.objects.exists()


def test_a_record_that_was_posted_and_could_not_be_placed_is_found_first(
    unsent: CallAttempt, simulator: SimulatorProcess
) -> None:
    started = timezone.now()
    for leg, status in ((1, "ANSWER"), (2, "NOANSWER")):
        extension = {1: "target_extension", 2: "caller_extension"}[leg]
        raw = {
            "ivruniqueid": "posted", "type": f"Click2Call leg{leg}", "status": status,
            "time": int(started.timestamp()), "caller": "0505550101", "target": "0505550101",
            extension.replace("_", ""): "101",
        }  # fmt: skip
        records.receive(
            Cdr(call_id="posted", type=f"Click2Call leg{leg}", leg=leg, status=status, raw=raw)
        )
    assert CallRecord.objects.filter(attempt=None).count() == 2
    lookup.look_up()
    assert states() == (AttemptState.LEAD_NO_ANSWER, LeadStatus.WAITING)
    assert asked(simulator, "calllog") == asked(simulator, "activecalls") == 0
