"""Every figure of the people report, compared with plain arithmetic on the raw rows."""

from datetime import date, timedelta

import pytest

from callbacks.reports.date_ranges import Days, months_later
from callbacks.reports.filters import Asked
from callbacks.reports.people import Person
from callbacks.reports.queries import Row
from callbacks.reports.salespeople import measures
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.table import people
from tests.reports.salespeople import random_calls
from tests.reports.salespeople.plainly import Plain, Values, whose
from tests.reports.salespeople.random_calls import NOW, ZONE

pytestmark = pytest.mark.django_db

# These days include one clock change, and end today, which is not over. Other tests have both.
DAYS = Days(date(2026, 10, 20), date(2026, 12, 1))
SPANS = {
    "day": lambda day: day + timedelta(days=1),
    "week": lambda day: day + timedelta(days=7),
    "month": lambda day: months_later(day, 1),
}


def assert_same(row: Row, wanted: Values) -> None:
    found = {key: (it.value, it.leads) for key, it in row.figures.items()}
    close = {
        key: (value if value is None else pytest.approx(value, abs=2e-3), count)
        for key, (value, count) in wanted.items()
    }
    assert found == close, row.label


@pytest.mark.parametrize("seed", range(1))
@pytest.mark.parametrize("by", CALL_GROUPINGS)
def test_every_figure_of_every_group_is_that_of_a_plain_computation(seed: int, by: str) -> None:
    drawn = random_calls.rows(seed, count=90)
    plain = Plain(drawn, ZONE, NOW)
    asked = Asked(DAYS, salesperson=None)
    everybody = sorted({*map(whose, drawn.calls), *map(whose, drawn.pauses)})
    table = people(asked, CALL_GROUPINGS[by], NOW).table
    assert_same(table.total, plain.figures(everybody, asked.bounds))
    if by == "salesperson":
        assert {row.key for row in table.rows} == set(everybody)
        for row in table.rows:
            assert_same(row, plain.figures([int(str(row.key))], asked.bounds))
        return
    rows = table.rows[:: 6 if by == "day" else 1]
    for row in rows:
        assert isinstance(row.key, date)
        first = max(plain.midnight(row.key), plain.midnight(DAYS.first))
        last = min(
            plain.midnight(SPANS[by](row.key)), plain.midnight(DAYS.last + timedelta(days=1))
        )
        assert_same(row, plain.figures(everybody, (first, last)))


def test_a_person_by_day_has_their_own_alone() -> None:
    drawn = random_calls.rows(5)
    plain = Plain(drawn, ZONE, NOW)
    for number in {whose(it) for it in drawn.calls}:
        asked = Asked(DAYS, salesperson=Person(number))
        table = people(asked, CALL_GROUPINGS["day"], NOW).table
        assert_same(table.total, plain.figures([number], asked.bounds))


def test_every_measure_has_its_plain_computation() -> None:
    drawn = random_calls.rows(1, count=1)
    found = Plain(drawn, ZONE, NOW).figures(
        [1], Asked(Days(date(2026, 11, 1), date(2026, 11, 1))).bounds
    )
    assert found.keys() == measures.ALL.keys()
