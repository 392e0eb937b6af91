"""A view of the people report; its address is the view."""

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.reports.measures import Measure
from callbacks.reports.salespeople import measures
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.selection import MAIN, Columns, View, read_view

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
class Selection(View):
    """What the page shows. `sort`: a measure to sort rows by, highest first; "": by name."""

    sort: str = ""

    def measures(self) -> tuple[Measure, ...]:
        """Those of the table's columns."""
        return tuple(measures.ALL[key] for key in self.columns.measures)

    def query(self) -> QueryDict:
        """For an address. `read` turns it back into an equal view."""
        query = super().query()
        if self.sort:
            query["sort"] = self.sort
        return query


def read(query: QueryDict, now: datetime, seen: Scope = EVERYTHING) -> Selection:
    """What an address selects; by default, today by salesperson. Raises NotUnderstood."""
    sort = query.get("sort") or ""
    problems = {}
    if sort and sort not in measures.ALL:
        problems["sort"] = gettext("The report has no such figure.")
    view = read_view(query, now, seen, CALL_GROUPINGS, COLUMNS, BY, problems)
    return Selection(view.asked, view.grouping, view.columns, view.compare, sort)
