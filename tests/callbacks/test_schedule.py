"""Opening hours, at their edges and on the nights the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.schedule import Hours, WeeklyHours, is_open, next_opening

JERUSALEM = ZoneInfo("Asia/Jerusalem")
SUNDAY_TO_THURSDAY = tuple(
    hours
    for weekday in (6, 0, 1, 2, 3)
    for hours in (Hours(weekday, time(9), time(13)), Hours(weekday, time(14), time(18)))
)
OFFICE = WeeklyHours("Asia/Jerusalem", SUNDAY_TO_THURSDAY)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JERUSALEM)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23 09:00", True),
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 12:59:59", True),
        ("2026-11-23 13:00", False),
        ("2026-11-23 13:30", False),
        ("2026-11-23 14:00", True),
        ("2026-11-23 18:00", False),
        ("2026-11-27 10:00", False),
        ("2026-11-29 10:00", True),
    ],
)
def test_it_is_open_from_the_opening_to_just_before_the_closing(at: str, expected: bool) -> None:
    assert is_open(OFFICE, local(at)) is expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-23 07:00", "2026-11-23 09:00"),
        ("2026-11-23 10:00", "2026-11-23 10:00"),
        ("2026-11-23 13:00", "2026-11-23 14:00"),
        ("2026-11-26 18:00", "2026-11-29 09:00"),
    ],
)
def test_the_next_opening(after: str, expected: str) -> None:
    assert next_opening(OFFICE, local(after)) == local(expected)


def test_midnight_closes_the_day_and_whole_days_join() -> None:
    days = tuple(Hours(weekday, time(0), time(0)) for weekday in range(7))
    always = WeeklyHours("Asia/Jerusalem", days)
    assert is_open(always, local("2026-11-23 00:00"))
    assert is_open(always, local("2026-11-23 23:59:59.999"))


def test_once_a_week_is_found_from_just_after_its_closing() -> None:
    weekly = WeeklyHours("Asia/Jerusalem", (Hours(0, time(9), time(10)),))
    assert next_opening(weekly, local("2026-11-23 10:00")) == local("2026-11-30 09:00")


def test_it_never_opens_without_hours() -> None:
    assert next_opening(WeeklyHours("Asia/Jerusalem", ()), local("2026-11-23 10:00")) is None


def test_an_opening_in_the_hour_that_does_not_exist_moves_on_by_the_gap() -> None:
    # In Israel 02:00 became 03:00 on Friday 27 March 2026.
    night = WeeklyHours("Asia/Jerusalem", (Hours(4, time(2, 30), time(6)),))
    opening = next_opening(night, datetime(2026, 3, 26, 22, 0, tzinfo=UTC))
    assert opening == datetime(2026, 3, 27, 0, 30, tzinfo=UTC)


def test_an_opening_in_the_hour_that_exists_twice_is_the_first() -> None:
    # 02:00 became 01:00 on Sunday 25 October 2026.
    night = WeeklyHours("Asia/Jerusalem", (Hours(6, time(1, 30), time(6)),))
    opening = next_opening(night, datetime(2026, 10, 24, 21, 0, tzinfo=UTC))
    assert opening == datetime(2026, 10, 24, 22, 30, tzinfo=UTC)


hours_of_a_day = st.tuples(st.integers(0, 6), st.integers(0, 22), st.integers(1, 23)).map(
    lambda t: Hours(t[0], time(t[1]), time(min(t[1] + t[2], 23)))
)
instants = st.datetimes(
    datetime(2024, 1, 1),
    datetime(2029, 1, 1),
    timezones=st.just(UTC),
)


@given(
    st.lists(hours_of_a_day, max_size=6),
    instants,
    st.sampled_from(["Asia/Jerusalem", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    hours: list[Hours], after: datetime, zone: str
) -> None:
    schedule = WeeklyHours(zone, tuple(hours))
    opening = next_opening(schedule, after)
    if opening is None:
        assert not any(is_open(schedule, after + timedelta(hours=h)) for h in range(8 * 24))
        return
    assert is_open(schedule, opening)
    step = timedelta(minutes=30)
    between = after
    while between < opening:
        assert not is_open(schedule, between)
        between += step
