"""What this weekday usually brings by this time of day, to compare today with.

The usual value of a figure is its median over the same weekday in the last eight weeks. It covers
the leads submitted by the same time of day, with their results as of now. Days before the first one
with leads are left out, as are days on which the figure has no value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from statistics import median

from django.db.models import Q
from django.utils import timezone

from callbacks.common.shared_reading import SharedReading
from callbacks.reports.date_ranges import Days, midnight
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import Measure
from callbacks.reports.queries import figures
from leads.models import Lead

WEEKS = 8
# Minutes: the time of day is rounded down to a multiple of this, so that the past is read once per
# step, however often the page asks.
STEP = 5
# Seconds that a reading is kept; leads of those days may change meanwhile.
KEPT_FOR = 300.0
# Seconds that a page waits for another page that reads.
_PATIENCE = 1.0


@dataclass(frozen=True)
class Usual:
    """Medians by the measure's key; None where no day has a value.

    `until`: the time of day up to which leads count. `days`: how many days, from the first one with
    leads.
    """

    until: time
    days: int
    values: dict[str, float | None]


_Key = tuple[date, time, tuple[str, ...]]  # the day, `until`, and the keys of the measures
_shared = SharedReading[_Key, Usual](_PATIENCE)


def usual(measures: Iterable[Measure], now: datetime) -> Usual:
    """In the site's time zone. One query, which reads the leads of eight days by an index; none
    while a reading of the same step is kept. `measures` must include MEASURES["leads"].

    Raises StillReading.
    """
    measures = tuple(measures)
    local = timezone.localtime(now)
    until = time(local.hour, local.minute - local.minute % STEP)
    key = (local.date(), until, tuple(it.key for it in measures))
    return _shared.get(key, KEPT_FOR, lambda: _read(local.date(), until, measures, now))


def forget() -> None:
    """Makes the next call read from the database."""
    _shared.forget()


def _read(today: date, until: time, measures: tuple[Measure, ...], now: datetime) -> Usual:
    zone = timezone.get_current_timezone()
    days = [today - timedelta(weeks=number) for number in range(WEEKS, 0, -1)]
    until_then = [
        Q(
            submitted_at__gte=midnight(day, zone),
            submitted_at__lt=datetime.combine(day, until, zone),
        )
        for day in days
    ]
    table = figures(
        Asked(Days(days[0], days[-1])),
        measures,
        GROUPINGS["day"],
        now=now,
        leads=Lead.objects.filter(reduce(or_, until_then)).order_by(),
    )
    rows = [row for row in table.rows if row.key in days]
    while rows and not rows[0]["leads"].leads:
        rows.pop(0)
    values: dict[str, float | None] = {}
    for it in measures:
        known = [row[it.key].value for row in rows]
        seen = [value for value in known if value is not None]
        values[it.key] = median(seen) if seen else None
    return Usual(until, len(rows), values)
