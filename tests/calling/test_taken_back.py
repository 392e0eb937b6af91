"""The visitor takes a wrong number back while its call is on: the call ends."""

import pytest
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import taken_back
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.visitors import Visitor, call

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = "050-555 0199"


def terminated(simulator: SimulatorProcess) -> list[str]:
    return [it["phone"] for it in simulator.ledger() if it["action"] == "terminate"]


@pytest.fixture
def visitor(source: LeadSource, extension: Extension, simulator: SimulatorProcess) -> Visitor:
    simulator.control(answer_after=600)
    return Visitor()


def rings(visitor: Visitor) -> CallAttempt:
    """Calls the visitor's number; the salesperson's phone rings."""
    attempt = call(visitor.sends())
    assert attempt
    queued(empty=True)
    return attempt


def test_the_call_that_rings_is_ended_and_nobody_is_to_blame(
    visitor: Visitor, simulator: SimulatorProcess
) -> None:
    attempt = rings(visitor)
    right = visitor.sends(phone=RIGHT)
    assert ("callbacks.hang_up", attempt.pk) in queued()
    tasks.hang_up(attempt.pk)
    assert terminated(simulator) == [attempt.extension_number]
    eventually(lambda: simulator.ledger()[0]["leg1"]["ended_at"])
    records.receive(Cdr(attempt.call_id, "Click2Call leg1", 1, "CANCEL", dial_time=4))
    attempt.refresh_from_db()
    wrong, extension = Lead.objects.get(pk=attempt.lead_id), Extension.objects.get()
    assert (attempt.state, wrong.status) == (AttemptState.STOPPED, LeadStatus.CANCELLED)
    assert (extension.missed_in_a_row, extension.unavailable_until) == (0, None)
    assert right.status == LeadStatus.WAITING


def test_it_is_hung_up_once(visitor: Visitor, simulator: SimulatorProcess) -> None:
    attempt = rings(visitor)
    visitor.sends(phone=RIGHT)
    assert taken_back.hang_up_all() == 1
    assert (taken_back.hang_up_all(), taken_back.hang_up(attempt.pk)) == (0, False)
    assert len(terminated(simulator)) == 1


def test_one_that_was_not_accepted_yet_is_ended_by_the_sweep_once_it_is(
    visitor: Visitor, simulator: SimulatorProcess
) -> None:
    attempt = rings(visitor)
    CallAttempt.objects.update(state=AttemptState.DIALING)
    visitor.sends(phone=RIGHT)
    assert taken_back.hang_up_all() == 0
    CallAttempt.objects.update(state=AttemptState.ACCEPTED)
    assert taken_back.hang_up_all() == 1
    assert terminated(simulator) == [attempt.extension_number]


def test_a_provider_that_is_away_is_asked_again(
    visitor: Visitor, simulator: SimulatorProcess
) -> None:
    rings(visitor)
    visitor.sends(phone=RIGHT)
    simulator.control(faults=[{"kind": "error_500_before", "count": 1}])
    taken_back.hang_up_all()
    taken_back.hang_up_all()
    assert terminated(simulator)
    assert not CallAttempt.objects.filter(hang_up_wanted=True).exists()


def test_a_call_that_is_over_is_left_alone(visitor: Visitor, simulator: SimulatorProcess) -> None:
    attempt = rings(visitor)
    visitor.sends(phone=RIGHT)
    CallAttempt.objects.update(state=AttemptState.STOPPED, ended_at=timezone.now())
    assert (taken_back.hang_up_all(), taken_back.hang_up(attempt.pk)) == (0, False)
    assert terminated(simulator) == []


def test_a_manager_who_only_cancels_ends_no_call(
    visitor: Visitor, simulator: SimulatorProcess
) -> None:
    rings(visitor)
    CallAttempt.objects.update(stopped_at=timezone.now())
    assert taken_back.hang_up_all() == 0
    assert terminated(simulator) == []


def test_somebody_else_who_waits_for_that_number_is_called_on(
    visitor: Visitor, simulator: SimulatorProcess
) -> None:
    rings(visitor)
    Visitor().sends()
    visitor.sends(phone=RIGHT)
    assert taken_back.hang_up_all() == 0
    assert terminated(simulator) == []
