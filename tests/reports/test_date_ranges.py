from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.reports.date_ranges import Days, last_days

JERUSALEM = ZoneInfo("Asia/Jerusalem")


def test_a_day_begins_at_local_midnight() -> None:
    start, end = Days(date(2026, 1, 5), date(2026, 1, 5)).bounds(JERUSALEM)
    assert start == datetime(2026, 1, 4, 22, tzinfo=UTC)
    assert end == datetime(2026, 1, 5, 22, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 27), 23), (date(2026, 10, 25), 25)])
def test_a_day_is_shorter_or_longer_when_the_clocks_change(day: date, hours: int) -> None:
    start, end = Days(day, day).bounds(JERUSALEM)
    assert end - start == timedelta(hours=hours)


def test_a_day_without_a_midnight_begins_at_its_first_instant() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # 2026-03-29 begins at 01:00
    start, _end = Days(date(2026, 3, 29), date(2026, 3, 29)).bounds(beirut)
    assert start.astimezone(beirut).date() == date(2026, 3, 29)
    assert (start - timedelta(seconds=1)).astimezone(beirut).date() == date(2026, 3, 28)


def test_last_days_end_today() -> None:
    today = date(2026, 3, 3)
    assert last_days(1, today) == Days(today, today)
    assert last_days(7, today) == Days(date(2026, 2, 25), today)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Asia/Jerusalem", "UTC", "America/New_York", "Pacific/Apia", "Asia/Beirut"]),
)
def test_every_instant_lies_in_the_day_that_the_clock_on_the_wall_shows(
    at: datetime, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    day = at.astimezone(zone).date()
    start, end = Days(day, day).bounds(zone)
    assert start <= at < end
