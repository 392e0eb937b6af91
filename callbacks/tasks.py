"""Celery tasks. Each passes its primary key to a function of another module and may run twice."""

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
# States of the database that affect every step: which step shows them is irrelevant.
_PASSING = (
    Cause.DISK_FULL,
    Cause.READ_ONLY,
    Cause.UNREACHABLE,
    Cause.REFUSED,
    Cause.OVERLOADED,
)


def _task(name: str) -> Callable[[Callable[..., None]], Any]:
    """Makes a Celery task. If the database is unavailable, the task logs one line instead.

    A sweep or the task's next run makes up for it.
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
    """Calls a waiting lead that is due; if no extension is free for it, others of its teams."""
    dispatch.call_lead_or_another(lead_id)


@_task(task_publisher.WORK_TEAM)
def work_team(team_id: int) -> None:
    """An extension of the team is free again: calls the team's most urgent waiting lead."""
    dispatch.work_team(team_id)


@_task(task_publisher.DIAL)
def dial(attempt_id: int) -> None:
    """Sends an attempt that was committed for a manager's request or a recorded message."""
    dialling.dial_committed(attempt_id)


@_task(task_publisher.HANG_UP)
def hang_up(attempt_id: int) -> None:
    """Ends a call whose visitor took the number back."""
    taken_back.hang_up(attempt_id)


@_task(task_publisher.FOLLOW_CHANGED_HOURS)
def follow_changed_hours() -> None:
    """Hours, teams or sources have changed: gives a batch of waiting leads their new times."""
    reschedule.follow_changed_hours()


@_task(task_publisher.SEND_MAIL)
def send_mail() -> None:
    """Mail is waiting: wakes the separate thread that sends it."""
    sender.wake()


@_task("callbacks.send_reports")
def send_reports() -> None:
    """Every minute: writes due reports into the outbox."""
    sending.send_due(timezone.now())


@_task("callbacks.forget_old_mail")
def forget_old_mail() -> None:
    """Every hour: deletes mail older than MAIL_KEPT_DAYS."""
    outbox.forget_old(timezone.now())


@_task("callbacks.forget_old_alerts")
def forget_old_alerts() -> None:
    """Every hour: deletes alerts older than three months."""
    watch.forget_old(timezone.now())


@_task("callbacks.forget_old_audit")
def forget_old_audit() -> None:
    """Every hour: deletes audit entries older than AUDIT_KEPT_DAYS."""
    entries.forget_old()


@_task("callbacks.forget_old_sign_ins")
def forget_old_sign_ins() -> None:
    """Every hour: deletes expired sessions."""
    sessions.forget_old(timezone.now())


@shared_task(name=task_publisher.WORK_OUT)
def work_out(study_id: int) -> None:
    """Works out what a manager's page is waiting for: why leads were late, a replay."""
    studies.run(study_id)


def _end_pauses() -> None:
    pauses.end_pauses(timezone.now())


# The order matters. The steps from `hang_up_all` on may ask the provider, which may be slow, so due
# leads are woken before. Steps that free extensions come before steps that only avoid a pointless
# call, and a held call is looked up before it is given up.
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
    """Every few seconds: finds work that was missed. Several sweeps at once do no harm.

    Each step is tried, whatever happened to the steps before. Raises an ExceptionGroup of their
    errors at the end; such a sweep does not count (`/readyz`). A sweep during which the database
    was unavailable does not count either, and logs one line.
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
                    break  # no connection for seconds: each further step would wait as long
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
