"""Short ways to write calendars, and a figure that only tests use."""

from datetime import datetime, time, timedelta

from callbacks.opening_hours.calendar import (
    Calendar,
    Hours,
    open_intervals,
)

MINUTE = timedelta(minutes=1)


def open_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    """The open time between two instants, as the sum of the open intervals."""
    return sum((b - a).total_seconds() for a, b in open_intervals(calendar, start, end))


def hours(text: str) -> Hours:
    opens_at, closes_at = text.split("-")
    return Hours(time.fromisoformat(opens_at), time.fromisoformat(closes_at))


def calendar(*days: tuple[int, str], zone: str = "Asia/Jerusalem", **more: object) -> Calendar:
    """calendar((0, "09:00-13:00 14:00-18:00"), ...): 0 is Monday."""
    week = {weekday: [hours(each) for each in text.split()] for weekday, text in days}
    return Calendar(zone, week, **more)  # type: ignore[arg-type]
