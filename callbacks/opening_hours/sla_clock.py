"""The SLA clock: when it starts for a lead, when the lead is due, what it shows. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from typing import Final

from callbacks.opening_hours import calendar
from callbacks.opening_hours.calendar import Calendar, Interval

# A value of `LeadSource.sla_clock`; the other, "always", counts round the clock.
OPEN: Final = "open"


@dataclass(frozen=True)
class Clock:
    """When the clock starts, and when the target is used up."""

    started_at: datetime
    due_at: datetime


def clock(
    rule: str,
    asked_for: datetime,
    target: timedelta,
    opening: datetime | None,
    calendars: Sequence[Calendar] | None,
) -> Clock:
    """The clock of a lead.

    `rule`: LeadSource.sla_clock. `asked_for`: when the lead was submitted, or the time that the
    visitor chose. `opening`: the earliest time at which it may be called; None: never. `calendars`:
    the hours of the teams that answer it; None: round the clock.
    """
    if rule != OPEN or opening is None:
        return Clock(asked_for, asked_for + target)
    started_at = max(asked_for, opening)
    return Clock(started_at, due_at(started_at, target, calendars))


def due_at(
    started_at: datetime, target: timedelta, calendars: Sequence[Calendar] | None
) -> datetime:
    """When `target` of open time has passed. Time in several `calendars` counts once.

    If none of them opens again, the rest of the target counts round the clock.
    """
    if calendars is None:
        return started_at + target
    left, until = target, started_at
    for start, end in _open(calendars, started_at):
        if end <= until:
            continue
        start = max(start, until)  # noqa: PLW2901  # the part not yet counted
        if end - start >= left:
            return start + left
        left, until = left - (end - start), end
    return until + left


def elapsed(
    rule: str, started_at: datetime, until: datetime, calendars: Sequence[Calendar] | None
) -> timedelta:
    """What the clock shows at `until`: zero before its start, the target at `due_at`.

    `rule` and `calendars` as in `clock`.
    """
    if until <= started_at:
        return timedelta(0)
    if rule != OPEN or calendars is None:
        return until - started_at
    shown, seen = timedelta(0), started_at
    for start, end in _open(calendars, started_at):
        if end <= seen:
            continue
        if start >= until:
            return shown
        shown += min(end, until) - max(start, seen)
        seen = end
        if seen >= until:
            return shown
    return shown + (until - seen)  # no calendar opens again: round the clock


def _open(calendars: Sequence[Calendar], after: datetime) -> Iterator[Interval]:
    horizon = after + calendar.HORIZON
    return merge(*(calendar.open_intervals(it, after, horizon) for it in calendars))
