"""When a visitor wants to be called: the times on offer, and what may be chosen."""

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby, islice

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from leads.ports import CallingHours
from leads.visitor_status import SOON, day_in_words, when_in_words

# How far ahead a time may lie.
LATEST = timedelta(days=14)
# So many are shown to choose from, in whole days if there are two.
ON_OFFER = 60
# The first one on offer: whoever fills in the form needs a while.
_EARLIEST = timedelta(minutes=15)

NOT_OFFERED = "Times cannot be chosen here."
MALFORMED = "This is not a time as we write it."
PAST = "This time is over."
TOO_LATE = f"This is more than {LATEST.days} days ahead."
CLOSED = "We cannot call you then."
_NOW = "The next possible time is now: leave this empty to be called as soon as possible."
_NEVER = "Leave this empty, and we will get back to you."

# A heading and what stands below it: value and words of each time.
Day = tuple[str, list[tuple[str, str]]]


class TimeRefused(Exception):  # noqa: N818  # said of the time, to a person
    """Why a time cannot be chosen and which one is possible, as sentences for the visitor."""


def choose(typed: str, hours: CallingHours, now: datetime, *, offered: bool) -> datetime:
    """What was typed or sent -> when to call, in UTC. Raises TimeRefused.

    `hours`: of the source and the visitor's number. `offered`: whether the source lets them choose.
    """
    at = _parse(typed)
    if not offered:
        raise _refused(NOT_OFFERED, hours, now, now)
    if at is None:
        raise _refused(MALFORMED, hours, now, now, example=True)
    if at < now:
        raise _refused(PAST, hours, now, now)
    if at > now + LATEST:
        raise _refused(TOO_LATE, hours, now, now)
    if hours.next_time(at) != at:
        raise _refused(CLOSED, hours, at, now)
    return at


def on_offer(hours: CallingHours, now: datetime) -> list[Day]:
    """The times to choose from, by day."""
    times = islice(hours.half_hours(now + _EARLIEST, now + LATEST), ON_OFFER + 1)
    today = timezone.localtime(now, hours.zone).date()
    found = list(times)
    days = [
        (day_in_words(day, today), [(at.isoformat(), _clock(at)) for at in of_day])
        for day, of_day in groupby(found[:ON_OFFER], lambda at: at.date())
    ]
    # One day more would be cut off.
    cut_off = len(found) > ON_OFFER and found[ON_OFFER].date() == found[ON_OFFER - 1].date()
    return days[:-1] if cut_off and len(days) > 2 else days


def name_of(zone: tzinfo) -> str:
    """ "Asia/Jerusalem" -> "Jerusalem time"."""
    return f"{str(zone).rpartition('/')[2].replace('_', ' ')} time"


def _clock(at: datetime) -> str:
    """Of a time that the clock shows twice that night, with the name of its zone."""
    twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return f"{at:%H:%M} ({at:%Z})" if twice else f"{at:%H:%M}"


def _parse(typed: str) -> datetime | None:
    try:
        at = parse_datetime(typed)
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _refused(
    why: str, hours: CallingHours, after: datetime, now: datetime, *, example: bool = False
) -> TimeRefused:
    possible = hours.next_time(after)
    if possible is None or possible > now + LATEST:
        possible = hours.next_time(now)
    if possible is None:
        return TimeRefused(f"{why} {_NEVER}")
    if example:
        local = timezone.localtime(possible, hours.zone).isoformat(timespec="seconds")
        return TimeRefused(f"{why} The next possible time is {local}.")
    if possible <= now + SOON:
        return TimeRefused(f"{why} {_NOW}")
    return TimeRefused(
        f"{why} The next possible time is {when_in_words(possible, now, hours.zone)}."
    )
