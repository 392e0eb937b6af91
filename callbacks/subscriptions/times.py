"""When a subscription's mails are due. Pure.

    plan = Plan(Rhythm.WEEKLY, hour=8, zone="Asia/Jerusalem", weekday=6)
    next_after(plan, now), last_until(plan, now)

Each day has one moment for its hour, even when the clocks change: the first one of an hour that
comes twice, and the moment of the change for an hour that does not exist.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callbacks.models.subscriptions import Rhythm

# Days within which to find a working day. A calendar closed for longer has none.
_FURTHEST = 60
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """`weekday`: 0 is Monday. `works`: whether a day is a working day; None: all days are used."""

    rhythm: str
    hour: int
    zone: str
    weekday: int = 0
    day_of_month: int = 1
    works: Callable[[date], bool] | None = None


def next_after(plan: Plan, after: datetime) -> datetime | None:
    """The first moment later than `after`; None if there is no working day."""
    return next((at for at in _moments(plan, after) if at > after), None)


def last_until(plan: Plan, now: datetime) -> datetime | None:
    """The latest moment not later than `now`: the mail that is due if some were missed."""
    found = [at for at in _moments(plan, now - timedelta(days=1)) if at <= now]
    return found[-1] if found else None


def weekdays(first_weekday: int) -> Callable[[date], bool]:
    """The first five days of the week; `first_weekday`: 0 Sunday, 1 Monday."""
    return lambda day: (day.isoweekday() - first_weekday) % 7 < 5


def _moments(plan: Plan, around: datetime) -> Iterator[datetime]:
    """The moments in order, from weeks before `around` to weeks after it."""
    zone = ZoneInfo(plan.zone)
    today = around.astimezone(zone).date()
    seen = None
    first, last = today - _FURTHEST * _DAY, today + 2 * _FURTHEST * _DAY
    for number in range((last - first).days):
        day = first + number * _DAY
        if not _is_due(plan, day):
            continue
        moved = day if plan.works is None else _working_day(plan, day)
        if moved and moved != seen:
            seen = moved
            yield datetime.combine(moved, time(plan.hour), zone).astimezone(UTC)


def _is_due(plan: Plan, day: date) -> bool:
    if plan.rhythm == Rhythm.WEEKLY:
        return day.weekday() == plan.weekday
    if plan.rhythm == Rhythm.MONTHLY:
        return day.day == min(plan.day_of_month, monthrange(day.year, day.month)[1])
    return True


def _working_day(plan: Plan, day: date) -> date | None:
    """The day itself or the next working day; for a daily mail, only the day itself."""
    works = plan.works
    assert works is not None  # noqa: S101 - the caller has checked
    reach = 1 if plan.rhythm == Rhythm.DAILY else _FURTHEST
    return next((it for it in (day + n * _DAY for n in range(reach)) if works(it)), None)
