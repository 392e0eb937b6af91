"""When people's phones could get calls, by the hours of their teams and phones."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from callbacks.models import Pause, Schedule
from callbacks.models.pauses import PauseKind
from callbacks.opening_hours import calendar
from callbacks.reports.filters import Asked
from callbacks.reports.intervals import Interval, union, without
from callbacks.reports.salespeople import meant

# By person: a login's id, or the negative id of a phone (reports.people.Person).
Shifts = Mapping[int, Sequence[Interval]]


def shifts(asked: Asked, now: datetime) -> Shifts:
    """The shifts of these days up to `now`, of everybody with an active phone in an active team.

    Uses the current hours, because earlier ones are not kept. Leaves out time in which a login was
    switched off. Five queries.
    """
    start, end = asked.bounds
    end = min(end, now)
    phones = list(
        meant.phones(asked).filter(is_active=True, team__is_active=True).select_related("team")
    )
    wanted = {(it.team.schedule_id, it.schedule_id) for it in phones}
    hours = _hours(wanted, start, end)
    off = _switched_off([it.pk for it in phones], start, end, now)
    theirs: dict[int, list[Interval]] = defaultdict(list)
    for it in phones:
        its = hours[it.team.schedule_id, it.schedule_id]
        theirs[it.user_id or -it.pk] += without(its, union(off[it.pk]))
    return {person: union(found) for person, found in theirs.items()}


def _hours(
    pairs: Collection[tuple[int | None, int | None]], start: datetime, end: datetime
) -> dict[tuple[int | None, int | None], list[Interval]]:
    """When both schedules of each pair are open; None is round the clock."""
    ids = {pk for pair in pairs for pk in pair if pk}
    rows = Schedule.objects.filter(pk__in=ids).prefetch_related("hours", "exceptions")
    calendars = {it.pk: it.calendar() for it in rows}
    return {
        pair: list(
            calendar.common_intervals([calendars[pk] for pk in pair if pk in calendars], start, end)
        )
        for pair in pairs
    }


def _switched_off(
    phones: Collection[int], start: datetime, end: datetime, now: datetime
) -> dict[int, list[Interval]]:
    """By phone, when its salesperson could not log in."""
    found: dict[int, list[Interval]] = defaultdict(list)
    rows = Pause.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=start),
        kind=PauseKind.LOGIN,
        extension__in=phones,
        began_at__lt=end,
    )
    for it in rows.order_by():
        found[it.extension_id].append((it.began_at, it.over_at(now)))
    return found
