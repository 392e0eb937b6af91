"""Celery tasks. Each hands its primary key to a function of another module and may run twice."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import shared_task
from django.utils import timezone
from psycopg_pool import PoolTimeout

from callbacks.alerts import watch, webhook
from callbacks.audit import entries
from callbacks.calling import account_gate, dispatch, reschedule, taken_back, visitor_clock
from callbacks.calling import dial as dialling
from callbacks.common import heartbeats, task_publisher
from callbacks.extensions import pauses, presence
from callbacks.lateness import studies
from callbacks.mailing import outbox, sender
from callbacks.monitoring import readiness
from callbacks.privacy import course, retention
from callbacks.reconciliation import holds, lookup, records
from callbacks.signin import sessions
from callbacks.subscriptions import sending
from leads import unavailable
from leads.guard import held
from leads.unavailable import Cause

log = logging.getLogger(__name__)


_HINDERED = "%s not completed because of PostgreSQL: reason=%s (docs/deploy.md, Watching it)"
# The database's state of the moment, which every step meets: where in the code it did says nothing.
_PASSING = (
    Cause.DISK_FULL,
    Cause.READ_ONLY,
    Cause.UNREACHABLE,
    Cause.REFUSED,
    Cause.OVERLOADED,
)


def _task(name: str) -> Callable[[Callable[..., None]], Any]:
    """A Celery task. One in which the database could do nothing at that moment says so in one line;
    a sweep or the task's next turn makes it good.
    """

    def made(work: Callable[..., None]) -> Any:
        @wraps(work)
        def tried(*keys: Any) -> None:
            try:
                work(*keys)
            except Exception as error:
                cause = unavailable.cause(error)
                if cause not in _PASSING:
                    raise
                log.error(_HINDERED, name, cause)

        return shared_task(name=name)(tried)

    return made


@_task(task_publisher.CALL_LEAD)
def call_lead(lead_id: int) -> None:
    """Calls a waiting lead if it is due and an extension is free; else another one of its teams."""
    dispatch.call_lead_or_another(lead_id)


@_task(task_publisher.WORK_TEAM)
def work_team(team_id: int) -> None:
    """An extension of the team is free again: calls the most urgent waiting leads."""
    dispatch.work_team(team_id)


@_task(task_publisher.DIAL)
def dial(attempt_id: int) -> None:
    """Sends an attempt that a manager's wish or a message has committed."""
    dialling.dial_committed(attempt_id)


@_task(task_publisher.HANG_UP)
def hang_up(attempt_id: int) -> None:
    """Ends a call whose visitor has taken the number back."""
    taken_back.hang_up(attempt_id)


@_task(task_publisher.FOLLOW_CHANGED_HOURS)
def follow_changed_hours() -> None:
    """Hours, teams or sources have changed: one step of giving waiting leads their new times."""
    reschedule.follow_changed_hours()


@_task(task_publisher.SEND_MAIL)
def send_mail() -> None:
    """Mail waits to be sent: a thread beside the worker's own sends it."""
    sender.wake()


@_task("callbacks.send_reports")
def send_reports() -> None:
    """Every minute: reports by mail that are due are written into the outbox."""
    sending.send_due(timezone.now())


@_task("callbacks.forget_old_mail")
def forget_old_mail() -> None:
    """Every hour: mail is kept for MAIL_KEPT_DAYS."""
    outbox.forget_old(timezone.now())


@_task("callbacks.forget_old_alerts")
def forget_old_alerts() -> None:
    """Every hour: alerts are kept for three months."""
    watch.forget_old(timezone.now())


@_task("callbacks.forget_old_audit")
def forget_old_audit() -> None:
    """Every hour: the audit is kept for AUDIT_KEPT_DAYS."""
    entries.forget_old()


@_task("callbacks.forget_old_sign_ins")
def forget_old_sign_ins() -> None:
    """Every hour: sessions that are over are no longer kept."""
    sessions.forget_old(timezone.now())


@shared_task(name=task_publisher.WORK_OUT)
def work_out(study_id: int) -> None:
    """Works out what a manager's page waits for: why leads were late, a replay."""
    studies.run(study_id)


def _end_pauses() -> None:
    pauses.end_pauses(timezone.now())


# In this order. From `hang_up_all` on they may ask the provider, which may take its time: leads
# that are due are woken before. What frees extensions comes before what only spares a vain call,
# and nothing is given up before it has been looked up.
SWEEP_STEPS: tuple[Callable[[], object], ...] = (
    holds.give_up_lost_dials,
    records.adopt_records,
    reschedule.follow_the_hours,
    dialling.wake_unsent,
    _end_pauses,
    held.judge_again,
    dispatch.call_due_leads,
    sender.wake,
    reschedule.follow_changed_hours,
    taken_back.hang_up_all,
    lookup.look_up,
    holds.free_expired_holds,
    presence.look,
    account_gate.forget_untried,
    readiness.note_people,
    visitor_clock.make_up,
    watch.watch,
    webhook.wake,
    course.go_on,
    retention.keep_to_it,
)


@shared_task(name="callbacks.sweep")
def sweep() -> None:
    """Every few seconds: whatever fell between. Several at once do no harm.

    Each step is tried, whatever became of those before it. Raises an ExceptionGroup of their errors
    at the end; such a sweep counts as none (`/readyz`). One in which the database could do nothing
    at that moment counts as none either, and says so in one line.
    """
    started = time.monotonic()
    errors = []
    hindered: set[str] = set()
    for step in SWEEP_STEPS:
        try:
            step()
        except Exception as error:
            cause = unavailable.cause(error)
            if cause in _PASSING:
                hindered.add(cause)
                if isinstance(error.__cause__, PoolTimeout):
                    break  # no connection in seconds: each step after this one would wait as long
                continue
            log.exception("step of the sweep failed step=%s.%s", step.__module__, step.__name__)
            errors.append(error)
    if hindered:
        log.error(_HINDERED, "sweep", ",".join(sorted(hindered)))
    if errors:
        raise ExceptionGroup("steps of the sweep failed", errors)
    if hindered:
        return
    heartbeats.seen("sweep")
    heartbeats.count(sweeps=1, sweep_seconds=time.monotonic() - started)
