"""The causes of the late leads of some days: seconds and leads of each, and when and where."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from callbacks.lateness.explained import Cause, Lateness, of_leads
from callbacks.reports.filters import Asked
from callbacks.routing import config as routing_config
from leads import sla
from leads.models import Lead

# How many leads are explained at once.
_AT_ONCE = 500


class TooManyLate(Exception):  # noqa: N818  # said to a person
    """There are more late leads than can be explained in the time."""


@dataclass
class CauseSum:
    """What one cause took. `hours`: seconds by the local hour of the due time. `teams`: seconds by
    the team that answers first.
    """

    cause: Cause
    after: str
    seconds: float = 0.0
    leads: list[int] = field(default_factory=list)
    hours: Counter[int] = field(default_factory=Counter)
    teams: Counter[int] = field(default_factory=Counter)

    @property
    def key(self) -> str:
        """ "busy", "retry:provider_error": for an address."""
        return f"{self.cause.value}:{self.after}" if self.after else self.cause.value


@dataclass(frozen=True)
class Causes:
    """Of late leads: their ids, their total lateness, and their causes, the largest first."""

    leads: tuple[int, ...]
    seconds: float
    by_cause: tuple[CauseSum, ...]


def causes(
    asked: Asked, now: datetime, *, most: int, progress: Callable[[int, int], None]
) -> Causes:
    """The causes of all leads asked for that are late at `now`.

    Raises TooManyLate if there are more than `most`.
    """
    found = asked.leads().filter(sla.late(now)).order_by("submitted_at", "pk")
    ids = list(found.values_list("pk", flat=True)[: most + 1])
    if len(ids) > most:
        raise TooManyLate
    sums: dict[tuple[Cause, str], CauseSum] = {}
    whose: list[int] = []
    seconds = 0.0
    for start in range(0, len(ids), _AT_ONCE):
        leads = {it.pk: it for it in Lead.objects.filter(pk__in=ids[start : start + _AT_ONCE])}
        late = of_leads(list(leads.values()), now)
        for its in late.values():
            whose.append(its.lead_id)
            seconds += its.took.total_seconds()
            _add(sums, leads[its.lead_id], its, asked)
        progress(min(start + _AT_ONCE, len(ids)), len(ids))
    ordered = sorted(sums.values(), key=lambda it: (-it.seconds, it.key))
    return Causes(tuple(whose), seconds, tuple(ordered))


def _add(sums: dict[tuple[Cause, str], CauseSum], lead: Lead, late: Lateness, asked: Asked) -> None:
    hour = lead.due_at.astimezone(asked.tz).hour
    teams = routing_config.current().teams_for(lead.source_id)
    for part in late.parts:
        its = sums.setdefault((part.cause, part.after), CauseSum(part.cause, part.after))
        took = part.took.total_seconds()
        its.seconds += took
        its.leads.append(lead.pk)
        its.hours[hour] += round(took)
        if teams:
            its.teams[teams[0].pk] += round(took)


def worst_hours(hours: Counter[int], width: int = 2) -> tuple[int, int]:
    """The `width` hours in a row with the most seconds: their first hour, and the hour they end."""
    start = max(range(25 - width), key=lambda it: sum(hours[it + n] for n in range(width)))
    return start, start + width
