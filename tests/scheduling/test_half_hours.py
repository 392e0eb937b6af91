"""Other questions about calling hours: when they end, their half hours, and their rates."""

from datetime import UTC, datetime, time

import pytest

from callbacks.opening_hours.calendar import Calendar, Hours
from callbacks.scheduling import calling_hours
from callbacks.scheduling.opening_turns import added_up
from tests.scheduling.routing_configs import DAYTIME, ISRAEL, at, config, office, times


@pytest.mark.parametrize(
    ("calendars", "window", "closes"),
    [
        ([office()], None, "2026-11-23 17:00"),
        ([office(), office(closes=19)], None, "2026-11-23 19:00"),
        ([office(), None], None, None),
        ([office(), None], DAYTIME, "2026-11-23 20:00"),
        ([office()], (time(8), time(16)), "2026-11-23 16:00"),
    ],
)
def test_when_what_is_open_is_over(
    calendars: list[Calendar | None], window: tuple[time, time] | None, closes: str | None
) -> None:
    found = calling_hours.closes_at(
        config(*calendars, window=window), 1, ISRAEL, at("2026-11-23 12:00")
    )
    assert found == (at(closes) if closes else None)


def test_the_half_hours_of_the_teams_within_the_window() -> None:
    two = config(
        office(opens=9, closes=11), office(opens=10, closes=12), window=(time(9, 30), time(20))
    )
    assert times(two, "2026-11-23 08:00", "2026-11-24 10:00") == [
        "Mon 09:30", "Mon 10:00", "Mon 10:30", "Mon 11:00", "Mon 11:30", "Tue 09:30",
    ]  # fmt: skip


def test_half_hours_are_those_of_the_teams_own_clock() -> None:
    nepal = config(Calendar("Asia/Kathmandu", {0: [Hours(time(9), time(10))]}))
    found = list(calling_hours.half_hours(nepal, 1, at("2026-11-23 00:00"), at("2026-11-24 00:00")))
    assert [f"{it:%H:%M}" for it in found] == ["09:00", "09:30"]
    assert found[0].astimezone(UTC) == datetime(2026, 11, 23, 3, 15, tzinfo=UTC)


def test_a_night_in_which_the_clock_goes_back_has_more_half_hours() -> None:
    night = config(Calendar("Asia/Jerusalem", {6: [Hours(time(0), time(3))]}))
    found = list(calling_hours.half_hours(night, 1, at("2026-10-25 00:00"), at("2026-10-25 03:00")))
    assert [f"{it:%H:%M %Z}" for it in found] == [
        "00:00 IDT", "00:30 IDT", "01:00 IDT", "01:30 IDT",
        "01:00 IST", "01:30 IST", "02:00 IST", "02:30 IST",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rates", "together"), [([], None), ([None], None), ([2], 2), ([2, 3], 5), ([2, None], None)]
)
def test_rates_of_teams_that_open_together_are_added_up(
    rates: list[int | None], together: int | None
) -> None:
    assert added_up(rates) == together
