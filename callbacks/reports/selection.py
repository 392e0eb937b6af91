"""A view of a report: what is asked for, its grouping, its columns, and whether it is compared.

The address is the view: people can bookmark it, send it and subscribe to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.common.translation import Text
from callbacks.reports import filters
from callbacks.reports.filters import Asked, NotUnderstood
from callbacks.reports.groupings import GROUPINGS, Grouping
from callbacks.reports.measures import MEASURES, Measure
from leads.models import LeadSource, SlaClock

# Nobody reads a longer table.
MOST_ROWS = 400
# Pictures show each day up to so many days, each week up to so many days, and months beyond.
_DAYS_SHOWN, _WEEKS_SHOWN = 62, MOST_ROWS

# The columns and the grouping of an address that names none.
MAIN, BY = "main", "source"

_TIME = ("p50", "p90", "p95", "p99", "mean")


@dataclass(frozen=True)
class Columns:
    """Measures shown side by side. `wall`: more of them, shown if the clocks differ."""

    key: str
    name: Text
    measures: tuple[str, ...]
    wall: tuple[str, ...] = ()


COLUMNS = {
    it.key: it
    for it in (
        Columns(
            MAIN,
            _("Overview"),
            ("leads", "reached_share", "in_time", "missed", "ring_p50", "ring_p90", "talk_p50",
             "talk_p90"),
        ),
        Columns(
            "ring",
            _("Time to ring"),
            ("leads", "rang", *(f"ring_{it}" for it in _TIME)),
            tuple(f"ring_wall_{it}" for it in _TIME),
        ),
        Columns(
            "talk",
            _("Time to talk"),
            ("leads", "reached", "attempts", *(f"talk_{it}" for it in _TIME)),
            tuple(f"talk_wall_{it}" for it in _TIME),
        ),
        Columns(
            "helped",
            _("Did it help?"),
            ("leads", "reached", "helped", "answers"),
        ),
        Columns(
            "soon",
            _("How soon"),
            ("leads", "in_time", "within_30_s", "within_1_min", "within_5_min", "within_15_min",
             "within_1_h", "later", "overdue", "never"),
        ),
        Columns(
            "provider",
            _("Technical"),
            ("leads", "not_counted", "follow_ups", "called", "rang", "judged",
             *(f"accepted_{it}" for it in _TIME)),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class View:
    """What a report's page shows."""

    asked: Asked
    grouping: Grouping
    columns: Columns
    compare: bool = False

    def query(self) -> QueryDict:
        """For an address. The report's `read` turns it back into an equal view."""
        query = self.asked.query()
        query["by"] = self.grouping.key
        query["show"] = self.columns.key
        if self.compare:
            query["compare"] = "yes"
        return query


class Selection(View):
    """What the callback times page shows."""

    def measures(self) -> tuple[Measure, ...]:
        """Of the table's columns; by the wall clock too, if a source's clock stops at times."""
        keys = self.columns.measures
        if self.columns.wall and clocks_differ(self.asked):
            keys += self.columns.wall
        return tuple(MEASURES[key] for key in keys)

    def trend(self) -> Grouping:
        """The grouping of the pictures: hours of a day, days, weeks or months."""
        if self.grouping.key in ("day", "week", "month"):
            return self.grouping
        count = self.asked.days.count
        for most, key in ((1, "hour"), (_DAYS_SHOWN, "day"), (_WEEKS_SHOWN, "week")):
            if count <= most:
                return GROUPINGS[key]
        return GROUPINGS["month"]


def groupings_for(seen: Scope) -> dict[str, Grouping]:
    """The groupings a user may choose; by person only if they see names."""
    return {key: it for key, it in GROUPINGS.items() if seen.names or key != "salesperson"}


def read(query: QueryDict, now: datetime, seen: Scope = EVERYTHING) -> Selection:
    """What an address selects; by default, today's leads by source. Raises NotUnderstood."""
    view = read_view(query, now, seen, groupings_for(seen), COLUMNS, BY)
    return Selection(view.asked, view.grouping, view.columns, view.compare)


def read_view(
    query: QueryDict,
    now: datetime,
    seen: Scope,
    groupings: Mapping[str, Grouping],
    sets_of_columns: Mapping[str, Columns],
    by: str,
    problems: Mapping[str, str] = MappingProxyType({}),
) -> View:
    """What an address selects in a report with these groupings and columns.

    `by`: the default grouping. Raises NotUnderstood, which includes the given `problems`.
    """
    problems = dict(problems)
    grouping = groupings.get(query.get("by") or by)
    columns = sets_of_columns.get(query.get("show") or MAIN)
    if grouping is None:
        problems["by"] = gettext("The report has no such group.")
    if columns is None:
        problems["show"] = gettext("The report has no such columns.")
    try:
        asked = filters.read(query, now, seen)
    except NotUnderstood as wrong:
        raise NotUnderstood(wrong.problems | problems) from None
    if grouping and grouping.days and sum(1 for _ in grouping.every(asked)) > MOST_ROWS:
        problems["by"] = gettext(
            "This would be more than %(most)s rows. Choose weeks or months, or fewer days."
        ) % {"most": MOST_ROWS}
    if problems or grouping is None or columns is None:
        raise NotUnderstood(problems)
    return View(asked, grouping, columns, bool(query.get("compare")))


def clocks_differ(asked: Asked) -> bool:
    """Whether the clock of a source asked for stops at times. One query."""
    sources = LeadSource.objects.filter(sla_clock=SlaClock.OPEN)
    return (sources.filter(pk__in=asked.sources) if asked.sources else sources).exists()


def target(asked: Asked) -> int | None:
    """The target of the sources asked for, in seconds; None if their targets differ. One query."""
    sources = LeadSource.objects.all()
    if asked.sources:
        sources = sources.filter(pk__in=asked.sources)
    else:
        sources = sources.filter(is_active=True)
    return common_target(sources.values_list("sla_target", flat=True))


def common_target(targets: Iterable[int]) -> int | None:
    """The one target of all, in seconds; None if they differ, so no line can be drawn."""
    found = set(targets)
    return found.pop() if len(found) == 1 else None
