"""Whole days of a time zone, as people choose them for lists and reports. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils.translation import gettext

# What lists and reports can be asked for.
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")


def parsed_day(text: str) -> date | None:
    """A day as people write it: 2026-03-27, 27.03.2026, 27/03/2026; None: not one, or far away."""
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
    """`count` days that end with `today`; 1 is today alone."""
    return Days(today - timedelta(days=count - 1), today)
