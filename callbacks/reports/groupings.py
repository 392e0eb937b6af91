"""What a report is grouped by: each lead is in exactly one group, so that counts add up.

- Days, weeks, months, hours and weekdays are those of the submission in the report's time zone. An
  hour that is repeated when the clocks change is one hour.
- A lead's team and salesperson are those of the call that it counts for: the first one in which
  the two talked, else the last one that has ended (`Lead.by_team`). A lead that nobody called has
  none.
- A lead's disposition is that of its newest call with one (`Lead.disposition`).
- Duplicates are not counted; the lead that they joined is.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import BigIntegerField, DateField, F, Func, Q, TextField
from django.db.models.lookups import Exact
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.access import others_calls, others_requests
from callbacks.access.others_calls import OTHERS
from callbacks.common.translation import Text
from callbacks.models import Team
from callbacks.reports import people
from callbacks.reports.date_ranges import EARLIEST, LATEST, Days, months_later, week_start
from callbacks.reports.filters import Asked
from callbacks.reports.people import NOBODY, Person
from leads.models import Disposition, LeadSource
from leads.typed_text import clean_line
from leads.visits import MOST_MARK

Key = date | int | str

_MOST_DIGITS = 18  # of an id in the database
# A week may begin in the year before the first day that can be asked for.
_YEARS = (EARLIEST.year - 1, LATEST.year)

# PostgreSQL expressions; `{at}` is the local time of the submission.
_DAY = "({at})::date"
_HOUR = "date_part('hour', {at})::int"
_WEEKDAY = "date_part('dow', {at})::int"  # 0 is Sunday


@dataclass(frozen=True)
class Grouping:
    """`sql`: the key of a lead's group, from its `columns`. In it, `{at}` is the local time of the
    submission, and `{first}` the first day of the week.

    `labels`: names for keys. `every`: keys that are shown even without leads. `written` and
    `parsed`: a key in an address; `parsed` returns None for what is not a key. `days`: the days
    that a key stands for, if keys are days. `words`: the keys, if they are words; None: any text
    is a key.
    """

    key: str
    name: Text
    sql: str
    columns: tuple[str, ...]
    labels: Callable[[Collection[Any]], dict[Any, str]]
    every: Callable[[Asked], Iterable[Key]] = lambda _asked: ()
    days: Callable[[Any, Asked], Days] | None = None
    words: Collection[str] | None = ()

    @property
    def is_of_time(self) -> bool:
        """Whether the keys are ordered in time, like days and hours; otherwise they have names."""
        return self.columns in (("submitted_at",), ("claimed_at",))

    def in_order(self, keys: Collection[Any], asked: Asked) -> dict[Any, str]:
        """Keys with their labels: by time, or by name with the unnamed keys last."""
        places = {key: place for place, key in enumerate(self.every(asked))}
        found = self.labels(list(keys))
        labels = {key: found.get(key, str(key)) for key in keys}
        if self.is_of_time:
            ordered = sorted(labels, key=lambda key: (places.get(key, 0), key))
        else:
            unnamed = {"": 1, OTHERS: 1, NOBODY: 2}
            ordered = sorted(
                labels, key=lambda key: (unnamed.get(key, 0), labels[key].casefold(), key)
            )
        return {key: labels[key] for key in ordered}

    def expression(self, asked: Asked, prefix: str = "") -> Func:
        """The key, for a query of leads, or of rows with a lead at `prefix`."""
        # The zone is from a list of known names (filters.read), so it is safe in the statement.
        at = f"%(expressions)s AT TIME ZONE '{asked.zone}'"
        sql = self.sql.format(at=at, first=asked.first_weekday)
        output = (
            DateField() if self.days else TextField() if self.words is None else BigIntegerField()
        )
        columns: list[Any] = [F(prefix + name) for name in self.columns]
        if self.columns[0] in others_calls.TOLD:
            columns = [others_calls.caller(asked.seen, name, prefix) for name in self.columns]
        elif self.columns == ("disposition_id",):
            columns = [others_calls.disposition(asked.seen, prefix)]
        elif self.words is None:
            columns = [others_requests.mark(asked.seen, name, prefix) for name in self.columns]
        # A phone without a login has a negative number: see Person.
        return Func(*columns, template=sql, output_field=output, arg_joiner=", -")

    def condition(self, asked: Asked, key: Key) -> Q:
        """Selects the leads of one group."""
        if self.days:
            start, end = self.days(key, asked).bounds(asked.tz)
            moment = self.columns[0]
            return Q((f"{moment}__gte", start), (f"{moment}__lt", end))
        return Q(Exact(self.expression(asked), key))

    def written(self, key: Key) -> str:
        """For an address."""
        if self.key == "salesperson":
            return str(Person(int(str(key))))
        return people.team_written(key) if isinstance(key, int) else str(key)

    def parsed(self, text: str) -> Key | None:
        """The key that `written` wrote; None for anything else."""
        if self.key == "salesperson":
            person = Person.parsed(text)
            return person.number if person else None
        if self.key == "team":
            return people.team_parsed(text)
        if self.words is None:
            return clean_line(text)[:MOST_MARK]
        if self.words:
            return text if text in self.words else None
        try:
            key: Key = date.fromisoformat(text) if self.days else int(text[:_MOST_DIGITS])
        except ValueError:
            return None
        is_far = isinstance(key, date) and not _YEARS[0] <= key.year <= _YEARS[1]
        return None if is_far else key


def _days(asked: Asked) -> Iterable[date]:
    return asked.days


def _weeks(asked: Asked) -> Iterable[date]:
    begins = week_start(asked.days.first, asked.first_weekday)
    while begins <= asked.days.last:
        yield begins
        begins += timedelta(days=7)


def _months(asked: Asked) -> Iterable[date]:
    begins = asked.days.first.replace(day=1)
    while begins <= asked.days.last:
        yield begins
        begins = months_later(begins, 1)


def _dates(written: str) -> Callable[[Collection[date]], dict[date, str]]:
    return lambda keys: {key: date_format(key, written) for key in keys}


def _hours(keys: Collection[int]) -> dict[int, str]:
    return {key: f"{key:02}:00" for key in keys}


def _weekdays(keys: Collection[int]) -> dict[int, str]:
    return {key: str(WEEKDAYS[(key - 1) % 7]) for key in keys}


def _weekday_hours(keys: Collection[int]) -> dict[int, str]:
    days = _weekdays(range(7))
    return {key: f"{days[key // 24]} {key % 24:02}:00" for key in keys}


def _sources(keys: Collection[int]) -> dict[int, str]:
    return dict(LeadSource.objects.filter(pk__in=keys).values_list("pk", "name"))


def _teams(keys: Collection[int]) -> dict[int, str]:
    names = dict(Team.objects.filter(pk__in=keys).values_list("pk", "name"))
    gone = gettext("A team that was deleted (%(number)s)")
    found = {key: names.get(key) or gone % {"number": key} for key in keys}
    return found | {number: name for number, name in people.unnamed() if number in keys}


def _dispositions(keys: Collection[int]) -> dict[int, str]:
    found = dict(Disposition.objects.filter(pk__in=keys).values_list("pk", "name"))
    return found | ({NOBODY: gettext("Not known")} if NOBODY in keys else {})


def _marks(keys: Collection[str]) -> dict[str, str]:
    return {key: key or gettext("Not known") for key in keys}


def _in_order(first: int, count: int) -> Iterable[int]:
    return [(first + number) % count for number in range(count)]


GROUPINGS = {
    it.key: it
    for it in (
        Grouping(
            "day", _("Day"), _DAY, ("submitted_at",), _dates("D j M Y"), _days,
            lambda key, _asked: Days(key, key),
        ),
        Grouping(
            "week", _("Week"),
            f"({_DAY} - mod({_WEEKDAY} - {{first}} + 7, 7))",
            ("submitted_at",), _dates("j M Y"), _weeks,
            lambda key, _asked: Days(key, key + timedelta(days=6)),
        ),
        Grouping(
            "month", _("Month"), "date_trunc('month', {at})::date", ("submitted_at",),
            _dates("F Y"), _months,
            lambda key, _asked: Days(key, months_later(key, 1) - timedelta(days=1)),
        ),
        Grouping(
            "hour", _("Hour of day"), _HOUR, ("submitted_at",), _hours, lambda _asked: range(24)
        ),
        Grouping(
            "weekday", _("Weekday"), _WEEKDAY, ("submitted_at",), _weekdays,
            lambda asked: _in_order(asked.first_weekday, 7),
        ),
        Grouping("source", _("Source"), "%(expressions)s", ("source_id",), _sources),
        Grouping("team", _("Team"), "COALESCE(%(expressions)s, 0)", ("by_team",), _teams),
        Grouping(
            "salesperson", _("Salesperson"), "COALESCE(%(expressions)s, 0)",
            ("by_user", "by_extension"), people.names,
        ),
        Grouping(
            "disposition", _("Disposition"), "COALESCE(%(expressions)s, 0)",
            ("disposition_id",), _dispositions,
        ),
        *(
            Grouping(
                # Sorting by bytes is ten times as fast as by a language's alphabet.
                column, name, "COALESCE(%(expressions)s, '') COLLATE \"C\"", (column,), _marks,
                words=None,
            )
            for column, name in (
                ("utm_campaign", _("Campaign")),
                ("utm_medium", _("Medium")),
                ("utm_source", _("Campaign source")),
            )
        ),
    )
}  # fmt: skip

# For the heat map: the key is the weekday times 24, plus the hour.
WEEKDAY_HOUR = Grouping(
    "weekday-hour", _("Weekday and hour"), f"({_WEEKDAY} * 24 + {_HOUR})", ("submitted_at",),
    _weekday_hours,
)  # fmt: skip
ALL = GROUPINGS | {WEEKDAY_HOUR.key: WEEKDAY_HOUR}
