"""A view of the people report; its address is the view."""

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.reports import filters
from callbacks.reports.filters import Asked, NotUnderstood
from callbacks.reports.groupings import Grouping
from callbacks.reports.measures import Measure
from callbacks.reports.salespeople import measures
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.selection import MAIN, MOST_ROWS, Columns

BY = "salesperson"

COLUMNS = {
    it.key: it
    for it in (
        Columns(
            MAIN, _("Overview"),
            ("offered", "answered", "calls_missed", "device", "pick_up_p50", "talks", "talk_time",
             "paused", "shift_share"),
        ),
        Columns(
            "calls", _("Calls"),
            ("offered", "answered", "answered_share", "calls_missed", "rejected", "device",
             "not_put_through", "not_told", "pick_up_p50"),
        ),
        Columns(
            "talks", _("Talks and time"),
            ("talks", "talk_time", "talk_length", "people_reached", "on_calls", "shift",
             "shift_share"),
        ),
        Columns("pauses", _("Pauses"), tuple(measures.PAUSE_MEASURES)),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """What the page shows. `sort`: a measure by which the rows stand, most first; "": by name."""

    asked: Asked
    grouping: Grouping
    columns: Columns
    compare: bool = False
    sort: str = ""

    def measures(self) -> tuple[Measure, ...]:
        """Of the table's columns."""
        return tuple(measures.ALL[key] for key in self.columns.measures)

    def query(self) -> QueryDict:
        """For an address; `read` gives back the same."""
        query = self.asked.query()
        query["by"] = self.grouping.key
        query["show"] = self.columns.key
        if self.compare:
            query["compare"] = "yes"
        if self.sort:
            query["sort"] = self.sort
        return query


def read(query: QueryDict, now: datetime, seen: Scope = EVERYTHING) -> Selection:
    """What an address selects; nothing said: today by salesperson. Raises NotUnderstood."""
    problems = {}
    grouping = CALL_GROUPINGS.get(query.get("by") or BY)
    columns = COLUMNS.get(query.get("show") or MAIN)
    sort = query.get("sort") or ""
    if grouping is None:
        problems["by"] = gettext("The report has no such group.")
    if columns is None:
        problems["show"] = gettext("The report has no such columns.")
    if sort and sort not in measures.ALL:
        problems["sort"] = gettext("The report has no such figure.")
    try:
        asked = filters.read(query, now, seen)
    except NotUnderstood as wrong:
        raise NotUnderstood(wrong.problems | problems) from None
    if grouping and grouping.days and sum(1 for _ in grouping.every(asked)) > MOST_ROWS:
        problems["by"] = gettext(
            "These would be more than %(most)s rows. Choose weeks or months, or fewer days."
        ) % {"most": MOST_ROWS}
    if problems or grouping is None or columns is None:
        raise NotUnderstood(problems)
    return Selection(asked, grouping, columns, bool(query.get("compare")), sort)
