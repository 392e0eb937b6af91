"""The named periods of lists and reports: which days each means today, and which days come before.
Pure.

A period that is not over ends today. It is compared with as many days from the start of the week,
month or quarter before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text
from callbacks.reports.date_ranges import Days, last_days, months_later, week_start

# Days that somebody chose, instead of a named period.
CHOSEN = "days"
TODAY = "today"


@dataclass(frozen=True)
class Period:
    """`days`: given today and the week's first day (0 Sunday, 1 Monday). `before`: given `days`."""

    key: str
    name: Text
    days: Callable[[date, int], Days]
    before: Callable[[Days], Days] = Days.before


def days_before(period: str, days: Days) -> Days:
    """The days that `days` of this period are compared with."""
    return PERIODS[period].before(days) if period in PERIODS else _calendar(days)


def _calendar(days: Days) -> Days:
    """For whole calendar months, as many calendar months before; else as many days."""
    after = days.last + timedelta(days=1)
    if days.first.day != 1 or after.day != 1:
        return days.before()
    months = (after.year - days.first.year) * 12 + after.month - days.first.month
    return Days(months_later(days.first, -months), days.first - timedelta(days=1))


def _so_far(months: int) -> Callable[[Days], Days]:
    def before(days: Days) -> Days:
        last = months_later(days.last, -months)
        return Days(months_later(days.first, -months), min(last, days.first - timedelta(days=1)))

    return before


def _week_so_far(days: Days) -> Days:
    return Days(_weeks_back(days.first), _weeks_back(days.last))


def _weeks_back(day: date) -> date:
    return day - timedelta(days=7)


def _yesterday(today: date, _first: int) -> Days:
    return Days(today - timedelta(days=1), today - timedelta(days=1))


def _last_week(today: date, first_weekday: int) -> Days:
    begins = _weeks_back(week_start(today, first_weekday))
    return Days(begins, begins + timedelta(days=6))


def _today(today: date, _first_weekday: int) -> Days:
    return Days(today, today)


def _this_week(today: date, first_weekday: int) -> Days:
    return Days(week_start(today, first_weekday), today)


def _last(count: int) -> Callable[[date, int], Days]:
    return lambda today, _first_weekday: last_days(count, today)


def _months(count: int, back: int) -> Callable[[date, int], Days]:
    """The month or quarter (`count` months) so far, or with `back` 1 the whole one before it."""

    def days(today: date, _first_weekday: int) -> Days:
        into = (today.month - 1) % count
        first = months_later(today.replace(day=1), -into - count * back)
        return Days(first, months_later(first, count) - timedelta(days=1) if back else today)

    return days


PERIODS = {
    it.key: it
    for it in (
        Period(TODAY, _("Today"), _today),
        Period("yesterday", _("Yesterday"), _yesterday),
        Period("this_week", _("This week"), _this_week, _week_so_far),
        Period("last_week", _("Last week"), _last_week),
        Period("7", _("Last 7 days"), _last(7)),
        Period("30", _("Last 30 days"), _last(30)),
        Period("this_month", _("This month"), _months(1, 0), _so_far(1)),
        Period("last_month", _("Last month"), _months(1, 1), _calendar),
        Period("this_quarter", _("This quarter"), _months(3, 0), _so_far(3)),
        Period("last_quarter", _("Last quarter"), _months(3, 1), _calendar),
    )
}
