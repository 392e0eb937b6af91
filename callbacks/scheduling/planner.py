"""What a new lead is told: when it is called, and what its SLA clock says. Changes nothing."""

from datetime import datetime, timedelta

from callbacks.opening_hours import sla_clock
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from leads.models import LeadSource
from leads.ports import CallPlan


def plan(
    setup: RoutingConfig,
    source: LeadSource,
    phone: str,
    now: datetime,
    chosen_at: datetime | None = None,
) -> CallPlan:
    """Of a lead that comes at `now` and asks to be called at `chosen_at`, or at once.

    Where leads are spread over an opening (callbacks.scheduling.pacing), its own moment is still to
    be found.
    """
    asked_for = chosen_at or now
    opening = calling_hours.next_time(setup, source.pk, phone, asked_for)
    clock = sla_clock.clock(
        source.sla_clock,
        asked_for,
        timedelta(seconds=source.sla_target),
        opening,
        calling_hours.calendars(setup, source.pk),
    )
    return CallPlan(
        # Never: it waits, in sight of the managers, until somebody answers its source.
        call_after=opening or asked_for,
        clock_started_at=clock.started_at,
        due_at=clock.due_at,
        gap_until=chosen_at,
        closed_until=opening if opening and opening > asked_for else None,
    )
