"""When a visitor who is about to ask for a call would be called, as far as is known then."""

from datetime import datetime

from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import call_times
from callbacks.scheduling.next_call import next_call
from callbacks.spending import limits
from leads.models import LeadSource
from leads.ports import Soonest


def of(current: RoutingConfig, source: LeadSource, now: datetime) -> Soonest:
    """For a request through this source, whose number is not known yet. Reserves nothing.

    A country's limits count if the source accepts only that country.
    """
    times = call_times.reading(current, source.pk, "")
    plan = next_call(times, now)
    soonest = plan.call_after or now
    country = source.allowed_countries[0] if len(source.allowed_countries) == 1 else ""
    used_up = [it for it in limits.standings(now) if it.is_used_up]
    ends = [it.ends_at for it in used_up if it.concerns(source.pk, country)]
    if ends and max(ends) > soonest:
        return Soonest(times.next_time(max(ends)) or max(ends), is_full=True)
    # Others have taken all turns of the next opening, so this lead is called at a later one.
    return Soonest(soonest, is_full=plan.closed_until not in {None, plan.opens_at})
