"""Calendar files that managers upload: which days they close."""

from datetime import date, timedelta

import pytest

from callbacks.opening_hours import calendar_file
from callbacks.opening_hours.typed_hours import MOST_DAYS, NotHours

TODAY = date(2026, 12, 1)
FILE = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261208
DTEND;VALUE=DATE:20261210
SUMMARY:Company\\, outing
 s
END:VEVENT
BEGIN:VEVENT
DTSTART:20261211T090000Z
SUMMARY:Meeting
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261225
SUMMARY:Christmas
END:VEVENT
END:VCALENDAR
"""


def file(*lines: str) -> str:
    """A calendar with one event that has these lines."""
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    )


def read(text: str) -> list[str]:
    """The closed days that are read, each like "2026-12-25 Christmas"."""
    return [f"{it.day} {it.note}".strip() for it in calendar_file.read(text, TODAY)]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_the_whole_days_are_closed(ends: str) -> None:
    found = calendar_file.read(FILE.replace("\n", ends), TODAY)
    assert [(it.day, it.note, it.hours) for it in found] == [
        (date(2026, 12, 8), "Company, outings", ()),
        (date(2026, 12, 9), "Company, outings", ()),
        (date(2026, 12, 25), "Christmas", ()),
    ]


CHRISTMAS = "DTSTART;VALUE=DATE:20261225"
ON_CHRISTMAS = ["2026-12-25"]
EVENTS = {
    "no end": ([CHRISTMAS], ON_CHRISTMAS),
    "an end that is no later": ([CHRISTMAS, "DTEND;VALUE=DATE:20261225"], ON_CHRISTMAS),
    "three days": ([CHRISTMAS, "DURATION:P3D"], ["2026-12-25", "2026-12-26", "2026-12-27"]),
    "a week": ([CHRISTMAS, "DURATION:P1W"], [f"2026-12-{day}" for day in range(25, 32)]),
    "over the new year": (
        ["DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270102"], ["2026-12-31", "2027-01-01"]
    ),
    "began before today": (
        ["DTSTART;VALUE=DATE:20261129", "DTEND;VALUE=DATE:20261203"], ["2026-12-01", "2026-12-02"]
    ),
    "today": (["DTSTART;VALUE=DATE:20261201"], ["2026-12-01"]),
    "midnight to midnight, with a zone": (
        ["DTSTART;TZID=Asia/Jerusalem:20261225T000000",
         "DTEND;TZID=Asia/Jerusalem:20261226T000000"],
        ON_CHRISTMAS,
    ),
    "midnight to a minute before it": (
        ["DTSTART:20261225T000000", "DTEND:20261226T235900"], ["2026-12-25", "2026-12-26"]
    ),
    "midnight to its last second": (
        ["DTSTART:20261225T000000", "DTEND;TZID=Asia/Jerusalem:20261225T235959"], ON_CHRISTMAS
    ),
    "the last minute there is": (
        ["DTSTART:99991231T000000", "DTEND:99991231T235900"], ["9999-12-31"]
    ),
    "a colon in quotes": (['DTSTART;X-FROM="a:b;c";VALUE=DATE:20261225'], ON_CHRISTMAS),
    "small letters": (["dtstart;value=date:20261225", "summary:Feast"], ["2026-12-25 Feast"]),
    "a folded name": ([CHRISTMAS, "SUMMARY:A long\r\n  and f\r\n\tolded name"],
                      ["2026-12-25 A long and folded name"]),
    "an alarm before the name": (
        ["BEGIN:VALARM", "SUMMARY:Alarm", "DTSTART:20270101", "END:VALARM", CHRISTMAS,
         "SUMMARY:Feast"],
        ["2026-12-25 Feast"],
    ),
    "a NUL in the name": ([CHRISTMAS, "SUMMARY:Fea\x00st"], ["2026-12-25 Feast"]),
    "shown as free, as in calendars of holidays": ([CHRISTMAS, "TRANSP:TRANSPARENT"], ON_CHRISTMAS),
    "more days": ([CHRISTMAS, "RDATE;VALUE=DATE:20270105,20270106"],
                  [*ON_CHRISTMAS, "2027-01-05", "2027-01-06"]),
    "every year": (
        ["DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY"], ["2026-12-25", "2027-12-25"]
    ),
    "every year, said twice": (
        ["DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25"],
        ["2026-12-25", "2027-12-25"],
    ),
    "every year but one": (
        ["DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20261225"],
        ["2027-12-25"],
    ),
    "every second year": (
        ["DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY;INTERVAL=2"], ["2026-12-25"]
    ),
    "seven times": (["DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY;COUNT=7"], ON_CHRISTMAS),
    "until a day": (
        ["DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY;UNTIL=20271224T000000Z"], ON_CHRISTMAS
    ),
    "the 29th of February": (
        ["DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY"], ["2028-02-29"]
    ),
    "the last day there is": (
        ["DTSTART;VALUE=DATE:99991231", "DURATION:P9D"], ["9999-12-31"]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "found"), EVENTS.values(), ids=EVENTS)
def test_an_event(lines: list[str], found: list[str]) -> None:
    assert read(file(*lines)) == found


NONE = "no whole days in the future"
OTHERWISE = '"Feast" in this file repeats, but not on the same date every year'
REFUSED = {
    "nothing": ("", "not a calendar file"),
    "a web page": ("<html>", "not a calendar file"),
    "no events": ("BEGIN:VCALENDAR\nEND:VCALENDAR", NONE),
    "no such date": (file("DTSTART:20269999"), NONE),
    "days that are over": (file("DTSTART;VALUE=DATE:19991225"), NONE),
    "every year, until lately": (
        file("DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY;UNTIL=20251225"), NONE
    ),
    "with hours": (file("DTSTART:20261225T090000Z", "DTEND:20261225T100000Z"), NONE),
    "from midnight for two hours": (
        file("DTSTART:20261225T000000", "DTEND:20261225T020000"), NONE
    ),
    "a day that ends a minute before midnight, and begins later": (
        file("DTSTART:20261225T090000", "DTEND:20261225T235900"), NONE
    ),
    "a minute before midnight on no date": (
        file("DTSTART:20261225T000000", "DTEND:20269999T235900"), NONE
    ),
    "midnight in another zone": (file("DTSTART:20261225T000000Z", "DTEND:20261226T000000Z"), NONE),
    "cancelled": (file(CHRISTMAS, "STATUS:CANCELLED"), NONE),
    "a task": (file(CHRISTMAS).replace("VEVENT", "VTODO"), NONE),
    "every week": (file(CHRISTMAS, "SUMMARY:Feast", "RRULE:FREQ=WEEKLY"), OTHERWISE),
    "a weekday of a month": (
        file(CHRISTMAS, "SUMMARY:Feast", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"), OTHERWISE
    ),
    "a rule that is none": (file(CHRISTMAS, "SUMMARY:Feast", "RRULE:FREQ=YEARLY;INTERVAL=x"),
                            OTHERWISE),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotHours, match=words):
        calendar_file.read(text, TODAY)


def test_ten_thousand_days_are_refused_with_their_number() -> None:
    days = (TODAY + timedelta(days=n) for n in range(10_000))
    events = (f"BEGIN:VEVENT\nDTSTART:{day:%Y%m%d}\nEND:VEVENT" for day in days)
    with pytest.raises(NotHours, match=f"These are 10000 days. Enter at most {MOST_DAYS}"):
        read("\n".join(["BEGIN:VCALENDAR", *events]))


REPEATED = ["UID:feast", "DTSTART;VALUE=DATE:20201210", "RRULE:FREQ=YEARLY", "SUMMARY:Feast"]
ONE_OF_THEM = {
    "it is moved": (
        ["UID:feast", "RECURRENCE-ID;VALUE=DATE:20261210", "DTSTART;VALUE=DATE:20261214",
         "SUMMARY:Moved"],
        ["2026-12-14 Moved", "2027-12-10 Feast"],
    ),
    "it is cancelled": (
        ["UID:feast", "RECURRENCE-ID;VALUE=DATE:20261210", "DTSTART;VALUE=DATE:20261210",
         "STATUS:CANCELLED"],
        ["2027-12-10 Feast"],
    ),
    "it has hours this time": (
        ["UID:feast", "RECURRENCE-ID;VALUE=DATE:20261210", "DTSTART:20261210T090000Z"],
        ["2027-12-10 Feast"],
    ),
    "it has another name": (
        ["UID:feast", "RECURRENCE-ID;VALUE=DATE:20261210", "DTSTART;VALUE=DATE:20261210",
         "SUMMARY:Jubilee"],
        ["2026-12-10 Jubilee", "2027-12-10 Feast"],
    ),
    "midnight, with a zone": (
        ["UID:feast", "RECURRENCE-ID;TZID=Asia/Jerusalem:20261210T000000",
         "DTSTART;VALUE=DATE:20261214"],
        ["2026-12-14", "2027-12-10 Feast"],
    ),
    "one of another event": (
        ["UID:other", "RECURRENCE-ID;VALUE=DATE:20261210", "DTSTART;VALUE=DATE:20261214"],
        ["2026-12-10 Feast", "2026-12-14", "2027-12-10 Feast"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "closed"), ONE_OF_THEM.values(), ids=ONE_OF_THEM)
@pytest.mark.parametrize("comes_first", [True, False], ids=["first", "last"])
def test_one_day_of_a_repeated_event_may_stand_for_itself(
    comes_first: bool, lines: list[str], closed: list[str]
) -> None:
    between = ["END:VEVENT", "BEGIN:VEVENT"]
    first, last = (lines, REPEATED) if comes_first else (REPEATED, lines)
    found = read(file(*first, *between, *last))
    assert [it for it in found if it < "2028"] == closed
