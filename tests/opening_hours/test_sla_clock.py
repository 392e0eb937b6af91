"""The SLA clock: a table of cases, and due times compared with counted minutes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from callbacks.opening_hours import calendar, sla_clock
from callbacks.opening_hours.calendar import Calendar, Hours
from leads.models import SlaClock

JERUSALEM = ZoneInfo("Asia/Jerusalem")
TARGET = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JERUSALEM)


def week(*hours: tuple[int, int], zone: str = "Asia/Jerusalem") -> Calendar:
    each = [Hours(time(opens), time(closes % 24)) for opens, closes in hours]
    return Calendar(zone, dict.fromkeys(range(7), each))


OFFICE = week((9, 13), (14, 17))


@pytest.mark.parametrize(
    ("rule", "asked_for", "opening", "starts", "due"),
    [
        pytest.param("always", "12:00", "12:00", "12:00", "12:10", id="always, open"),
        pytest.param("always", "20:00", "next", "20:00", "20:10", id="always, closed"),
        pytest.param("open", "12:00", "12:00", "12:00", "12:10", id="open"),
        pytest.param("open", "12:55", "12:55", "12:55", "14:05", id="over lunch"),
        pytest.param("open", "12:50", "12:50", "12:50", "13:00", id="up to lunch"),
        pytest.param("open", "13:30", "14:00", "14:00", "14:10", id="at lunch"),
        pytest.param("open", "12:00", "11:00", "12:00", "12:10", id="not before it is asked for"),
        pytest.param("open", "16:55", "16:55", "16:55", "next+5", id="over night"),
        pytest.param("open", "20:00", "next", "next", "next+10", id="at night"),
        pytest.param("open", "20:00", None, "20:00", "20:10", id="never: as always"),
    ],
)
def test_the_clock_of_a_lead(
    rule: str, asked_for: str, opening: str | None, starts: str, due: str
) -> None:
    def moment(text: str) -> datetime:
        if text.startswith("next"):
            return at("2026-11-24 09:00") + int(text[5:] or 0) * MINUTE
        return at(f"2026-11-23 {text}")

    found = sla_clock.clock(
        rule, moment(asked_for), TARGET, moment(opening) if opening else None, [OFFICE]
    )
    assert (found.started_at, found.due_at) == (moment(starts), moment(due))


@pytest.mark.parametrize(
    ("rule", "until", "shows"),
    [
        pytest.param("always", "12:30", 30, id="always"),
        pytest.param("always", "next", 21 * 60, id="always, over night"),
        pytest.param("open", "11:00", 0, id="before it starts"),
        pytest.param("open", "12:00", 0, id="as it starts"),
        pytest.param("open", "12:30", 30, id="open"),
        pytest.param("open", "13:00", 60, id="as lunch begins"),
        pytest.param("open", "13:30", 60, id="at lunch"),
        pytest.param("open", "14:00", 60, id="as lunch ends"),
        pytest.param("open", "14:10", 70, id="after lunch"),
        pytest.param("open", "20:00", 4 * 60, id="at night"),
        pytest.param("open", "next+5", 4 * 60 + 5, id="the next day"),
    ],
)
def test_what_the_clock_shows(rule: str, until: str, shows: int) -> None:
    day = "2026-11-24 09:00" if until.startswith("next") else f"2026-11-23 {until}"
    later = int(until[5:] or 0) if until.startswith("next") else 0
    shown = sla_clock.elapsed(rule, at("2026-11-23 12:00"), at(day) + later * MINUTE, [OFFICE])
    assert shown == shows * MINUTE


@pytest.mark.parametrize(
    "calendars",
    [None, [OFFICE], [OFFICE, week((8, 10))], [OFFICE, week((10, 12))], [week()]],
    ids=["round the clock", "office", "one before", "one within", "never"],
)
@given(minutes=st.integers(0, 60 * 24 * 9), target=st.integers(1, 60 * 30))
@hypothesis_settings(max_examples=60, deadline=None)
def test_at_its_due_time_it_shows_the_target(
    calendars: list[Calendar] | None, minutes: int, target: int
) -> None:
    started_at = at("2026-11-23 00:00") + minutes * MINUTE
    due_at = sla_clock.due_at(started_at, target * MINUTE, calendars)
    assert sla_clock.elapsed("open", started_at, due_at, calendars) == target * MINUTE


def test_two_that_are_open_at_once_are_counted_once() -> None:
    both = [OFFICE, week((8, 10))]
    assert sla_clock.elapsed("open", at("2026-11-23 08:00"), at("2026-11-23 11:00"), both) == (
        3 * 60 * MINUTE
    )


def test_one_that_is_open_within_anothers_hours_counts_nothing() -> None:
    both = [OFFICE, week((10, 12))]
    start, end = at("2026-11-23 09:00"), at("2026-11-23 16:00")
    assert sla_clock.elapsed("open", start, end, both) == 6 * 60 * MINUTE
    assert sla_clock.due_at(start, 6 * 60 * MINUTE, both) == end


def test_its_words_are_those_of_the_source() -> None:
    assert SlaClock.OPEN.value == sla_clock.OPEN
    assert set(SlaClock.values) == {"always", sla_clock.OPEN}


def test_somebody_round_the_clock_makes_every_second_count() -> None:
    assert sla_clock.due_at(at("2026-11-23 20:00"), TARGET, None) == at("2026-11-23 20:10")


def test_what_is_left_when_nobody_opens_again_counts_round_the_clock() -> None:
    last = at("2026-11-23 12:00").date()
    once = Calendar("Asia/Jerusalem", {}, {last: [Hours(time(9), time(13))]})
    assert sla_clock.due_at(at("2026-11-23 12:55"), TARGET, [once]) == at("2026-11-23 13:05")
    assert sla_clock.due_at(at("2026-11-24 12:55"), TARGET, [once]) == at("2026-11-24 13:05")


CALENDARS = [
    OFFICE,
    week((12, 18)),
    week((22, 4)),
    week((8, 12), zone="America/New_York"),
    Calendar("Europe/London", {5: [Hours(time(10), time(14))]}),
]


@hypothesis_settings(max_examples=60)
@given(
    # The first two reach into nights on which the clocks change.
    start=st.sampled_from(["2026-03-26", "2026-10-24", "2026-11-23"]),
    minutes=st.integers(0, 3 * 24 * 60),
    target=st.integers(1, 900),
    calendars=st.lists(st.sampled_from(CALENDARS), min_size=1, max_size=3),
)
def test_due_is_when_so_many_open_minutes_have_passed_whoever_is_open(
    start: str, minutes: int, target: int, calendars: list[Calendar]
) -> None:
    moment = start_at = at(start).astimezone(UTC) + minutes * MINUTE
    due = sla_clock.due_at(start_at, target * MINUTE, calendars)
    left = target
    while left:
        left -= any(calendar.is_open(it, moment) for it in calendars)
        moment += MINUTE
    assert due == moment
