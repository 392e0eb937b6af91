"""Opening hours compared with brute force: ten years, minute by minute, in six zones.

`make nightly` compares every minute of the ten years. `make test` compares all days on which the
clocks change and some random days, which are the same in every run.

The expected result comes from a clock on the wall alone: it is open while the time that the clock
shows, if it never went back, is within the hours of a day. None of the code under test is used.
"""

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from holidays import country_holidays
from hypothesis import settings

from callbacks.opening_hours.calendar import (
    Calendar,
    Hours,
    is_open,
    next_closing,
    next_new_opening,
    next_opening,
    open_intervals,
)
from tests.support.calendars import open_seconds

EVERY_MINUTE = settings.get_current_profile_name() == "nightly"
DAYS_BY_LOT = 15
FIRST, LAST = date(2020, 1, 1), date(2029, 12, 31)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# How far the expected result goes on after a compared day, for what comes next.
AHEAD = timedelta(days=2)

ZONES = {
    "Asia/Jerusalem": "IL",
    "Europe/London": "GB",
    "America/New_York": "US",
    "Australia/Lord_Howe": "AU",  # changes by half an hour
    "Asia/Tokyo": "JP",  # never changes
    # Here the hour that does not exist is the one after midnight.
    "Africa/Cairo": "EG",
}


def hours(text: str) -> list[Hours]:
    pairs = [each.split("-") for each in text.split()]
    return [Hours(time.fromisoformat(a), time.fromisoformat(b)) for a, b in pairs]


def office(zone: str) -> Calendar:
    """Lunch breaks, a night that ends on the next day, a country's holidays and their eves."""
    week = {day: hours("09:00-13:00 14:00-18:00") for day in (6, 0, 1, 2)}
    week |= {3: hours("09:00-13:00 22:00-02:30"), 4: hours("09:00-13:00"), 5: hours("20:15-23:45")}
    return Calendar(zone, week, exceptions(), ZONES[zone], time(12))


def nights(zone: str) -> Calendar:
    """Hours that begin, end and lie where the clocks change. Sunday's overlap each other and
    Monday's, which nobody can enter but may be stored.
    """
    every = "00:00-00:45 01:10-01:30 01:45-02:00 02:10-02:20 02:30-03:15 23:30-00:00"
    week = {day: hours(every) for day in range(7)}
    return Calendar(zone, week | {6: hours(f"{every} 22:00-02:10")}, exceptions())


@cache
def exceptions() -> dict[date, list[Hours]]:
    """Closed days and other hours, some of them past midnight, on random days."""
    lot = random.Random(5)
    kinds = ["", "10:00-12:00", "00:00-00:00", "21:00-01:30", "01:15-02:15 02:45-03:30"]
    ten_years = (LAST - FIRST).days
    return {
        FIRST + timedelta(days=lot.randrange(ten_years)): hours(lot.choice(kinds))
        for _ in range(400)
    }


@dataclass(frozen=True)
class Expected:
    """Every minute from `start`: open (1) or closed (0), and the minutes at which that changes."""

    start: datetime
    opened: bytes
    openings: Sequence[int]
    closings: Sequence[int]

    def at(self, minute: int) -> datetime:
        return self.start + minute * MINUTE

    def next(self, changes: Sequence[int], minute: int) -> datetime | None:
        """The first of `changes` from `minute` on; None if there is none before the end."""
        place = bisect_left(changes, minute)
        return self.at(changes[place]) if place < len(changes) else None


def brute_force(calendar: Calendar, start: datetime, end: datetime) -> Expected:
    """The expected result between two instants, which are whole minutes."""
    zone = ZoneInfo(calendar.time_zone)
    shown_open: set[datetime] = set()  # the times that the clock on the wall shows while it is open
    for at, closes in on_paper(calendar, start.date() - 3 * DAY, end.date() + 2 * DAY):
        while at < closes:
            shown_open.add(at)
            at += MINUTE  # noqa: PLW2901  # the next one
    opened = bytearray()
    now, wall = start - timedelta(hours=30), datetime(1, 1, 1)
    while now < end:
        wall = max(wall, now.astimezone(zone).replace(tzinfo=None))
        if now >= start:
            opened.append(wall in shown_open)
        now += MINUTE
    changes = [n for n in range(1, len(opened)) if opened[n] != opened[n - 1]]
    return Expected(
        start,
        bytes(opened),
        [n for n in changes if opened[n]],
        [n for n in changes if not opened[n]],
    )


