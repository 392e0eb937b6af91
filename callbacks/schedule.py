"""Opening hours: pure rules over weekly hours in a time zone. Knows no database and no clock.

Rules are local ("Monday nine to five"), instants are absolute: every function takes and returns
aware datetimes, and converts at the edge. On the night the clocks change, an opening time that
does not exist moves on by the gap, and one that exists twice means the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MIDNIGHT = time(0)


@dataclass(frozen=True)
class Hours:
    """One interval of a weekday (0 Monday ... 6 Sunday), local time. 00:00 closes at midnight."""

    weekday: int
    opens_at: time
    closes_at: time


@dataclass(frozen=True)
class WeeklyHours:
    """Opening hours that repeat every week, in the IANA zone `time_zone`."""

    time_zone: str
    hours: tuple[Hours, ...]


def is_open(schedule: WeeklyHours, at: datetime) -> bool:
    """Whether it is open at the instant `at`; the closing instant itself is closed."""
    return any(start <= at < end for start, end in _intervals_around(schedule, at))


def next_opening(schedule: WeeklyHours, after: datetime) -> datetime | None:
    """The first instant at or after `after` that is open; None for one that never opens."""
    ends = [max(start, after) for start, end in _intervals_around(schedule, after) if end > after]
    return min(ends, default=None)


def _intervals_around(schedule: WeeklyHours, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The intervals from the day before `at` to a week after it, in UTC, empty ones left out."""
    zone = ZoneInfo(schedule.time_zone)
    today = at.astimezone(zone).date()
    for offset in range(-1, 9):
        day = today + timedelta(days=offset)
        for hours in schedule.hours:
            if hours.weekday != day.weekday():
                continue
            start = _instant(day, hours.opens_at, zone)
            closes_next_day = hours.closes_at == _MIDNIGHT
            end_day = day + timedelta(days=1) if closes_next_day else day
            end = _instant(end_day, hours.closes_at, zone)
            if start < end:
                yield start, end


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Local time -> UTC. fold=0: the first of two; a time in the gap comes out after it."""
    return datetime.combine(day, at, zone).astimezone(UTC)
