"""What a calendar comes to: the next seven days as a picture, and "now" in words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callbacks.schedule import (
    Calendar,
    is_holiday,
    is_open,
    next_closing,
    next_opening,
    open_intervals,
)

_DAYS = 7
_MINUTES = 24 * 60


@dataclass(frozen=True)
class Bar:
    """One open interval of a day: minutes of the wall clock from midnight, and its hours."""

    start: int
    length: int
    hours: str


@dataclass(frozen=True)
class Day:
    """One day of the picture. `now`: minutes from midnight, on the day it is today."""

    name: str
    note: str
    bars: tuple[Bar, ...]
    now: int | None

    @property
    def hours(self) -> str:
        """In words, for those who do not see the bars."""
        return ", ".join(bar.hours for bar in self.bars) or "closed"


@dataclass(frozen=True)
class Week:
    """The picture: `now` in words, the local time, and the days from today."""

    now: str
    clock: str
    days: tuple[Day, ...]


def picture(calendar: Calendar, at: datetime) -> Week:
    """The seven days from the local day of `at`."""
    local = at.astimezone(ZoneInfo(calendar.time_zone))
    days = tuple(
        _day(calendar, local.date() + timedelta(days=offset), local) for offset in range(_DAYS)
    )
    return Week(in_words(calendar, at), f"{local:%a %d %b, %H:%M} in {calendar.time_zone}", days)


def in_words(calendar: Calendar, at: datetime) -> str:
    """ "Open until 18:00.", "Closed until Sun 29 Nov 09:00.", "Never opens." and the like."""
    if is_open(calendar, at):
        closing = next_closing(calendar, at)
        return f"Open until {_when(calendar, closing, at)}." if closing else "Open round the clock."
    opening = next_opening(calendar, at)
    if opening is None:
        return "Never opens: it has no hours that are still to come."
    return f"Closed until {_when(calendar, opening, at)}."


def _day(calendar: Calendar, day: date, local: datetime) -> Day:
    zone = ZoneInfo(calendar.time_zone)
    start, end = (
        datetime.combine(it, time(0), zone).astimezone(UTC) for it in (day, day + timedelta(days=1))
    )
    bars = tuple(
        _bar(opens.astimezone(zone), closes.astimezone(zone), day)
        for opens, closes in open_intervals(calendar, start, end)
    )
    now = local.hour * 60 + local.minute if local.date() == day else None
    return Day(f"{day:%a %d %b}", _note(calendar, day), bars, now)


def _bar(opens: datetime, closes: datetime, day: date) -> Bar:
    start = opens.hour * 60 + opens.minute
    end = closes.hour * 60 + closes.minute if closes.date() == day else _MINUTES
    until = f"{closes:%H:%M}" if end < _MINUTES else "24:00"
    return Bar(start, max(end - start, 1), f"{opens:%H:%M}-{until}")


def _note(calendar: Calendar, day: date) -> str:
    if day in calendar.exceptions:
        return "exception"
    if is_holiday(calendar.holidays_of, day):
        return "holiday"
    if calendar.eve_closes_at and is_holiday(calendar.holidays_of, day + timedelta(days=1)):
        return "eve of a holiday"
    return ""


def _when(calendar: Calendar, instant: datetime, at: datetime) -> str:
    zone = ZoneInfo(calendar.time_zone)
    local, here = instant.astimezone(zone), at.astimezone(zone)
    if local.date() == here.date():
        return f"{local:%H:%M}"
    year = "" if local.year == here.year else f" {local:%Y}"
    return f"{local:%a %d %b}{year} {local:%H:%M}"
