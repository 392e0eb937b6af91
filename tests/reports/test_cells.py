"""A figure beside the one of the period before."""

from datetime import UTC, date, datetime

import pytest

from callbacks.reports import cells
from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import Asked
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import Figure, Row, Table

NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "before", "mark"),
    [
        pytest.param(23.4, 22.6, "", id="the same words"),
        pytest.param(23.6, 22.6, "▲ ", id="a second more"),
        pytest.param(22.4, 23.4, "▼ ", id="a second less"),
        pytest.param(None, 23.4, "", id="nothing now"),
    ],
)
def test_a_change_is_marked_where_it_is_seen(now: float | None, before: float, mark: str) -> None:
    measure = MEASURES["ring_p50"]
    asked = Asked(last_days(1, date(2026, 3, 25)), "today")

    def table(value: float | None) -> Table:
        row = Row(None, "", {measure.key: Figure(measure, value, 0 if value is None else 40)})
        return Table(asked, NOON, (measure,), None, (), row)

    this, that = table(now), table(before)
    (cell,) = cells.total(this, "All", that).cells
    assert cell.before is not None
    assert cell.before.startswith(f"{mark}was <a" if mark else " was <a")
    assert bool(cell.tone) == bool(mark)
