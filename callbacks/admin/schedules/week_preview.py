"""Calendars for people: a picture of the next seven days, and "now" in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext

from callbacks.common.formatting import span
from callbacks.common.translation import Text
from callbacks.opening_hours.calendar import (
    Calendar,
    Hours,
    common_intervals,
    eve_of,
    holiday,
    is_open,
    next_closing,
    next_common_opening,
    next_holidays,
    next_opening,
    problem,
)

_DAYS = 7
_MINUTES = 24 * 60
_COMING = 6
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Bar:
    """An open interval of a day: minutes on the wall clock from midnight, and its hours as text."""

    start: int
    length: int
    hours: str


@dataclass(frozen=True)
class Day:
    """A day of the picture. `now`: minutes from midnight, if the day is today."""

    name: str
    note: str
    bars: tuple[Bar, ...]
    now: int | None

    @property
    def hours(self) -> str:
        """The hours in words, for people who do not see the bars."""
        return ", ".join(bar.hours for bar in self.bars) or "closed"


@dataclass(frozen=True)
class Coming:
    """A coming holiday, or a coming day with different hours: when, and what it is."""

    day: str
    what: str


@dataclass(frozen=True)
class Week:
    """The picture: `now` in words, the local time, the days from today, and days to come."""

    now: str
    clock: str
    days: tuple[Day, ...]
    coming: tuple[Coming, ...] = ()
    caption: Text = field(default_factory=lambda: gettext("Opening hours of the next seven days"))


def picture(calendar: Calendar, at: datetime) -> Week:
    """Seven days from the local day of `at`, with the next holidays and exceptions."""
    zone = zone_of([calendar])
    today = at.astimezone(zone).date()
    return Week(
        in_words(calendar, at),
        _clock(at, zone),
        _days([calendar], at, zone),
        coming(calendar, today),
    )


def picture_of_both(team: Calendar | None, own: Calendar | None, at: datetime) -> Week:
    """When an extension is rung: its own hours within those of its team. None: round the clock."""
    calendars = [calendar for calendar in (own, team) if calendar]
    zone = zone_of(calendars)
    return Week(
        words_for_both(team, own, at),
        _clock(at, zone),
        _days(calendars, at, zone),
        caption=gettext(
            "When it gets calls in the next seven days: its own hours within its team's hours"
        ),
    )


def words_for_both(team: Calendar | None, own: Calendar | None, at: datetime) -> str:
    """Like `in_words`, for an extension. Says whose hours prevent calls."""
    calendars = [calendar for calendar in (own, team) if calendar]
    zone = zone_of(calendars)
    if not calendars:
        return gettext("On shift round the clock.")
    if next_common_opening(calendars, at) is None:
        whose = {True: gettext("its team's hours"), False: gettext("its own hours")}
        for is_team, calendar in ((True, team), (False, own)):
            if calendar and next_opening(calendar, at) is None:
                why = problem(calendar) or gettext("All days are closed.")
                return gettext("Gets no calls: %(team)s never open. %(why)s") % {
                    "team": whose[is_team],
                    "why": why,
                }
        return gettext("Gets no calls: its own hours and its team's hours never overlap.")
    if all(is_open(calendar, at) for calendar in calendars):
        closings = [closing for each in calendars if (closing := next_closing(each, at))]
        if not closings:
            return gettext("On shift round the clock.")
        return gettext("On shift until %(when)s.") % {"when": _when(min(closings), at, zone)}
    opening = next_common_opening(calendars, at)
    assert opening  # noqa: S101  # as found above
    reason = "" if team is None or is_open(team, at) else gettext(": its team is closed")
    return gettext("Off shift until %(when)s%(reason)s.") % {
        "when": _when(opening, at, zone),
        "reason": reason,
    }


def in_words(calendar: Calendar, at: datetime) -> str:
    """ "Open until 18:00.", "Closed until Sun 29 Nov 09:00.", "Never opens." and the like."""
    zone = zone_of([calendar])
    if is_open(calendar, at):
        closing = next_closing(calendar, at)
        return (
            gettext("Open until %(when)s.") % {"when": _when(closing, at, zone)}
            if closing
            else gettext("Open round the clock.")
        )
    opening = next_opening(calendar, at)
    if opening is None:
        why = problem(calendar) or gettext("It has no future hours.")
        return gettext("Never opens. %(why)s") % {"why": why}
    return gettext("Closed until %(when)s%(because)s.") % {
        "when": _when(opening, at, zone),
        "because": _because(calendar, at, zone),
    }


def in_a_line(week: Mapping[int, Sequence[Hours]]) -> list[str]:
    """A week from Sunday, equal days grouped: "Sun-Thu 09:00-13:00 14:00-18:00", ..."""
    groups: list[tuple[str, str, str]] = []  # hours, first day, last day
    for day in (6, 0, 1, 2, 3, 4, 5):
        hours = " ".join(span(it.opens_at, it.closes_at) for it in sorted(week.get(day, ())))
        name = _WEEKDAYS[day]
        if groups and groups[-1][0] == hours:
            groups[-1] = (hours, groups[-1][1], name)
        else:
            groups.append((hours, name, name))
    every_day = len(groups) == 1
    return [
        f"{'Every day' if every_day else first if first == last else f'{first}-{last}'} {hours}"
        for hours, first, last in groups
        if hours
    ] or ["none"]


def coming(calendar: Calendar, today: date) -> tuple[Coming, ...]:
    """The next holidays and exceptions in order."""
    holidays = next_holidays(calendar.holidays_of, today, _COMING)
    days = {day: gettext("%(name)s, closed") % {"name": name} for day, name in holidays}
    for day, hours in sorted(calendar.exceptions.items()):
        if day >= today:
            said = ", ".join(span(it.opens_at, it.closes_at) for it in hours)
            days[day] = gettext("exception, %(closed)s") % {"closed": said or "closed"}
    return tuple(Coming(_date(day, today), days[day]) for day in sorted(days)[:_COMING])


def zone_of(calendars: Sequence[Calendar]) -> tzinfo:
    """The zone to show times in: of the first valid calendar, else the site's."""
    for calendar in calendars:
        if not problem(calendar):
            return ZoneInfo(calendar.time_zone)
    return timezone.get_current_timezone()


