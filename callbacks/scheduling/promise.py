"""What a lead was promised on arrival: a target, on a clock, by the hours of a source."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callbacks.opening_hours import sla_clock
from callbacks.opening_hours.calendar import Calendar
from callbacks.opening_hours.sla_clock import Clock
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from leads.models import Lead


@dataclass(frozen=True)
class Promise:
    """A promised target.

    `rule`: when the target's seconds count (LeadSource.sla_clock). `source_id`: the source whose
    hours apply. `calendars`: those hours as of now; None: they count round the clock.
    """

    source_id: int
    target: timedelta
    rule: str
    calendars: list[Calendar] | None

    def shown(self, started_at: datetime, until: datetime) -> timedelta:
        """What the clock shows at `until`, by the current hours."""
        return sla_clock.elapsed(self.rule, started_at, until, self.calendars)

    def due_at(self, started_at: datetime) -> datetime:
        """When the target of a clock that started at `started_at` is used up."""
        return sla_clock.due_at(started_at, self.target, self.calendars)

    def clock(self, asked_for: datetime, opening: datetime) -> Clock:
        """The clock of a lead that may be called from `opening` on."""
        return sla_clock.clock(self.rule, asked_for, self.target, opening, self.calendars)


def promise_to(config: RoutingConfig, lead: Lead) -> Promise:
    """What the lead was promised; values that it does not have come from its source now."""
    source = config.sources[lead.sla_source_id or lead.source_id]
    target = source.sla_target if lead.sla_target is None else lead.sla_target
    rule = lead.sla_clock or source.sla_clock
    hours = calling_hours.calendars(config, source.pk) if rule == sla_clock.OPEN else None
    return Promise(source.pk, timedelta(seconds=target), rule, hours)
