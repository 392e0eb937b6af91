"""Any calendar, and each night on which the clocks change, compared with a count by minutes."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks.opening_hours.calendar import (
    Calendar,
    Hours,
    is_open,
    next_opening,
    open_intervals,
)
from tests.support.calendars import MINUTE, calendar, open_seconds

ZONES = (
    "Asia/Jerusalem",
    "America/New_York",
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Casablanca",  # changes twice more, for Ramadan
    "UTC",
)
YEARS = range(2020, 2030)


def brute_force(
    schedule: Calendar, start: datetime, minutes: int
) -> Iterator[tuple[datetime, bool]]:
    """Minute by minute: open while the wall clock, if it never went back, is within an interval.

    Uses only the hours of each day, and none of the code under test. No holidays.
    """
    zone = ZoneInfo(schedule.time_zone)
    first_day = start.astimezone(zone).date() - timedelta(days=2)
    intervals: list[tuple[datetime, datetime]] = []
    for offset in range(minutes // 1440 + 6):
        day = first_day + timedelta(days=offset)
        following = datetime.combine(day, time(0)) + timedelta(days=1)
        for each in schedule.exceptions.get(day, schedule.week.get(day.weekday(), ())):
            opens, closes = (datetime.combine(day, at) for at in (each.opens_at, each.closes_at))
            closes += timedelta(minutes=closes.time() == time(23, 59))
            if closes <= opens:
                closes += timedelta(days=1)
                if schedule.exceptions.get(following.date()) == []:
                    closes = following
            intervals.append((opens, closes))
    wall = datetime(YEARS[0], 1, 1) - timedelta(days=9)  # what a clock on the wall shows
    for minute in range(-120, minutes):
        at = start + minute * MINUTE
        wall = max(wall, at.astimezone(zone).replace(tzinfo=None))
        if minute >= 0:
            yield at, any(opens <= wall < closes for opens, closes in intervals)


def changes_of(zone: str) -> Iterator[datetime]:
    """The hours in ten years in which the zone's offset changes."""
    hours_of_ten_years = (
        datetime(YEARS[0], 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(24 * 3653)
    )
    for before, after in pairwise(hours_of_ten_years):
        if (
            before.astimezone(ZoneInfo(zone)).utcoffset()
            != after.astimezone(ZoneInfo(zone)).utcoffset()
        ):
            yield before


def compare(schedule: Calendar, start: datetime, minutes: int) -> None:
    expected = list(brute_force(schedule, start, minutes))
    found = list(open_intervals(schedule, start, start + minutes * MINUTE))
    for at, opened in expected:
        assert is_open(schedule, at) is opened, at
        assert any(a <= at < b for a, b in found) is opened, at
    total = sum(opened for _, opened in expected)
    assert open_seconds(schedule, start, start + minutes * MINUTE) == total * 60
    opening = next((at for at, opened in expected if opened), None)
    if opening:
        assert next_opening(schedule, start) == opening


# Clocks change in the early hours. Whole minutes only: nothing else can be entered.
times = st.builds(time, st.integers(0, 5) | st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
intervals = (
    st.tuples(times, times)
    .filter(lambda t: t[0] != t[1] or t[0] == time(0))
    .map(lambda t: Hours(*t))
)
calendars = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    st.dictionaries(st.integers(0, 6), st.lists(intervals, max_size=3), max_size=7),
)


@pytest.mark.parametrize("zone", ZONES)
def test_every_night_the_clocks_change_in_ten_years(zone: str) -> None:
    early = "00:00-01:30 01:45-02:00 02:10-02:20 02:30-03:15 22:30-00:30"
    schedule = calendar(*((weekday, early) for weekday in range(7)), zone=zone)
    changes = list(changes_of(zone))
    assert (zone == "UTC") is (not changes)
    for change in changes:
        compare(schedule, change - timedelta(hours=3), 8 * 60)


@settings(max_examples=60)
@given(
    calendars,
    st.datetimes(datetime(YEARS[0], 1, 1), datetime(YEARS[-1], 12, 28), timezones=st.just(UTC)),
    st.lists(st.tuples(st.integers(-1, 3), st.lists(intervals, max_size=2)), max_size=3),
)
def test_any_calendar_against_brute_force(
    schedule: Calendar, start: datetime, exceptions: list[tuple[int, list[Hours]]]
) -> None:
    start = start.replace(second=0, microsecond=0)
    days = {start.date() + timedelta(days=offset): hours for offset, hours in exceptions}
    compare(Calendar(schedule.time_zone, schedule.week, days), start, 2 * 1440)