def on_paper(calendar: Calendar, day: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """The hours of these days, as if no clock ever changed."""
    years = range(FIRST.year - 1, LAST.year + 2)
    closed_on = holidays_of(calendar.holidays_of, years) if calendar.holidays_of else frozenset()
    while day <= last:
        until = None
        if day in calendar.exceptions:
            todays: Sequence[Hours] = calendar.exceptions[day]
        elif day in closed_on:
            todays = ()
        else:
            todays = calendar.week.get(day.weekday(), ())
            is_eve = day + DAY in closed_on and is_closed(calendar, day + DAY, closed_on)
            until = calendar.eve_closes_at if is_eve else None
        following = day + DAY
        for each in todays:
            opens, closes = (datetime.combine(day, it) for it in (each.opens_at, each.closes_at))
            if closes <= opens:
                closes += DAY
                if is_closed(calendar, following, closed_on):
                    closes = datetime.combine(following, time(0))
            if until:
                closes = min(closes, datetime.combine(day, until))
            yield opens, closes
        day = following


def is_closed(calendar: Calendar, day: date, holidays: frozenset[date]) -> bool:
    """Whether the whole day is closed: by an exception, or as a holiday without one."""
    return not calendar.exceptions.get(day, day not in holidays)


@cache
def holidays_of(country: str, years: range) -> frozenset[date]:
    return frozenset(country_holidays(country, years=years))


def periods(zone: str) -> Iterator[tuple[datetime, datetime]]:
    """The periods to compare: the whole ten years, or single days."""
    start = datetime.combine(FIRST, time(0), UTC)
    days = (LAST - FIRST).days
    if EVERY_MINUTE:
        yield start, start + days * DAY
        return
    lot = random.Random(zone)
    chosen = {lot.randrange(days) for _ in range(DAYS_BY_LOT)}
    local = ZoneInfo(zone)
    for day in range(days):
        at = start + day * DAY
        if at.astimezone(local).utcoffset() != (at + DAY).astimezone(local).utcoffset():
            chosen.add(day)
    yield from ((start + day * DAY, start + (day + 1) * DAY) for day in sorted(chosen))


def compare(calendar: Calendar, start: datetime, end: datetime, lot: random.Random) -> None:
    expected = brute_force(calendar, start, end + AHEAD)
    whole = len(expected.opened)
    found = bytearray(whole)
    for opens, closes in open_intervals(calendar, start, expected.at(whole)):
        first, last = ((it - start) / MINUTE for it in (opens, closes))
        assert first == int(first), opens
        assert last == int(last), closes
        found[int(first) : int(last)] = b"\1" * int(last - first)
    assert found == expected.opened
    minutes = (end - start) // MINUTE
    if EVERY_MINUTE:
        for minute in range(minutes):
            assert is_open(calendar, expected.at(minute)) == expected.opened[minute], minute
    before = [0]  # the number of open minutes before each minute
    for opened in expected.opened:
        before.append(before[-1] + opened)
    # Random minutes, and those around some changes.
    near = lot.sample(changes := [*expected.openings, *expected.closings], min(len(changes), 5000))
    asked = {lot.randrange(minutes) for _ in range(max(minutes // 180, 5))}
    asked |= {n + offset for n in near for offset in (-1, 0, 1) if 0 <= n + offset < minutes}
    for minute in sorted(asked):
        ask(calendar, expected, minute)
        later = lot.randrange(minute, min(minute + 5 * 1440, whole))
        seconds = open_seconds(calendar, expected.at(minute), expected.at(later))
        assert seconds == (before[later] - before[minute]) * 60


def ask(calendar: Calendar, expected: Expected, minute: int) -> None:
    """Compares every answer about one minute, unless it lies beyond what was worked out."""
    at, is_now = expected.at(minute), bool(expected.opened[minute])
    opening = at if is_now else expected.next(expected.openings, minute)
    closing = expected.next(expected.closings, minute) if is_now else at
    opens_anew = expected.next(expected.openings, minute)
    assert is_open(calendar, at) is is_now, at
    if opening:
        assert next_opening(calendar, at) == opening
    if closing:
        assert next_closing(calendar, at) == closing
    if opens_anew and minute:
        assert next_new_opening(calendar, at) == opens_anew


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("of", [office, nights])
def test_ten_years_minute_by_minute(of: Callable[[str], Calendar], zone: str) -> None:
    lot = random.Random(zone)
    compared = 0
    for start, end in periods(zone):
        compare(of(zone), start, end, lot)
        compared += 1
    assert compared == 1 if EVERY_MINUTE else compared >= DAYS_BY_LOT - 2


def test_the_brute_force_itself_sees_the_clocks_change() -> None:
    """Otherwise the brute force would agree with code that ignores the change."""

    def was_open(*texts: str) -> list[bool]:
        instants = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]
        found = brute_force(nights("Asia/Jerusalem"), instants[0] - DAY, instants[-1] + DAY)
        return [bool(found.opened[(at - found.start) // MINUTE]) for at in instants]

    # On 27 March 2026, 02:00 became 03:00: 02:10-02:20 does not exist, 02:30-03:15 begins at 03:00.
    assert was_open("2026-03-26 23:44", "2026-03-26 23:45", "2026-03-26 23:59") == [0, 1, 1]
    assert was_open("2026-03-27 00:00", "2026-03-27 00:14", "2026-03-27 00:15") == [1, 1, 0]
    # On 25 October 2026, 02:00 became 01:00: 01:10-01:30 is open once, 01:45-02:00 is longer.
    assert was_open("2026-10-24 22:09", "2026-10-24 22:10", "2026-10-24 22:30") == [0, 1, 0]
    assert was_open("2026-10-24 22:44", "2026-10-24 22:45", "2026-10-24 23:59") == [0, 1, 1]
    assert was_open("2026-10-25 00:00", "2026-10-25 00:10") == [0, 1]
