"""What a new lead is told: when it is called, and what its SLA clock says. Changes nothing."""

from datetime import datetime, timedelta

from callbacks import hours, sla
from callbacks.setup import Setup
from leads.models import LeadSource
from leads.plan import Plan


def plan(
    setup: Setup,
    source: LeadSource,
    phone: str,
    now: datetime,
    chosen_at: datetime | None = None,
) -> Plan:
    """Of a lead that comes at `now` and asks to be called at `chosen_at`, or at once.

    Where leads are spread over an opening (callbacks.spread), its own moment is still to be found.
    """
    asked_for = chosen_at or now
    opening = hours.next_time(setup, source.pk, phone, asked_for)
    clock = sla.clock(
        source.sla_clock,
        asked_for,
        timedelta(seconds=source.sla_target),
        opening,
        hours.calendars(setup, source.pk),
    )
    return Plan(
        # Never: it waits, in sight of the managers, until somebody answers its source.
        call_after=opening or asked_for,
        clock_started_at=clock.started_at,
        due_at=clock.due_at,
        gap_until=chosen_at,
        closed_until=opening if opening and opening > asked_for else None,
    )
