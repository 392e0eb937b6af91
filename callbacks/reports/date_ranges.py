"""Whole days in a time zone, as people choose them for lists and reports. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils.translation import gettext

# The days that lists and reports can be asked for.
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")


def parsed_day(text: str) -> date | None:
    """A day as people write it: 2026-03-27, 27.03.2026, 27/03/2026; None if not one, or too far."""
    for written in FORMATS:
        try:
            day = datetime.strptime(text.strip(), written).date()  # noqa: DTZ007  # a day alone
        except ValueError:
            continue
        return day if EARLIEST <= day <= LATEST else None
    return None


@dataclass(frozen=True)
class Days:
    """Calendar days from `first` to `last`, both included."""

    first: date
    last: date

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """The instants [start, end) of these days in `zone`, in UTC.

        A day has 23 or 25 hours when the clocks change. `last` is before date.max.
        """
        return midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone)

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(self.count))

    def before(self) -> "Days":
        """As many days, which end the day before these begin."""
        return Days(self.first - timedelta(days=self.count), self.first - timedelta(days=1))

    def __str__(self) -> str:
        if self.first == self.last:
            return f"{self.first:%d %b %Y}"
        return gettext("%(first)s to %(last)s") % {
            "first": f"{self.first:%d %b %Y}",
            "last": f"{self.last:%d %b %Y}",
        }


def midnight(day: date, zone: tzinfo) -> datetime:
    """When `day` begins in `zone`, in UTC; where midnight does not exist, the instant after."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def last_days(count: int, today: date) -> Days:
    """The `count` days that end with `today`; 1 is today alone."""
    return Days(today - timedelta(days=count - 1), today)


def months_later(day: date, months: int) -> date:
    """The same day so many months later (earlier if negative), or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def week_start(day: date, first_weekday: int) -> date:
    """The first day of the week of `day`; `first_weekday` is 0 for Sunday, 1 for Monday."""
    return day - timedelta(days=(day.isoweekday() - first_weekday) % 7)
