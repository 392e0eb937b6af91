"""What the same weekday usually has brought by the same time of day: what today is held against.

A figure's usual value is the median of the same figure on the last eight days of that weekday, of
the leads that were submitted by the same time of day, as they have turned out since. The days
before the first one with leads are none of them, nor are days that have nothing to tell the figure
from.
"""

import time as clocks
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from statistics import median
from threading import Lock

from django.db.models import Q
from django.utils import timezone

from callbacks.reports.date_ranges import Days, midnight
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import Measure
from callbacks.reports.queries import figures
from leads.models import Lead

WEEKS = 8
# Minutes: "the same time of day" is the last one that they divide. So the past is read once in so
# many minutes, however often the page asks.
STEP = 5
# Seconds that a reading is kept: a lead of those days may have changed since.
KEPT_FOR = 300.0


@dataclass(frozen=True)
class Usual:
    """Medians by the measure's key, None where there is nothing to tell one from.

    `until`: the time of day up to which leads count. `days`: how many, from the first with leads.
    """

    until: time
    days: int
    values: dict[str, float | None]


def usual(measures: Iterable[Measure], now: datetime) -> Usual:
    """By the site's time zone. One query, which reads the leads of eight days by an index; none
    while the last reading of the same minutes is kept. `measures`: MEASURES["leads"] is one.
    """
    measures = tuple(measures)
    local = timezone.localtime(now)
    until = time(local.hour, local.minute - local.minute % STEP)
    return _kept.get((local.date(), until, tuple(it.key for it in measures)), measures, now)


def forget() -> None:
    """Has the next caller read anew."""
    _kept.forget()


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


class _Kept:
    """The last reading of this process: the time on the monotonic clock, of what, and what."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[float, object, Usual] | None = None

    def get(
        self, key: tuple[date, time, tuple[str, ...]], measures: tuple[Measure, ...], now: datetime
    ) -> Usual:
        with self._lock:
            last = self._last
            if last and last[1] == key and clocks.monotonic() - last[0] < KEPT_FOR:
                return last[2]
            read_at = clocks.monotonic()
            found = _read(key[0], key[1], measures, now)
            self._last = read_at, key, found
            return found

    def forget(self) -> None:
        with self._lock:
            self._last = None


_kept = _Kept()
