"""Makes due times follow the opening hours: a holiday entered late moves the clock too."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from callbacks.common.one_by_one import one_by_one
from callbacks.opening_hours.sla_clock import Clock
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from callbacks.scheduling.promise import promise_to
from leads.models import ClockChange, Lead, LeadStatus, SlaClock


def follow(config: RoutingConfig, leads: Iterable[Lead], now: datetime) -> int:
    """Gives each lead the due time that its clock has by the current hours and its own target.

    `leads`: open leads whose phone has not rung and whose clock counts opening hours. The due time
    that was promised before is kept (ClockChange). Returns how many due times changed.
    """

    def move(lead: Lead) -> bool:
        clock = _clock(config, lead, now)
        return clock is not None and _move(lead, clock, now)

    return sum(moved for _, moved in one_by_one(leads, move, lambda lead: lead.pk))


def to_follow(after: int, to: int | None, now: datetime) -> Iterable[Lead]:
    """The leads for `follow` with ids in (after, to]; `to` None: no end.

    Leaves out overdue leads: a missed target stays missed. If only the source's target or clock
    changed, leads keep the ones they arrived with.
    """
    counts_open = Q(sla_clock=SlaClock.OPEN) | Q(sla_clock="", source__sla_clock=SlaClock.OPEN)
    found = Lead.objects.filter(
        counts_open,
        status__in=(LeadStatus.WAITING, LeadStatus.CALLING),
        rang_at__isnull=True,
        due_at__gt=now,
        pk__gt=after,
    )
    return found if to is None else found.filter(pk__lte=to)


def _clock(config: RoutingConfig, lead: Lead, now: datetime) -> Clock | None:
    """The lead's clock by the current hours; None if no team ever opens for it.

    A clock that has started keeps its start.
    """
    promise = promise_to(config, lead)
    if lead.clock_started_at <= now:
        return Clock(lead.clock_started_at, promise.due_at(lead.clock_started_at))
    asked_for = lead.chosen_at or lead.submitted_at
    if lead.sla_source_id:
        # A kept promise of another source does not start sooner.
        asked_for = lead.clock_started_at
    elif lead.first_source_id:
        # Nor does a clock that a later request started: it counts from that request.
        asked_for = lead.chosen_at or max(lead.waiting_since, asked_for)
    opening = calling_hours.next_time(config, promise.source_id, lead.phone, asked_for)
    return promise.clock(asked_for, opening) if opening else None


def _move(lead: Lead, clock: Clock, now: datetime) -> bool:
    if lead.due_at == clock.due_at:
        return False
    with transaction.atomic():
        # Unless the lead was called or moved meanwhile.
        moved = Lead.objects.filter(
            pk=lead.pk, due_at=lead.due_at, rang_at__isnull=True, closed_at__isnull=True
        ).update(clock_started_at=clock.started_at, due_at=clock.due_at)
        if moved:
            ClockChange.objects.create(
                lead=lead,
                changed_at=now,
                started_before=lead.clock_started_at,
                due_before=lead.due_at,
                due_since=clock.due_at,
            )
    return bool(moved)
