"""Hours as people write them down in a line, and holidays as calendars export them. Pure.

A line of the week names days and their hours: "Sun-Thu 09-13, 14-18", "Fri 9:00-13:00",
"Sat closed", "Mon-Wed as Sun". A line of exceptions names a day or a range of days, then the same:
"24.12.2026-02.01.2027 closed company holidays", "2026-12-06 08-20 campaign".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext

from callbacks.opening_hours.calendar import Hours

# More days than these in one line are a mistake in it.
LONGEST_RANGE = 366
_DAY = timedelta(days=1)
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_DATE = r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})"
_TIME = r"\d{1,2}(?::\d{2})?"
_HOURS = re.compile(rf"({_TIME})\s*[-\u2013]\s*({_TIME})")
_ONE = re.compile(rf"\s*{_HOURS.pattern}\s*(?:,|\band\b|(?=\s)|$)", re.IGNORECASE)
_DAYS = re.compile(rf"({_WEEKDAY})(?:\s*[-\u2013]\s*({_WEEKDAY}))?(?:\s*:)?\s+(.+)", re.IGNORECASE)
_DATES = re.compile(rf"({_DATE})(?:\s*(?:-|\u2013|\bto\b)\s*({_DATE}))?(?:\s*:)?(?:\s+(.+))?")
_LIKE = re.compile(rf"(?:as|like)\s+({_WEEKDAY})", re.IGNORECASE)
_CLOSED = re.compile(r"closed\b\s*(.*)", re.IGNORECASE)
_FOLDED = re.compile(r"\r?\n[ \t]")
_ESCAPED = re.compile(r"\\([\\,;nN])")


class NotHours(ValueError):  # noqa: N818  # said to a person
    """What was typed names no hours; the message says what a line looks like."""


@dataclass(frozen=True)
class TypedDay:
    """One day that is different: no hours is closed."""

    day: date
    hours: Sequence[Hours]
    note: str = ""


def read_week(text: str, week: Mapping[int, Sequence[Hours]]) -> dict[int, list[Hours]]:
    """The days that the lines name (0 Monday), with their hours. Raises NotHours.

    `week`: what there is, for a day that is to be like another. Later lines count for more.
    """
    found: dict[int, list[Hours]] = {}
    for line in _lines(text):
        matched = _DAYS.fullmatch(line)
        if matched is None:
            raise _no_week(line)
        first, last, rest = matched.groups()
        if like := _LIKE.fullmatch(rest):
            other = _weekday(like[1])
            hours = list(found.get(other, week.get(other, ())))
        else:
            hours, note = _hours(rest, _no_week(line))
            if note:
                raise _no_week(line)
        for day in _days_between(_weekday(first), _weekday(last or first)):
            found[day] = hours
    return found


def read_days(text: str) -> list[TypedDay]:
    """The days that the lines name, each once, in order. Raises NotHours."""
    found: dict[date, TypedDay] = {}
    for line in _lines(text):
        matched = _DATES.fullmatch(line)
        if matched is None:
            raise _no_days(line)
        first, last, rest = matched.groups()
        day, end = _date(first, line), _date(last or first, line)
        if not timedelta(0) <= end - day < LONGEST_RANGE * _DAY:
            raise NotHours(
                gettext('"%(line)s" ends before it begins, or lasts for more than a year.')
                % {"line": line}
            )
        hours, note = _hours(rest or "closed", _no_days(line))
        while day <= end:
            found[day] = TypedDay(day, hours, note[:100])
            day += _DAY
    return [found[day] for day in sorted(found)]


def read_calendar_file(text: str) -> list[TypedDay]:
    """The whole days of an iCalendar file (RFC 5545), as closed ones. Raises NotHours.

    Events with hours are left out, and so is what repeats itself: a file of holidays has each of
    them with its date.
    """
    lines = _FOLDED.sub("", text).splitlines()
    if "BEGIN:VCALENDAR" not in (line.strip().upper() for line in lines[:1]):
        raise NotHours(gettext("This is no calendar file. Choose one whose name ends with .ics."))
    found: dict[date, TypedDay] = {}
    event: dict[str, str] = {}
    for line in lines:
        head, _, value = line.partition(":")
        name = head.partition(";")[0].strip().upper()
        if (name, value.strip().upper()) == ("BEGIN", "VEVENT"):
            event = {}
        elif (name, value.strip().upper()) == ("END", "VEVENT"):
            found |= {it.day: it for it in _of_event(event)}
        else:
            event.setdefault(name, value.strip())
    if not found:
        raise NotHours(gettext("This calendar file has no whole days in it."))
    return [found[day] for day in sorted(found)]


def _of_event(event: Mapping[str, str]) -> list[TypedDay]:
    day, end = _ics_date(event.get("DTSTART", "")), _ics_date(event.get("DTEND", ""))
    if day is None:
        return []
    # The end is the day after (RFC 5545, 3.6.1); without one it lasts a day.
    days = min(max((end - day).days if end else 1, 1), LONGEST_RANGE)
    note = _ESCAPED.sub(lambda it: " " if it[1] in "nN" else it[1], event.get("SUMMARY", ""))
    return [TypedDay(day + n * _DAY, (), note[:100]) for n in range(days)]


def _ics_date(value: str) -> date | None:
    if not re.fullmatch(r"\d{8}", value):
        return None  # an event with hours
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return None


def _lines(text: str) -> list[str]:
    parts = (line.strip() for line in re.split(r"[\n;]", text))
    return [line for line in parts if line]


def _hours(text: str, refused: NotHours) -> tuple[list[Hours], str]:
    """The hours at the beginning of a text, and what follows them as a note."""
    if closed := _CLOSED.fullmatch(text):
        return [], closed[1].strip()
    found, at = [], 0
    while matched := _ONE.match(text, at):
        found.append(Hours(_time(matched[1], refused), _time(matched[2], refused)))
        at = matched.end()
    if not found or any(hours.is_empty for hours in found):
        raise refused
    return found, text[at:].strip()


def _time(typed: str, refused: NotHours) -> time:
    hour, _, minute = typed.partition(":")
    try:
        return time(int(hour) % 24 if typed in ("24", "24:00") else int(hour), int(minute or 0))
    except ValueError:
        raise refused from None


def _date(typed: str, line: str) -> date:
    try:
        if "-" in typed:
            year, month, day = (int(part) for part in typed.split("-"))
        else:
            day, month, year = (int(part) for part in re.split(r"[./]", typed))
        return datetime(year, month, day).date()  # noqa: DTZ001  # a date alone
    except ValueError:
        raise _no_days(line) from None


def _weekday(typed: str) -> int:
    return _NAMES.index(typed[:3].lower())


def _days_between(first: int, last: int) -> list[int]:
    """Sunday to Thursday goes over the end of the week."""
    return [(first + n) % 7 for n in range((last - first) % 7 + 1)]


def _no_week(line: str) -> NotHours:
    return NotHours(
        gettext(
            '"%(line)s" names no days with hours. Write lines like "Sun-Thu 09-13, 14-18", '
            '"Sat closed" or "Mon as Sun".'
        )
        % {"line": line}
    )


def _no_days(line: str) -> NotHours:
    return NotHours(
        gettext(
            '"%(line)s" names no day. Write lines like "24.12.2026-02.01.2027 closed" or '
            '"2026-12-06 08-20 campaign".'
        )
        % {"line": line}
    )