def _days(calendars: Sequence[Calendar], at: datetime, zone: tzinfo) -> tuple[Day, ...]:
    local = at.astimezone(zone)
    return tuple(
        _day(calendars, local.date() + timedelta(days=offset), local, zone)
        for offset in range(_DAYS)
    )


def _day(calendars: Sequence[Calendar], day: date, local: datetime, zone: tzinfo) -> Day:
    start, end = (
        datetime.combine(it, time(0), zone).astimezone(UTC) for it in (day, day + timedelta(days=1))
    )
    bars = tuple(
        _bar(opens.astimezone(zone), closes.astimezone(zone), day)
        for opens, closes in common_intervals(calendars, start, end)
    )
    now = local.hour * 60 + local.minute if local.date() == day else None
    note = next((note for each in calendars if (note := _note(each, day))), "")
    return Day(f"{day:%a %d %b}", note, bars, now)


def _bar(opens: datetime, closes: datetime, day: date) -> Bar:
    start = opens.hour * 60 + opens.minute
    end = closes.hour * 60 + closes.minute if closes.date() == day else _MINUTES
    until = f"{closes:%H:%M}" if end < _MINUTES else "24:00"
    return Bar(start, max(end - start, 1), f"{opens:%H:%M}-{until}")


def _note(calendar: Calendar, day: date) -> str:
    if day in calendar.exceptions:
        return "exception"
    if name := holiday(calendar.holidays_of, day):
        return name
    if name := eve_of(calendar, day):
        return gettext("eve of %(holiday)s") % {"holiday": name}
    return ""


def _because(calendar: Calendar, at: datetime, zone: tzinfo) -> str:
    note = _note(calendar, at.astimezone(zone).date())
    return f" ({note})" if note else ""


def _clock(at: datetime, zone: tzinfo) -> str:
    return gettext("%(astimezone)s in %(zone)s") % {
        "astimezone": f"{at.astimezone(zone):%a %d %b, %H:%M}",
        "zone": zone,
    }


def _date(day: date, today: date) -> str:
    return f"{day:%a %d %b}" if day.year == today.year else f"{day:%a %d %b %Y}"


def _when(instant: datetime, at: datetime, zone: tzinfo) -> str:
    local, here = instant.astimezone(zone), at.astimezone(zone)
    if local.date() == here.date():
        return f"{local:%H:%M}"
    return f"{_date(local.date(), here.date())} {local:%H:%M}"
