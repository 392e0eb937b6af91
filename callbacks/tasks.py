"""Celery tasks: fetch, call, end. Each takes one primary key at most and may run twice."""

import time
from contextlib import ExitStack

from celery import shared_task
from django.utils import timezone

from callbacks.calling import dial as dialling
from callbacks.calling import dispatch, reschedule
from callbacks.common import heartbeats, task_publisher
from callbacks.extensions import pauses, presence
from callbacks.reconciliation import holds, lookup, records


@shared_task(name=task_publisher.CALL_LEAD)
def call_lead(lead_id: int) -> None:
    """Calls a waiting lead if it is due and an extension is free."""
    dispatch.call_lead(lead_id)


@shared_task(name=task_publisher.WORK_TEAM)
def work_team(team_id: int) -> None:
    """An extension of the team is free again: calls the most urgent waiting leads."""
    dispatch.work_team(team_id)


@shared_task(name=task_publisher.DIAL)
def dial(attempt_id: int) -> None:
    """Sends an attempt that a manager's wish or a message has committed."""
    dialling.dial_committed(attempt_id)


@shared_task(name="callbacks.sweep")
def sweep() -> None:
    """Every few seconds: whatever fell between. Several at once do no harm."""
    started = time.monotonic()
    # Each step runs, last one first, even if another fails; what failed is raised at the end.
    with ExitStack() as steps:
        # These may ask the provider, who may take its time: whoever is due is called before. What
        # only spares a vain call comes after what frees extensions.
        steps.callback(presence.look)
        steps.callback(lookup.look_up)
        steps.callback(holds.free_expired_holds)
        steps.callback(dispatch.call_due_leads)
        steps.callback(pauses.end_pauses, timezone.now())
        steps.callback(dialling.wake_unsent)
        steps.callback(reschedule.follow_the_hours)
        steps.callback(records.adopt_records)
        steps.callback(holds.give_up_lost_dials)
    heartbeats.seen("sweep")
    heartbeats.count(sweeps=1, sweep_seconds=time.monotonic() - started)
