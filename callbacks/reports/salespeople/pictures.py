"""The pictures of the people report: how calls ended, and time on calls and pauses."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext

from callbacks.reports import cells
from callbacks.reports.cells import Line
from callbacks.reports.drilldown import Behind
from callbacks.reports.pictures import Picture, short_label, units
from callbacks.reports.queries import Table
from callbacks.reports.salespeople import measures

CALLS = (
    ("answered", "accent"), ("calls_missed", "bad"), ("device", "stage-provider"),
    ("not_put_through", "stage-closed"), ("not_told", "bars"),
)  # fmt: skip
TIMES = (("on_calls", "accent"), ("paused", "stage-retry"))


def calls(table: Table) -> Picture:
    """How the offered calls ended, stacked."""
    return _stacked(table, "calls", gettext("How calls ended"), gettext("Offered calls."), CALLS)


def times(table: Table) -> Picture:
    """Time on calls and time paused, stacked."""
    title = gettext("Time on calls and pauses")
    return _stacked(
        table, "times", title, gettext("Only the part of pauses within the shift."), TIMES
    )


def _stacked(
    table: Table, key: str, title: str, said: str, series: Sequence[tuple[str, str]]
) -> Picture:
    names = [measures.ALL[it] for it, _colour in series]
    chart: dict[str, Any] = {
        "kind": "stacked",
        "labels": [short_label(row) for row in table.rows],
        "series": [
            {
                "name": str(measures.ALL[measure].name),
                "colour": colour,
                "values": [row[measure].value for row in table.rows],
                "words": [cells.words(row[measure]) for row in table.rows],
                "links": [
                    Behind(table.asked, measures.ALL[measure], table.grouping, row.key).address()
                    for row in table.rows
                ],
            }
            for measure, colour in series
        ],
    }
    if key == "times":
        chart["units"] = units()
    lines = tuple(
        Line(row.label, tuple(cells.cell(table, row, it.key) for it in names)) for row in table.rows
    )
    return Picture(key, title, said, chart, tuple(str(it.name) for it in names), lines)
