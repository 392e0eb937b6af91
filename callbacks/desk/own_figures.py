"""A salesperson's own figures for today and this week, from the people report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text
from callbacks.reports import cells, filters
from callbacks.reports.people import Person
from callbacks.reports.queries import Row
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.measures import ALL
from callbacks.reports.salespeople.table import people

_SHOWN = (
    "answered", "calls_missed", "pick_up_p50", "talks", "talk_time", "people_reached", "paused",
    "shift_share",
)  # fmt: skip
# Names that replace a manager's term in the report.
_NAMES: dict[str, Text] = {"pick_up_p50": _("Median time to pick up")}


@dataclass(frozen=True)
class OwnFigure:
    """One line: the same measure for today and for this week."""

    name: Text
    definition: Text
    today: str
    week: str


@dataclass(frozen=True)
class OwnFigures:
    """The figures as of `now`."""

    now: datetime
    lines: Sequence[OwnFigure]


def own_figures(user: Any, now: datetime) -> OwnFigures:
    """For the site's day and week. As many queries as one table of the report."""
    query = QueryDict(mutable=True)
    query["period"] = "this_week"
    query["salesperson"] = str(Person(user.pk))
    # By day: the last row is today; the total is the week so far.
    table = people(filters.read(query, now), CALL_GROUPINGS["day"], now).table
    today = table.rows[-1]
    return OwnFigures(
        now,
        [
            OwnFigure(
                _NAMES.get(key, ALL[key].name),
                ALL[key].definition,
                _said(today, key),
                _said(table.total, key),
            )
            for key in _SHOWN
        ],
    )


def _said(row: Row, key: str) -> str:
    figure = row[key]
    if key == "answered" and (out_of := row["answered_share"].out_of):
        return gettext("%(count)s of %(all)s") % {"count": cells.words(figure), "all": out_of}
    return cells.words(figure)
