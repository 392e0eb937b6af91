"""Opening hours: their edges, holidays, and the nights on which the clocks change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from callbacks.opening_hours.calendar import (
    Calendar,
    holes,
    is_holiday,
    is_open,
    next_closing,
    next_common_opening,
    next_new_opening,
    next_opening,
    open_intervals,
    overlaps,
    problem,
)
from tests.support.calendars import calendar, hours, open_seconds

JERUSALEM = ZoneInfo("Asia/Jerusalem")


def local(text: str, fold: int = 0) -> datetime:
    # In UTC, because Python never finds a repeated hour equal to the same time in another zone.
    return datetime.fromisoformat(text).replace(tzinfo=JERUSALEM, fold=fold).astimezone(UTC)


OFFICE = calendar(*((weekday, "09:00-13:00 14:00-18:00") for weekday in (6, 0, 1, 2, 3)))
ALWAYS = calendar(*((weekday, "00:00-00:00") for weekday in range(7)))
# Shabbat is part of the weekly hours, as managers enter them.
ISRAEL = calendar(
    *((weekday, "09:00-18:00") for weekday in (6, 0, 1, 2, 3)),
    (4, "09:00-13:00"),
    (5, "20:00-23:00"),
    holidays_of="IL",
    eve_closes_at=time(12),
)
NIGHT = calendar((3, "22:00-02:00"))


@pytest.mark.parametrize(
    ("name", "schedule", "at", "expected"),
    [
        ("the opening itself", OFFICE, "2026-11-23 09:00", True),
        ("just before", OFFICE, "2026-11-23 08:59:59.999999", False),
        ("just before the closing", OFFICE, "2026-11-23 12:59:59.999999", True),
        ("the closing itself", OFFICE, "2026-11-23 13:00", False),
        ("the lunch break", OFFICE, "2026-11-23 13:30", False),
        ("after lunch", OFFICE, "2026-11-23 14:00", True),
        ("the evening", OFFICE, "2026-11-23 18:00", False),
        ("Friday", OFFICE, "2026-11-27 10:00", False),
        ("Sunday", OFFICE, "2026-11-29 10:00", True),
        ("round the clock at midnight", ALWAYS, "2026-11-23 00:00", True),
        ("round the clock just before it", ALWAYS, "2026-11-23 23:59:59.999999", True),
        ("before midnight", NIGHT, "2026-11-26 23:59", True),
        ("past midnight", NIGHT, "2026-11-27 01:59", True),
        ("the end of the night", NIGHT, "2026-11-27 02:00", False),
        ("the small hours of the day it opens", NIGHT, "2026-11-26 01:00", False),
        ("a working day", ISRAEL, "2026-09-10 15:00", True),
        ("the eve of Rosh Hashanah, a Friday", ISRAEL, "2026-09-11 11:59", True),
        ("that eve, after its hour", ISRAEL, "2026-09-11 12:00", False),
        ("a Friday that is no eve", ISRAEL, "2026-09-18 12:30", True),
        ("Rosh Hashanah", ISRAEL, "2026-09-13 10:00", False),
        ("the eve of Yom Kippur, a Sunday", ISRAEL, "2026-09-20 12:30", False),
        ("after Shabbat", ISRAEL, "2026-09-19 21:00", True),
    ],
)
def test_is_open(name: str, schedule: Calendar, at: str, expected: bool) -> None:
    assert is_open(schedule, local(at)) is expected, name


@pytest.mark.parametrize(
    ("name", "schedule", "after", "expected"),
    [
        ("this morning", OFFICE, "2026-11-23 07:00", "2026-11-23 09:00"),
        ("now", OFFICE, "2026-11-23 10:00", "2026-11-23 10:00"),
        ("after lunch", OFFICE, "2026-11-23 13:00", "2026-11-23 14:00"),
        ("after the weekend", OFFICE, "2026-11-26 18:00", "2026-11-29 09:00"),
        ("once a week", calendar((0, "09:00-10:00")), "2026-11-23 10:00", "2026-11-30 09:00"),
        ("now, past midnight", NIGHT, "2026-11-27 01:00", "2026-11-27 01:00"),
        ("after two days of holiday", ISRAEL, "2026-09-11 12:00", "2026-09-14 09:00"),
        (
            "an exception a year from now",
            calendar(exceptions={date(2027, 11, 1): [hours("10:00-12:00")]}),
            "2026-11-23 07:00",
            "2027-11-01 10:00",
        ),
        ("never", calendar(), "2026-11-23 10:00", None),
        (
            "never, as all that is left are closed days",
            calendar(exceptions={date(2026, 12, 1): []}),
            "2026-11-23 10:00",
            None,
        ),
    ],
)
def test_next_opening(name: str, schedule: Calendar, after: str, expected: str | None) -> None:
    assert next_opening(schedule, local(after)) == (local(expected) if expected else None), name


def test_an_exception_counts_for_more_than_the_week_and_the_holiday() -> None:
    kippur, workday = date(2026, 9, 21), date(2026, 9, 22)
    changed = Calendar(
        ISRAEL.time_zone,
        ISRAEL.week,
        {kippur: [hours("20:00-22:00")], workday: []},
        ISRAEL.holidays_of,
        ISRAEL.eve_closes_at,
    )
    assert is_open(changed, local("2026-09-21 21:00"))
    assert not is_open(changed, local("2026-09-22 10:00"))


def test_a_closed_day_is_not_run_into_by_the_night_before() -> None:
    closed = calendar((3, "22:00-02:00"), exceptions={date(2026, 11, 27): []})
    assert is_open(closed, local("2026-11-26 23:30"))
    assert not is_open(closed, local("2026-11-27 00:00"))
    exception = calendar(
        (3, "22:00-02:00"), exceptions={date(2026, 11, 26): [hours("23:00-03:00")]}
    )
    assert is_open(exception, local("2026-11-27 02:30"))


KIPPUR, EVE = date(2026, 9, 21), "2026-09-20"
OPEN, CLOSED = [hours("10:00-14:00")], []


@pytest.mark.parametrize(
    ("name", "schedule", "at", "expected"),
    [
        ("the eve of a holiday", replace(ISRAEL), f"{EVE} 12:30", False),
        ("a holiday that an exception opens has none",
         replace(ISRAEL, exceptions={KIPPUR: OPEN}), f"{EVE} 12:30", True),
        ("a holiday that an exception closes has one",
         replace(ISRAEL, exceptions={KIPPUR: CLOSED}), f"{EVE} 12:30", False),
        ("a closed day that is no holiday has none",
         replace(ISRAEL, exceptions={date(2026, 9, 9): CLOSED}), "2026-09-08 12:30", True),
        ("the first day of two, opened, is no eve",
         replace(ISRAEL, exceptions={date(2026, 9, 12): OPEN}), "2026-09-12 13:00", True),
        ("a night goes on into an exception with hours",
         replace(NIGHT, exceptions={date(2026, 11, 27): OPEN}), "2026-11-27 01:30", True),
        ("and ends at its own hour",
         replace(NIGHT, exceptions={date(2026, 11, 27): OPEN}), "2026-11-27 02:00", False),
        ("and the exception opens at its own",
         replace(NIGHT, exceptions={date(2026, 11, 27): OPEN}), "2026-11-27 10:00", True),
        ("a night goes on into a holiday that an exception opens",
         calendar((6, "22:00-02:00"), holidays_of="IL", exceptions={KIPPUR: OPEN}),
         "2026-09-21 01:30", True),
        ("a night ends as a holiday begins",
         calendar((6, "22:00-02:00"), holidays_of="IL"), "2026-09-21 00:00", False),
        ("an exception's night goes on into another exception with hours",
         replace(NIGHT, exceptions={
             date(2026, 11, 28): [hours("23:00-03:00")], date(2026, 11, 29): OPEN}),
         "2026-11-29 02:30", True),
        ("the last minute of a day to 23:59",
         calendar((3, "00:00-23:59")), "2026-11-26 23:59:30", True),
        ("midnight after a day to 23:59", calendar((3, "00:00-23:59")), "2026-11-27 00:00", False),
        ("the last minute of an evening to 23:59",
         calendar((3, "18:00-23:59")), "2026-11-26 23:59:30", True),
        ("the last minute of an exception to 23:59",
         calendar(exceptions={date(2026, 11, 26): [hours("18:00-23:59")]}),
         "2026-11-26 23:59:30", True),
        ("the last minute of an eve to 23:59",
         replace(ALWAYS, holidays_of="IL", eve_closes_at=time(23, 59)), f"{EVE} 23:59:30", True),
    ],
)  # fmt: skip
def test_eves_exceptions_and_last_minutes(
    name: str, schedule: Calendar, at: str, expected: bool
) -> None:
    assert is_open(schedule, local(at)) is expected, name


def test_days_to_23_59_are_round_the_clock() -> None:
    every_day = calendar(*((weekday, "00:00-23:59") for weekday in range(7)))
    assert next_closing(every_day, local("2026-11-23 06:00")) is None
    assert overlaps(every_day.week) == holes(every_day.week) == []


@pytest.mark.parametrize(
    ("week", "found"),
    [
        ({0: "08:00-12:59 13:00-18:00"}, ["0 08:00-12:59", "0 13:00-18:00"]),
        ({6: "20:00-00:59", 0: "01:00-03:00"}, ["6 20:00-00:59", "0 01:00-03:00"]),
        ({0: "08:00-13:00 13:01-18:00"}, ["0 08:00-13:00", "0 13:01-18:00"]),
        ({0: "08:00-12:30 13:00-18:00"}, []),
        ({0: "08:00-13:00 13:00-18:00"}, []),
        ({0: "20:00-23:59", 1: "00:00-03:00"}, []),
    ],
)
def test_holes_of_a_minute_are_found(week: dict[int, str], found: list[str]) -> None:
    [pair] = holes(calendar(*week.items()).week) or [None]
    said = (
        [f"{d} {h.opens_at:%H:%M}-{h.closes_at:%H:%M}" for d, h in (pair[:2], pair[2:])]
        if pair
        else []
    )
    assert said == found


def test_what_touches_is_one_interval() -> None:
    start, end = local("2026-11-23 06:00"), local("2026-11-26 06:00")
    assert list(open_intervals(ALWAYS, start, end)) == [(start, end)]
    assert next_closing(ALWAYS, start) is None
    assert next_closing(OFFICE, local("2026-11-23 10:00")) == local("2026-11-23 13:00")
    assert next_closing(OFFICE, local("2026-11-23 13:30")) == local("2026-11-23 13:30")


def test_open_seconds_counts_what_is_open_and_nothing_else() -> None:
    monday = local("2026-11-23 00:00")
    assert open_seconds(OFFICE, monday, monday + timedelta(days=7)) == 5 * 8 * 3600
    assert open_seconds(OFFICE, local("2026-11-23 12:59:30"), local("2026-11-23 14:00:15")) == 45
    assert open_seconds(OFFICE, monday, monday) == 0
    assert open_seconds(OFFICE, monday, monday - timedelta(days=1)) == 0


def test_a_shift_narrows_the_hours_of_its_team() -> None:
    shift = calendar(*((weekday, "12:00-16:00") for weekday in range(7)))
    opening = next_common_opening([OFFICE, shift], local("2026-11-23 13:00"))
    assert opening == local("2026-11-23 14:00")
    assert next_common_opening([OFFICE, shift], local("2026-11-26 17:00")) == local(
        "2026-11-29 12:00"
    )
    early = calendar((0, "05:00-06:00"))
    assert next_common_opening([OFFICE, early], local("2026-11-23 13:00")) is None


def test_a_common_opening_is_looked_for_as_far_as_asked() -> None:
    shift = calendar((6, "12:00-16:00"))
    thursday, hour = local("2026-11-26 13:00"), timedelta(hours=1)
    assert next_common_opening([OFFICE, shift], thursday, within=71 * hour) is None
    opening = next_common_opening([OFFICE, shift], thursday, within=72 * hour)
    assert opening == local("2026-11-29 12:00")


class TestTheNightsTheClocksChange:
    """In Israel 02:00 became 03:00 on Friday 27 March 2026, and 02:00 became 01:00 on Sunday
    25 October 2026."""

    def test_an_opening_that_does_not_exist_is_the_moment_of_the_change(self) -> None:
        night = calendar((4, "02:30-06:00"))
        opening = next_opening(night, local("2026-03-26 12:00"))
        assert opening == datetime(2026, 3, 27, 0, 0, tzinfo=UTC)
        assert is_open(night, local("2026-03-27 03:00"))

    def test_what_lies_in_the_gap_is_empty(self) -> None:
        night = calendar((4, "02:10-02:50"))
        assert next_opening(night, local("2026-03-26 12:00")) == local("2026-04-03 02:10")

    def test_an_opening_that_exists_twice_is_the_first(self) -> None:
        night = calendar((6, "01:30-06:00"))
        opening = next_opening(night, local("2026-10-24 12:00"))
        assert opening == local("2026-10-25 01:30", fold=0)
        assert is_open(night, local("2026-10-25 01:10", fold=1))

    def test_a_closing_that_exists_twice_is_the_first(self) -> None:
        night = calendar((6, "00:00-01:30"))
        assert not is_open(night, local("2026-10-25 01:30", fold=0))
        assert not is_open(night, local("2026-10-25 01:10", fold=1))

    def test_the_long_and_the_short_day_have_their_own_length(self) -> None:
        for day, length in (("2026-10-25", 25), ("2026-03-27", 23)):
            start, end = local(f"{day} 00:00"), local(f"{day[:-2]}{int(day[-2:]) + 1} 00:00")
            assert open_seconds(ALWAYS, start, end) == length * 3600


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        ({0: "09:00-13:00 13:00-18:00"}, []),
        ({0: "09:00-13:00 12:59-18:00"}, [(0, "09:00-13:00", 0, "12:59-18:00")]),
        ({0: "22:00-02:00", 1: "01:00-05:00"}, [(0, "22:00-02:00", 1, "01:00-05:00")]),
        ({0: "22:00-02:00", 1: "02:00-05:00"}, []),
        ({6: "22:00-02:00", 0: "01:00-05:00"}, [(6, "22:00-02:00", 0, "01:00-05:00")]),
        ({6: "00:00-00:00", 0: "00:00-00:00"}, []),
        ({3: "00:00-00:00 10:00-11:00"}, [(3, "00:00-00:00", 3, "10:00-11:00")]),
    ],
)
def test_overlaps_are_found(
    week: Mapping[int, str], expected: Sequence[tuple[int, str, int, str]]
) -> None:
    given_week = {day: [hours(each) for each in text.split()] for day, text in week.items()}
    assert overlaps(given_week) == [(a, hours(b), c, hours(d)) for a, b, c, d in expected]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-23 09:00", "2026-11-23 09:00"),
        ("2026-11-23 09:00:01", "2026-11-23 14:00"),
        ("2026-11-23 15:00", "2026-11-24 09:00"),
        ("2026-11-26 15:00", "2026-11-29 09:00"),
    ],
)
def test_the_next_new_opening_is_not_the_one_that_is_on(after: str, expected: str) -> None:
    assert next_new_opening(OFFICE, local(after)) == local(expected)


def test_days_that_join_are_no_new_opening() -> None:
    assert next_new_opening(ALWAYS, local("2026-11-23 15:00")) is None
    workdays = calendar(*((day, "00:00-00:00") for day in range(5)))
    assert next_new_opening(workdays, local("2026-11-24 15:00")) == local("2026-11-30 00:00")


# --- values that cannot be entered but may be stored ----------------------------------------------


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../UTC", "/etc/passwd", "Asia", "x" * 300])
def test_a_zone_that_is_not_known_never_opens_and_says_so(zone: str) -> None:
    lost = Calendar(zone, ALWAYS.week, {date(2026, 11, 23): [hours("09:00-17:00")]})
    at = local("2026-11-23 10:00")
    assert problem(lost) == f"Its time zone, {zone or 'none'}, is not known."
    assert not is_open(lost, at)
    assert next_opening(lost, at) is None
    assert next_new_opening(lost, at) is None
    assert next_common_opening([ALWAYS, lost], at) is None
    assert next_closing(lost, at) == at
    assert open_seconds(lost, at, at + timedelta(days=7)) == 0


def test_a_country_whose_holidays_are_not_known_never_opens_and_says_so() -> None:
    lost = Calendar("UTC", ALWAYS.week, holidays_of="ZZ", eve_closes_at=time(12))
    assert problem(lost) == "The holidays of ZZ are not known."
    assert not is_open(lost, local("2026-11-23 10:00"))
    assert next_opening(lost, local("2026-11-23 10:00")) is None
    assert not is_holiday("ZZ", date(2026, 11, 23))


def test_hours_that_close_as_they_open_are_none() -> None:
    empty = calendar((0, "09:00-09:00 12:00-13:00"))
    assert next_opening(empty, local("2026-11-23 08:00")) == local("2026-11-23 12:00")
    assert not is_open(empty, local("2026-11-23 10:00"))
    assert next_opening(calendar((0, "09:00-09:00")), local("2026-11-23 08:00")) is None


def test_hours_that_cover_the_same_time_count_once() -> None:
    twice = calendar((0, "09:00-12:00 10:00-13:00"), (6, "22:00-10:00"))
    monday = local("2026-11-23 00:00")
    assert open_seconds(twice, monday, monday + timedelta(days=1)) == 13 * 3600
    assert next_closing(twice, monday) == local("2026-11-23 13:00")
