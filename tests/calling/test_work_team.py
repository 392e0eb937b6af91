"""A free extension gets the most urgent waiting lead, and a wake-up makes no further wake-ups."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.calling.apply_outcome import apply
from callbacks.common import task_publisher
from callbacks.models import Extension, Team
from callbacks.models.attempt_states import AttemptState
from leads.models import Lead, LeadStatus
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def locked(lead: Lead) -> Iterator[None]:
    """Another connection is about to take the lead: it locks it, as a claim does."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM leads_lead WHERE id = %s FOR UPDATE", [lead.pk])
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


@pytest.fixture
def extensions(team: Team) -> list[Extension]:
    return [Extension.objects.create(number=str(number), team=team) for number in (101, 102, 103)]


def test_it_calls_one_lead_and_queues_nothing(
    make_lead: MakeLead, team: Team, extensions: list[Extension], simulator: SimulatorProcess
) -> None:
    urgent, *_others = [make_lead() for _ in range(4)]
    queued(empty=True)
    dispatch.work_team(team.pk)
    [entry] = simulator.ledger()
    assert entry["target"] == urgent.phone.lstrip("+")
    # Otherwise, with many leads waiting, each call's end would queue as many wake-ups again.
    assert queued() == []


def test_it_takes_the_next_lead_while_somebody_else_is_taking_the_first(
    make_lead: MakeLead, team: Team, extensions: list[Extension], simulator: SimulatorProcess
) -> None:
    first, second = make_lead(), make_lead()
    with locked(first):
        dispatch.work_team(team.pk)
    assert [entry["target"] for entry in simulator.ledger()] == [second.phone.lstrip("+")]


def test_it_does_nothing_when_nobody_waits(
    team: Team, extensions: list[Extension], simulator: SimulatorProcess
) -> None:
    dispatch.work_team(team.pk)
    assert simulator.ledger() == []
    assert not Lead.objects.filter(status=LeadStatus.CALLING).exists()


@pytest.mark.parametrize("waiting", [0, 3])
def test_the_end_of_a_call_wakes_the_team_once_and_only_if_a_lead_waits(
    make_lead: MakeLead,
    team: Team,
    extensions: list[Extension],
    simulator: SimulatorProcess,
    waiting: int,
) -> None:
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    for _ in range(waiting):
        make_lead()
    queued(empty=True)
    now = timezone.now()
    with transaction.atomic():
        assert attempt.finish(AttemptState.BRIDGED, now, connected_at=now)
        apply(attempt, now)
        assert queued() == []
    assert queued() == [(task_publisher.WORK_TEAM, team.pk)][:waiting]
