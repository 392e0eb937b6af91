"""When a visitor wants a call: the times on offer, and which may be chosen."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby, islice

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from leads.dated_sentences import DatedSentence, day_heading
from leads.ports import CallingHours
from leads.visitor_status import SOON

# How far ahead a chosen time may be.
LATEST = timedelta(days=14)
# How many times are shown at most; only whole days if that leaves two days or more.
ON_OFFER = 60
# The first time on offer is at least this far ahead, because filling in the form takes a while.
_EARLIEST = timedelta(minutes=15)

_NEXT_POSSIBLE = DatedSentence(
    _("The next possible time is today at %(time)s."),
    _("The next possible time is tomorrow, %(weekday)s, at %(time)s."),
    _("The next possible time is on %(date)s, at %(time)s."),
)

# In a form, + means a space: a program that does not write %2B sends "10:30:00 02:00".
_PLUS_LOST = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")

# A day's heading, and the value and label of each of its times.
Day = tuple[str, list[tuple[str, str]]]


class TimeRefused(Exception):  # noqa: N818  # said of the time, to a person
    """A time cannot be chosen: one sentence says why, another says which time is possible."""


def choose(typed: str, hours: CallingHours, now: datetime, *, offered: bool) -> datetime:
    """Parses the time that a visitor chose, and returns it in UTC. Raises TimeRefused.

    `hours`: those of the source and the visitor's number. `offered`: whether the source lets
    visitors choose a time.
    """
    at = _parse(_PLUS_LOST.sub(r"\1+\2", typed))
    if not offered:
        raise _refused(gettext("Times cannot be chosen here."), hours, now, now)
    if at is None:
        raise _refused(_unreadable(typed, hours.zone), hours, now, now)
    if at < now:
        raise _refused(gettext("This time has passed."), hours, now, now)
    if at > now + LATEST:
        raise _refused(_too_late(), hours, now, now)
    if hours.next_time(at) != at:
        raise _refused(gettext("We cannot call you then."), hours, at, now)
    return at


def is_any(hours: CallingHours, now: datetime) -> bool:
    """Whether the visitor can choose any time; `hours` are those of their number."""
    return next(_possible(hours, now), None) is not None


def on_offer(hours: CallingHours, now: datetime, *, is_known: bool = False) -> list[Day]:
    """The times that the visitor may choose from, by day. `is_known`: `hours` are those of their
    number; if not, some times may turn out not to suit the number.
    """
    all_of_them = hours.half_hours(now + _EARLIEST, now + LATEST)
    times = islice(_possible(hours, now) if is_known else all_of_them, ON_OFFER + 1)
    today = timezone.localtime(now, hours.zone).date()
    found = list(times)
    days = [
        (day_heading(day, today), [(at.isoformat(), _clock(at)) for at in of_day])
        for day, of_day in groupby(found[:ON_OFFER], lambda at: at.date())
    ]
    # Leave out the last day if its times would be cut off.
    cut_off = len(found) > ON_OFFER and found[ON_OFFER].date() == found[ON_OFFER - 1].date()
    return days[:-1] if cut_off and len(days) > 2 else days


def _possible(hours: CallingHours, now: datetime) -> Iterator[datetime]:
    times = hours.half_hours(now + _EARLIEST, now + LATEST)
    return (at for at in times if hours.next_time(at) == at)


def _clock(at: datetime) -> str:
    """ "09:30"; with the zone's abbreviation if the clock shows that time twice that night."""
    twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return f"{at:%H:%M} ({at:%Z})" if twice else f"{at:%H:%M}"


def _parse(typed: str) -> datetime | None:
    try:
        at = parse_datetime(typed)
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _unreadable(typed: str, zone: tzinfo) -> str:
    """What is wrong with a time that could not be read, and how to write it."""
    try:
        local = parse_datetime(typed)
    except ValueError:
        local = None
    if local is None or local.tzinfo or ":" not in typed:
        return gettext("Write the time like this, with its offset: 2026-11-28T14:00:00+02:00.")
    example = local.replace(tzinfo=zone).isoformat(timespec="minutes")
    return gettext("Write this time with its offset from UTC, such as %(example)s.") % {
        "example": example
    }


def _too_late() -> str:
    return ngettext(
        "This is more than %(days)d day ahead.",
        "This is more than %(days)d days ahead.",
        LATEST.days,
    ) % {"days": LATEST.days}


def _refused(problem: str, hours: CallingHours, after: datetime, now: datetime) -> TimeRefused:
    """Two whole sentences, one after the other: `problem`, and what the visitor can do instead."""
    return TimeRefused(f"{problem} {_way_out(hours, after, now)}")


def _way_out(hours: CallingHours, after: datetime, now: datetime) -> str:
    possible = hours.next_time(after)
    if possible is None or possible > now + LATEST:
        possible = hours.next_time(now)
    if possible is None:
        return gettext("Leave this empty, and we will get back to you.")
    if possible <= now + SOON:
        return gettext(
            "The next possible time is now: leave this empty to be called as soon as possible."
        )
    return _NEXT_POSSIBLE.text(possible, now, hours.zone)
