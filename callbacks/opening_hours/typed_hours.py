"""Hours as people type them in a line. Pure.

A line for the week names days and their hours: "Sun-Thu 09-13, 14-18", "Fri 9:00-13:00", "Sat
closed", "Mon, Wed as Sun", "every day 9am-5pm". A line for exceptions names a day or a range of
days, then the hours in the same way: "24.12.2026-02.01.2027 closed company holidays", "2026-12-06
08-20 campaign".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext

from callbacks.opening_hours.calendar import Hours

# A line with more days than this is a mistake.
LONGEST_RANGE = 366
# The most days that are entered at once: each is a row on the page.
MOST_DAYS = 400
# Longer night hours are a mistake: "9-5" means the afternoon.
_LONGEST_NIGHT = 16 * 60  # minutes
_DAY = timedelta(days=1)
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_DATE = r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})"
_TO = r"\s*(?:-|\u2013|\bto\b)\s*"
_TIME = r"\d{1,2}(?:[:.]\d{2})?(?:\s*[ap]m\b)?"
_HOURS = rf"({_TIME}){_TO}({_TIME})"
_ONE = re.compile(rf"\s*{_HOURS}\s*(?:,|&|\band\b|(?=\s)|$)", re.IGNORECASE)
_RANGE = rf"{_WEEKDAY}(?:{_TO}{_WEEKDAY})?|every day|daily"
_AND = r"\s*(?:,|&|\band\b)\s*"
_DAYS = re.compile(rf"((?:{_RANGE})(?:{_AND}(?:{_RANGE}))*)(?:\s*:)?\s+(.+)", re.IGNORECASE)
_DATES = re.compile(rf"({_DATE})(?:{_TO}({_DATE}))?(?:\s*:)?(?:\s+(.+))?", re.IGNORECASE)
_LIKE = re.compile(rf"(?:as|like)\s+({_WEEKDAY})", re.IGNORECASE)
_CLOSED = re.compile(r"closed\b[\s:,-]*(.*)", re.IGNORECASE)
_EVERY_DAY = range(7)
_NOON = 12
_DAY_MINUTES = 24 * 60


class NotHours(ValueError):  # noqa: N818  # shown to a person
    """The typed text names no hours; the message shows what a line looks like."""


@dataclass(frozen=True)
class TypedDay:
    """A day with different hours; no hours: closed."""

    day: date
    hours: Sequence[Hours]
    note: str = ""


def read_week(text: str, week: Mapping[int, Sequence[Hours]]) -> dict[int, list[Hours]]:
    """The days that the lines name (0 Monday), with their hours. Raises NotHours.

    `week`: the current hours, for a day that is to be like another. Later lines override earlier
    ones.
    """
    found: dict[int, list[Hours]] = {}
    for line in _lines(text):
        matched = _DAYS.fullmatch(line)
        if matched is None:
            raise _no_week(line)
        days, rest = matched.groups()
        if like := _LIKE.fullmatch(rest):
            other = _weekday(like[1])
            hours = list(found.get(other, week.get(other, ())))
        else:
            hours, note = _hours(rest, line, _no_week(line))
            if note:
                raise _no_week(line)
        found |= dict.fromkeys(_weekdays(days), hours)
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
                gettext('"%(line)s" ends before it begins, or lasts more than a year.')
                % {"line": line}
            )
        hours, note = _hours(rest or "closed", line, _no_hours(line))
        days = (day + n * _DAY for n in range((end - day).days + 1))
        found |= {it: TypedDay(it, hours, note[:100]) for it in days}
    return in_order(found)


def in_order(found: Mapping[date, TypedDay]) -> list[TypedDay]:
    """These days in order. Raises NotHours if there are too many to enter at once."""
    if len(found) > MOST_DAYS:
        raise NotHours(
            gettext("These are %(count)s days. Enter at most %(most)s at once.")
            % {"count": len(found), "most": MOST_DAYS}
        )
    return [found[day] for day in sorted(found)]


def _lines(text: str) -> list[str]:
    parts = (line.strip() for line in re.split(r"[\n;]", text))
    return [line for line in parts if line]


def _hours(text: str, line: str, refused: NotHours) -> tuple[list[Hours], str]:
    """The hours at the beginning of a text, and the rest as a note."""
    if closed := _CLOSED.fullmatch(text):
        return [], closed[1].strip()
    found, at = [], 0
    while matched := _ONE.match(text, at):
        hours = Hours(_time(matched[1], refused), _time(matched[2], refused))
        if _is_half_said(matched[1], matched[2]) and hours.past_midnight and hours.closes_at.hour:
            raise _too_long(line, hours)
        if _is_read_in_two_ways(matched[1], matched[2], hours):
            raise _two_ways(line)
        found.append(hours)
        at = matched.end()
    if not found or any(hours.is_empty for hours in found):
        raise refused
    for hours in found:
        if _LONGEST_NIGHT < _minutes(hours) < _DAY_MINUTES and hours.past_midnight:
            raise _too_long(line, hours)
    return found, text[at:].strip()


def _is_half_said(opens: str, closes: str) -> bool:
    """ "9am-1": everybody reads the end as the afternoon."""
    return opens.lower().endswith("am") and not closes.lower().endswith("m")


def _is_read_in_two_ways(opens: str, closes: str, hours: Hours) -> bool:
    """ "1-5pm" may begin at night or in the afternoon; "2pm-5" may end in either."""
    opens_said, closes_said = (it.lower().endswith("m") for it in (opens, closes))
    if opens_said == closes_said:
        return False
    first, last = (it.hour * 60 + it.minute for it in (hours.opens_at, hours.closes_at))
    if opens_said:
        is_noon = hours.closes_at.hour == _NOON
        return hours.past_midnight and last > 0 and (is_noon or last + _NOON * 60 > first)
    if hours.opens_at.hour > _NOON:
        return False
    return hours.past_midnight or 0 < first < first + _NOON * 60 < last


def _minutes(hours: Hours) -> int:
    opens, closes = (it.hour * 60 + it.minute for it in (hours.opens_at, hours.closes_at))
    return closes - opens + _DAY_MINUTES * hours.past_midnight


def _time(typed: str, refused: NotHours) -> time:
    clock, half = re.fullmatch(r"([\d:.]+)\s*([ap]?)m?", typed.lower()).groups()  # type: ignore[union-attr]  # as _TIME has it
    hours, _, minutes = clock.replace(".", ":").partition(":")
    hour, minute = int(hours), int(minutes or 0)
    if half and not 1 <= hour <= _NOON:
        raise refused
    if half:
        hour = hour % _NOON + _NOON * (half == "p")
    if (hour, minute) == (24, 0):
        hour = 0
    try:
        return time(hour, minute)
    except ValueError:
        raise refused from None


def _date(typed: str, line: str) -> date:
    try:
        if "-" in typed:
            year, month, day = (int(part) for part in typed.split("-"))
        else:
            day, month, year = (int(part) for part in re.split(r"[./]", typed))
        return datetime(year, month, day).date()  # noqa: DTZ001  # only the date is used
    except ValueError:
        raise _no_days(line) from None


def _weekday(typed: str) -> int:
    return _NAMES.index(typed[:3].lower())


def _weekdays(typed: str) -> list[int]:
    """ "Sun-Tue, Thu": 6, 0, 1, 3. A range may run over the end of the week."""
    found: list[int] = []
    for part in re.split(_AND, typed, flags=re.IGNORECASE):
        names = re.findall(_WEEKDAY, part, re.IGNORECASE)
        if part.lower() in {"daily", "every day"}:
            found += _EVERY_DAY
        else:
            first, last = _weekday(names[0]), _weekday(names[-1])
            found += [(first + n) % 7 for n in range((last - first) % 7 + 1)]
    return found


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


def _no_hours(line: str) -> NotHours:
    return NotHours(
        gettext(
            '"%(line)s" says neither hours nor "closed". Write lines like "24.12.2026-02.01.2027 '
            'closed" or "2026-12-06 08-20 campaign".'
        )
        % {"line": line}
    )


def _two_ways(line: str) -> NotHours:
    return NotHours(
        gettext(
            '"%(line)s" can be read in two ways. Write am or pm after both times, as in '
            '"1pm-5pm", or hours up to 24, as in "13-17".'
        )
        % {"line": line}
    )


def _too_long(line: str, hours: Hours) -> NotHours:
    return NotHours(
        gettext(
            '"%(line)s" is open all night, until %(closes)s on the next day. For the afternoon '
            'write "09-17" or "9am-5pm".'
        )
        % {"line": line, "closes": f"{hours.closes_at:%H:%M}"}
    )
