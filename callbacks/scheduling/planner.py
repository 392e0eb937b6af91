"""Plans a new lead: when it is called, and its SLA clock."""

from datetime import datetime, timedelta

from callbacks.opening_hours import sla_clock
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from callbacks.scheduling.next_call import CallTimes, next_call
from leads.models import LeadSource
from leads.ports import CallPlan


def plan(
    config: RoutingConfig,
    source: LeadSource,
    times: CallTimes,
    now: datetime,
    chosen_at: datetime | None = None,
) -> CallPlan:
    """The plan for a lead that arrives at `now` and asks for a call at `chosen_at`, or at once.

    `times`: when this lead may be called (scheduling.call_times). The limits of its number are not
    checked here: the claim puts the lead off if they apply.
    """
    found = next_call(times, now, chosen_at=chosen_at)
    clock = sla_clock.clock(
        source.sla_clock,
        chosen_at or now,
        timedelta(seconds=source.sla_target),
        found.opens_at,
        calling_hours.calendars(config, source.pk),
    )
    return CallPlan(
        call_after=found.call_after or now,
        clock_started_at=clock.started_at,
        due_at=clock.due_at,
        sla_target=source.sla_target,
        sla_clock=source.sla_clock,
        gap_until=found.gap_until,
        closed_until=found.closed_until,
    )
