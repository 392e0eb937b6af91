"""Due times that follow the opening hours: a holiday that is entered late moves the clock too."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from callbacks.common.one_by_one import one_by_one
from callbacks.opening_hours import sla_clock
from callbacks.opening_hours.sla_clock import Clock
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from leads.models import ClockChange, Lead, LeadStatus, SlaClock


def follow(config: RoutingConfig, leads: Iterable[Lead], now: datetime) -> int:
    """Gives each lead the due time that its source's clock has by today's hours.

    `leads`: open ones whose phone has not rung, with their source loaded; those of a clock that
    runs round the clock stay as they are. The time that was promised before is kept (ClockChange).
    Returns how many have another due time.
    """

    def move(lead: Lead) -> bool:
        clock = _clock(config, lead, now)
        return clock is not None and _move(lead, clock, now)

    return sum(moved for _, moved in one_by_one(leads, move, lambda lead: lead.pk))


def to_follow(after: int, to: int | None, now: datetime) -> Iterable[Lead]:
    """The leads that `follow` is about, of the ids in (after, to]; None: without an end.

    Not those that are overdue: what was missed stays missed.
    """
    found = Lead.objects.filter(
        status__in=(LeadStatus.WAITING, LeadStatus.CALLING),
        rang_at__isnull=True,
        due_at__gt=now,
        source__sla_clock=SlaClock.OPEN,
        pk__gt=after,
    ).select_related("source")
    return found if to is None else found.filter(pk__lte=to)


def _clock(config: RoutingConfig, lead: Lead, now: datetime) -> Clock | None:
    """The lead's clock by the hours of today; None where nobody ever opens for it.

    A clock that has begun stays begun.
    """
    target = timedelta(seconds=lead.source.sla_target)
    calendars = calling_hours.calendars(config, lead.source_id)
    if lead.clock_started_at <= now:
        due_at = sla_clock.due_at(lead.clock_started_at, target, calendars)
        return Clock(lead.clock_started_at, due_at)
    asked_for = lead.chosen_at or lead.submitted_at
    opening = calling_hours.next_time(config, lead.source_id, lead.phone, asked_for)
    if opening is None:
        return None
    return sla_clock.clock(sla_clock.OPEN, asked_for, target, opening, calendars)


def _move(lead: Lead, clock: Clock, now: datetime) -> bool:
    if lead.due_at == clock.due_at:
        return False
    with transaction.atomic():
        # Not of one that has been called or moved meanwhile.
        moved = Lead.objects.filter(
            pk=lead.pk, due_at=lead.due_at, rang_at__isnull=True, closed_at__isnull=True
        ).update(clock_started_at=clock.started_at, due_at=clock.due_at)
        if moved:
            ClockChange.objects.create(
                lead=lead, changed_at=now, due_before=lead.due_at, due_since=clock.due_at
            )
    return bool(moved)
