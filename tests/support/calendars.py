"""Figures about a calendar that only tests ask for."""

from datetime import datetime

from callbacks.opening_hours.calendar import Calendar, open_intervals


def open_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    """The open time between two instants, as the sum of the open intervals."""
    return sum((b - a).total_seconds() for a, b in open_intervals(calendar, start, end))
