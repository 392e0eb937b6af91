"""Holidays in files that calendar programs export: iCalendar, RFC 5545. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext

from callbacks.opening_hours.typed_hours import LONGEST_RANGE, NotHours, TypedDay, in_order

# Yearly events are entered for this long.
REPEATED_FOR = timedelta(days=2 * 366)
_DAY = timedelta(days=1)
_FOLDED = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_ESCAPED = re.compile(r"\\([\\,;nN])")
# The value begins at the first colon outside quotes.
_LINE = re.compile(r'([\w-]+)((?:;[\w-]+=(?:"[^"]*"|[^":;]*)(?:,(?:"[^"]*"|[^":;]*))*)*):(.*)')
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T000000)?")
# "Until 23:59": how some programs write the end of a whole day.
_TO_THE_END = re.compile(r"(\d{8})T2359\d\d")
_DURATION = re.compile(r"P(?:(\d{1,3})W)?(?:(\d{1,4})D)?")
# Supported parts of a recurrence rule. Others could move the event to another date.
_SAYS_NO_MORE = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY"}


@dataclass
class _Event:
    """The first value of each property of an event, and the days of EXDATE and RDATE."""

    values: dict[str, str] = field(default_factory=dict)
    left_out: set[date] = field(default_factory=set)
    added: set[date] = field(default_factory=set)

    def note(self) -> str:
        said = self.values.get("SUMMARY", "").replace("\x00", "")
        return _ESCAPED.sub(lambda it: " " if it[1] in "nN" else it[1], said)[:100]


def read(text: str, today: date) -> list[TypedDay]:
    """The whole days of a calendar file from `today` on, as closed days. Raises NotHours.

    Leaves out events with hours and cancelled events. Events that repeat every year are entered for
    the next two years. Raises NotHours if the file has whole days that repeat in another way.
    """
    lines = _FOLDED.sub("", text.strip()).splitlines()
    if "BEGIN:VCALENDAR" not in (line.strip().upper() for line in lines[:1]):
        raise NotHours(gettext("This is not a calendar file. Choose one whose name ends in .ics."))
    found: dict[date, TypedDay] = {}
    events = list(_events(lines))
    _leave_out_what_is_moved(events)
    for event in events:
        found |= {day: TypedDay(day, (), event.note()) for day in _days(event, today)}
    if not found:
        raise NotHours(gettext("This calendar file has no whole days in the future."))
    return in_order(found)


def _leave_out_what_is_moved(events: Iterable[_Event]) -> None:
    """Applies events that replace one day of a repeating event (RFC 5545, 3.8.4.4).

    Such an event is moved, cancelled or renamed. It replaces the day that its RECURRENCE-ID names.
    """
    moved: dict[str, set[date]] = defaultdict(set)
    for event in events:
        if day := _date(event.values.get("RECURRENCE-ID", "")):
            moved[event.values.get("UID", "")].add(day)
    for event in events:
        if "RECURRENCE-ID" not in event.values:
            event.left_out |= moved[event.values.get("UID", "")]


def _events(lines: list[str]) -> Iterator[_Event]:
    """The events, without the components inside them (alarms)."""
    within: list[str] = []
    event = _Event()
    for line in lines:
        matched = _LINE.fullmatch(line.strip())
        if matched is None:
            continue
        name, value = matched[1].upper(), matched[3].strip()
        if name == "BEGIN":
            within.append(value.upper())
            if within[-1] == "VEVENT":
                event = _Event()
        elif name == "END" and within:
            if within.pop() == "VEVENT":
                yield event
        elif within[-1:] == ["VEVENT"]:
            if name in {"EXDATE", "RDATE"}:
                days = {day for it in value.split(",") if (day := _date(it))}
                (event.left_out if name == "EXDATE" else event.added).update(days)
            event.values.setdefault(name, value)


def _days(event: _Event, today: date) -> Iterator[date]:
    """The days of an event from today on; none if the event has hours or is cancelled."""
    first = _date(event.values.get("DTSTART", ""))
    length = _length(first, event.values) if first else None
    if first is None or length is None or event.values.get("STATUS", "").upper() == "CANCELLED":
        return
    for start in sorted({*_starts(first, event, today), *event.added} - event.left_out):
        # Counted from today: an event may have begun long ago, or end after the last year.
        skipped = max((today - start).days, 0)
        for n in range(skipped, length):
            if start.toordinal() + n <= date.max.toordinal():
                yield start + n * _DAY


def _length(first: date, values: Mapping[str, str]) -> int | None:
    """How many days the event lasts; None if it ends at a time of day.

    The end is the day after the last (RFC 5545, 3.6.1). A day without an end lasts one day; a
    moment without an end lasts none.
    """
    end = _date(values.get("DTEND", ""))
    to_the_end = _TO_THE_END.fullmatch(values.get("DTEND", "").upper())
    last = _date(to_the_end[1]) if to_the_end else None
    if matched := _DURATION.fullmatch(values.get("DURATION", "").upper()):
        days = 7 * int(matched[1] or 0) + int(matched[2] or 0)
    elif last:
        days = (last - first).days + 1
    elif end is None and "T" in values["DTSTART"].upper():
        return None
    else:
        days = (end - first).days if end else 1
    return min(max(days, 1), LONGEST_RANGE)


def _starts(first: date, event: _Event, today: date) -> Iterator[date]:
    """The days on which the event begins. Raises NotHours for an unsupported rule."""
    rule = dict(
        part.upper().split("=", 1)
        for part in event.values.get("RRULE", "").split(";")
        if "=" in part
    )
    if not rule:
        yield first
        return
    until = min(_date(rule.get("UNTIL", "")[:8]) or date.max, today + REPEATED_FOR)
    if until < today:
        return
    month, day = rule.get("BYMONTH", f"{first.month}"), rule.get("BYMONTHDAY", f"{first.day}")
    numbers = [rule.get("INTERVAL", "1"), rule.get("COUNT", "9999"), month, day]
    if (
        rule.get("FREQ") != "YEARLY"
        or not rule.keys() <= _SAYS_NO_MORE
        or not all(it.isascii() and it.isdigit() and 0 < int(it) <= date.max.year for it in numbers)
        or (int(month), int(day)) != (first.month, first.day)
    ):
        raise NotHours(
            gettext(
                '"%(name)s" in this file repeats, but not on the same date every year. Remove '
                "it from the file, and enter its days in a line."
            )
            % {"name": event.note()}
        )
    interval, count = int(numbers[0]), int(numbers[1])
    for year in range(first.year, until.year + 1, interval)[:count]:
        try:
            start = first.replace(year=year)
        except ValueError:  # 29 February
            continue
        if start <= until:
            yield start


def _date(value: str) -> date | None:
    """The day of a value; None if the value is a moment within a day."""
    matched = _DATE.fullmatch(value.strip())
    if matched is None:
        return None
    try:
        return date(int(matched[1]), int(matched[2]), int(matched[3]))
    except ValueError:
        return None
