"""The sweep finds what got lost: its parts, on attempts of a certain age."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import Error, InternalError, OperationalError
from django.utils import timezone
from psycopg.errors import (
    AdminShutdown,
    DeadlockDetected,
    DiskFull,
    ReadOnlySqlTransaction,
    TooManyConnections,
)
from psycopg_pool import PoolTimeout

from callbacks import tasks
from callbacks.calling import dispatch
from callbacks.common import heartbeats
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds
from callbacks.routing import claim as claims
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.asking import asked
from tests.support.queue import queued

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def claimed(lead: Lead, team: Team) -> CallAttempt:
    claim = claims.claim(lead.pk, asked(team), timezone.now(), timedelta(hours=1))
    assert claim
    return claim.attempt


def test_an_attempt_whose_worker_died_becomes_unknown_and_is_not_dialled_again(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    attempt = claimed(lead, team)
    assert holds.give_up_lost_dials() == 0
    CallAttempt.objects.update(sent_at=timezone.now() - timedelta(minutes=1))
    assert holds.give_up_lost_dials() == 1
    attempt.refresh_from_db()
    lead.refresh_from_db()
    assert (attempt.state, attempt.failure_reason) == (AttemptState.UNKNOWN, "worker_lost")
    assert lead.status == LeadStatus.CALLING
    assert dispatch.call_lead(lead.pk) is None


def test_an_accepted_call_without_a_record_ends_with_its_hold(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    attempt = claimed(lead, team)
    attempt.accept("some-call", "OK", timezone.now())
    assert holds.free_expired_holds() == 0
    CallAttempt.objects.update(hold_until=timezone.now() - timedelta(seconds=1))
    assert holds.free_expired_holds() == 1
    attempt.refresh_from_db()
    lead.refresh_from_db()
    assert (attempt.state, lead.status) == (AttemptState.ENDED, LeadStatus.CALLED)


def test_a_call_nobody_ever_knew_of_goes_to_a_person(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    attempt = claimed(lead, team)
    attempt.lose_sight("The answer was lost.", "read_timeout", timezone.now())
    over = timezone.now() - timedelta(seconds=1)
    CallAttempt.objects.update(hold_until=over, lookup_count=holds.LEAST_LOOKS)
    assert holds.free_expired_holds() == 1
    lead.refresh_from_db()
    assert lead.status == LeadStatus.FAILED
    assert "Ask the salesperson whether they talked" in lead.error_message


def test_a_lead_whose_wake_up_was_lost_is_woken_again(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    queued(empty=True)
    tasks.sweep()
    assert queued() == [("callbacks.call_lead", lead.pk)]


@pytest.mark.parametrize("place", range(len(tasks.SWEEP_STEPS) + 1))
def test_a_step_that_fails_is_logged_and_reported_and_keeps_no_other_from_running(
    place: int,
    make_lead: MakeLead,
    team: Team,
    extension: Extension,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def break_down() -> None:
        raise LookupError("broken")

    steps = list(tasks.SWEEP_STEPS)
    steps.insert(place, break_down)
    monkeypatch.setattr(tasks, "SWEEP_STEPS", steps)
    lost = claimed(make_lead(), team)
    CallAttempt.objects.update(sent_at=timezone.now() - timedelta(hours=5))
    Extension.objects.create(number="102", team=team)
    ended = claimed(make_lead(), team)
    ended.accept("some-call", "OK", timezone.now())
    CallAttempt.objects.filter(pk=ended.pk).update(hold_until=timezone.now())
    Extension.objects.create(number="103", team=team)
    due = make_lead()
    queued(empty=True)

    with pytest.raises(ExceptionGroup) as caught:
        tasks.sweep()

    assert [str(error) for error in caught.value.exceptions] == ["broken"]
    (line,) = [it for it in caplog.records if it.name == "callbacks.tasks"]
    assert line.exc_info
    assert line.exc_info[1] in caught.value.exceptions
    assert line.getMessage().endswith("break_down")
    lost.refresh_from_db()
    ended.refresh_from_db()
    assert (lost.state, ended.state) == (AttemptState.UNKNOWN, AttemptState.ENDED)
    assert ("callbacks.call_lead", due.pk) in queued()
    assert "sweep" not in heartbeats.read().seen


def test_the_sweep_wakes_no_more_leads_than_there_are_free_extensions(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    first, *_others = [make_lead() for _ in range(5)]
    queued(empty=True)
    assert dispatch.call_due_leads() == 1
    assert queued() == [("callbacks.call_lead", first.pk)]


def test_the_sweep_leaves_alone_what_is_not_due_or_not_answered(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    make_lead(call_after=timezone.now() + timedelta(minutes=1))
    make_lead(status=LeadStatus.HELD)
    queued(empty=True)
    tasks.sweep()
    Team.objects.update(is_active=False)
    make_lead()
    queued(empty=True)
    tasks.sweep()
    assert queued() == []


def test_two_teams_that_answer_a_source_wake_a_lead_each_for_all_their_extensions(
    make_lead: MakeLead, team: Team, source: LeadSource
) -> None:
    other = Team.objects.create(name="Support")
    other.sources.add(source)
    for number in range(101, 104):
        Extension.objects.create(number=str(number), team=team)
        Extension.objects.create(number=str(number + 100), team=other)
    for _ in range(6):
        make_lead()
    queued(empty=True)
    assert dispatch.call_due_leads() == 6
    assert len(set(queued())) == 6


def database_error(cause: Exception, kind: type[Error] = OperationalError) -> Error:
    """The error that Django raises when psycopg or its pool raises `cause`."""
    error = kind("Noa Levi")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "kind", "reason", "tried"),
    [
        (PoolTimeout("no connection"), OperationalError, "unreachable", 1),
        (AdminShutdown("ended"), OperationalError, "unreachable", 3),
        (DiskFull("full"), OperationalError, "disk_full", 3),
        (ReadOnlySqlTransaction("read-only"), InternalError, "read_only", 3),
        (TooManyConnections("too many"), OperationalError, "overloaded", 3),
    ],
)
def test_a_sweep_that_the_database_hinders_says_so_in_one_line_and_counts_as_none(
    cause: Exception,
    kind: type[Error],
    reason: str,
    tried: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps = []

    def step() -> None:
        steps.append(1)
        raise database_error(cause, kind)

    monkeypatch.setattr(tasks, "SWEEP_STEPS", [step] * 3)
    tasks.sweep()
    (line,) = [it for it in caplog.records if it.name == "callbacks.tasks"]
    assert line.getMessage().startswith("sweep not completed because of PostgreSQL")
    assert f"reason={reason} " in line.getMessage()
    assert (line.levelname, line.exc_info, len(steps)) == ("ERROR", None, tried)
    assert "sweep" not in heartbeats.read().seen


def test_another_task_that_the_database_hinders_says_so_in_one_line_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hindered: list[Exception] = [
        database_error(PoolTimeout("no connection")),
        database_error(ReadOnlySqlTransaction("read-only"), InternalError),
        database_error(DeadlockDetected("deadlock")),
    ]

    def send_due(_now: datetime) -> None:
        raise hindered.pop(0)

    monkeypatch.setattr("callbacks.subscriptions.sending.send_due", send_due)
    tasks.send_reports()
    tasks.send_reports()
    with pytest.raises(OperationalError):  # raised, to show where it happened
        tasks.send_reports()
    assert [it.getMessage().partition(" (")[0] for it in caplog.records] == [
        "callbacks.send_reports not completed because of PostgreSQL: reason=unreachable",
        "callbacks.send_reports not completed because of PostgreSQL: reason=read_only",
    ]


def test_a_deadlock_is_still_shown_with_where_it_happened(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def step() -> None:
        raise database_error(DeadlockDetected("deadlock"))

    monkeypatch.setattr(tasks, "SWEEP_STEPS", [step])
    with pytest.raises(ExceptionGroup):
        tasks.sweep()
    (line,) = [it for it in caplog.records if it.name == "callbacks.tasks"]
    assert line.exc_info
