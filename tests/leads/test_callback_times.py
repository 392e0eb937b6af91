"""Which times a visitor may choose, and how they are written. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from leads import callback_times, dated_sentences
from leads.ports import CallingHours

MALFORMED = "Write the time like this, with its offset: 2026-11-28T14:00:00+02:00."

JERUSALEM = ZoneInfo("Asia/Jerusalem")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday, 14:00 in Jerusalem
HALF = timedelta(minutes=30)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=JERUSALEM)


def hours(opens: int = 9, closes: int = 17, *, never: bool = False, zone: str = "") -> CallingHours:
    """Open every day at these hours in Jerusalem; visitors read the times in `zone`."""
    tz = ZoneInfo(zone or "Asia/Jerusalem")

    def is_open(moment: datetime) -> bool:
        return opens <= moment.astimezone(JERUSALEM).hour < closes

    def next_time(after: datetime) -> datetime | None:
        if never or is_open(after):
            return None if never else after
        after = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while not is_open(after):
            after += HALF
        return after

    def half_hours(after: datetime, until: datetime) -> Iterable[datetime]:
        moment = after + (datetime.min.replace(tzinfo=UTC) - after) % HALF
        while moment < until and not never:
            if is_open(moment):
                yield moment.astimezone(tz)
            moment += HALF

    return CallingHours(tz, next_time, half_hours, lambda _at: True)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-24T09:30:00+02:00",
        "2026-11-24T09:30+02:00",
        "2026-11-24 09:30:00.000+02:00",
        "2026-11-24T07:30:00Z",
        "2026-11-24T02:30:00-05:00",
        "2026-11-24T09:30:00 02:00",  # the + became a space in a form
        "2026-11-24T09:30 0200",
        "2026-11-24 09:30:00.000 02:00",
        "2026-11-24T07:30:00 00:00",
    ],
)
def test_a_time_with_its_offset_is_understood(typed: str) -> None:
    chosen = callback_times.choose(typed, hours(), NOON, offered=True)
    assert chosen == at(24, 9, 30)
    assert chosen.tzinfo is UTC


def test_any_minute_may_be_chosen_up_to_two_weeks_ahead() -> None:
    last = NOON + callback_times.LATEST
    for moment in (NOON, at(24, 9, 7), last):
        assert callback_times.choose(moment.isoformat(), hours(), NOON, offered=True) == moment


FRIDAY = "on Friday, 27 November, at 09:00 (Jerusalem time)"
TOMORROW = "tomorrow, Tuesday, at 09:00 (Jerusalem time)"


@pytest.mark.parametrize(
    ("typed", "now", "said"),
    [
        ("2026-11-23T13:59:59+02:00", NOON, "This time has passed. The next possible time is now"),
        (
            "2026-11-23T13:00:00+02:00", at(23, 18),
            f"This time has passed. The next possible time is {TOMORROW}.",
        ),
        (
            "2026-11-23T17:00:00+02:00", NOON,
            f"We cannot call you then. The next possible time is {TOMORROW}.",
        ),
        (
            "2026-11-27T08:59:00+02:00", NOON,
            f"We cannot call you then. The next possible time is {FRIDAY}.",
        ),
        ("2026-12-07T14:00:01+02:00", NOON, "This is more than 14 days ahead. The next possible"),
        ("9999-12-31T23:59:59-12:00", at(23, 18), MALFORMED),
        (
            "tomorrow", at(23, 18),
            f"{MALFORMED} The next possible time is {TOMORROW}.",
        ),
        (
            "2026-11-24T09:30:00", NOON,
            "Write this time with its offset from UTC, such as 2026-11-24T09:30+02:00. The next",
        ),
        (
            "2026-07-24 09:30", NOON,
            "Write this time with its offset from UTC, such as 2026-07-24T09:30+03:00.",
        ),
        ("2026-11-24", NOON, MALFORMED),
        ("2026-02-30T09:30:00+02:00", NOON, MALFORMED),
        ("0001-01-01T00:00:00+14:00", NOON, MALFORMED),
        ("1764052200", NOON, MALFORMED),
        ("\x00", NOON, MALFORMED),
        # The next possible time would be too far ahead, so the first one is named.
        (
            "2026-12-07T07:00:00+02:00", at(23, 8),
            "We cannot call you then. The next possible time is today at 09:00 (Jerusalem time).",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen_is_refused_with_the_time_that_can(
    typed: str, now: datetime, said: str
) -> None:
    with pytest.raises(callback_times.TimeRefused) as refused:
        callback_times.choose(typed, hours(), now, offered=True)
    assert str(refused.value).startswith(said)
    assert "The next possible time is" in str(refused.value)


def test_what_is_not_offered_is_refused() -> None:
    with pytest.raises(
        callback_times.TimeRefused, match=f"Times cannot be chosen here.*{re.escape(TOMORROW)}"
    ):
        callback_times.choose(at(24, 10).isoformat(), hours(), at(23, 18), offered=False)


def test_where_nobody_ever_answers_no_time_is_named() -> None:
    with pytest.raises(
        callback_times.TimeRefused, match="Leave this empty, and we will get back to you"
    ):
        callback_times.choose(at(24, 10).isoformat(), hours(never=True), NOON, offered=True)
    assert callback_times.on_offer(hours(never=True), NOON) == []


def test_times_on_offer_stand_under_their_days() -> None:
    days = callback_times.on_offer(hours(), NOON)
    assert [name for name, _ in days] == [
        "Today", "Tomorrow, Tuesday", "Wednesday, 25 November", "Thursday, 26 November",
    ]  # fmt: skip
    # The next half hour would begin before the form is filled in, so it is left out.
    assert [words for _value, words in days[0][1]] == ["14:30", "15:00", "15:30", "16:00", "16:30"]
    assert days[1][1][0] == ("2026-11-24T09:00:00+02:00", "09:00")
    assert all(
        callback_times.choose(value, hours(), NOON, offered=True)
        for _, day in days
        for value, _ in day
    )


def test_no_day_is_cut_off_but_where_two_would_be_too_many() -> None:
    days = callback_times.on_offer(hours(), NOON)
    assert len(days[-1][1]) == 16
    assert sum(len(day) for _, day in days) <= callback_times.ON_OFFER
    always = callback_times.on_offer(hours(0, 24), NOON)
    assert [len(day) for _, day in always] == [19, 41]


def test_a_time_that_the_clock_shows_twice_is_told_apart() -> None:
    night = datetime(2026, 10, 24, 21, tzinfo=UTC)
    [(_, of_night), *_] = callback_times.on_offer(hours(0, 3), night)
    assert [words for _, words in of_night] == [
        "00:30", "01:00 (IDT)", "01:30 (IDT)", "01:00 (IST)", "01:30 (IST)", "02:00", "02:30",
    ]  # fmt: skip


def test_a_zone_is_named_by_its_town() -> None:
    at = datetime(2026, 11, 29, tzinfo=UTC)
    zones = (JERUSALEM, ZoneInfo("America/New_York"), ZoneInfo("UTC"), ZoneInfo("Etc/GMT-2"))
    assert [dated_sentences.zone_name(it, at) for it in zones] == [
        "Jerusalem time", "New York time", "UTC", "UTC+2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "zone", "weekday", "heading"),
    [
        ("en", "Jerusalem time", "Tomorrow, Sunday", "Thursday, 3 December"),
        ("he", "שעון ירושלים", "מחר, יום ראשון", "יום חמישי, 3 בדצמבר"),
        ("ar", "بتوقيت القدس", "غدًا، الأحد", "الخميس، 3 ديسمبر"),
        ("ru", "часовой пояс Иерусалим", "Завтра, воскресенье", "Четверг, 3 декабря"),
    ],
)
def test_days_and_towns_are_named_in_the_language(
    language: str, zone: str, weekday: str, heading: str
) -> None:
    today = date(2026, 11, 28)
    with translation.override(language):
        assert dated_sentences.zone_name(JERUSALEM, datetime(2026, 11, 29, tzinfo=UTC)) == zone
        assert dated_sentences.day_heading(date(2026, 11, 29), today) == weekday
        assert dated_sentences.day_heading(date(2026, 12, 3), today) == heading
