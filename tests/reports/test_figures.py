"""Every measure, for every grouping and filter, compared with plain arithmetic on the raw rows."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.reports import drilldown
from callbacks.reports.date_ranges import Days
from callbacks.reports.drilldown import Behind
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import ALL, GROUPINGS
from callbacks.reports.measures import MEASURES
from callbacks.reports.people import Person
from callbacks.reports.queries import Row, figures
from leads.models import Lead, LeadSource
from tests.reports import plainly, random_leads
from tests.reports.plainly import Known
from tests.reports.random_leads import NOW, ZONE

pytestmark = pytest.mark.django_db

ASKED = Asked(Days(date(2026, 10, 20), date(2026, 11, 30)))
YEAR = Asked(Days(date(2026, 1, 1), date(2026, 12, 1)), first_weekday=1)


def there(known: list[Known], asked: Asked) -> list[Known]:
    """Leads of these days, by their local date."""
    return [
        it
        for it in known
        if asked.days.first <= it.lead.submitted_at.astimezone(ZONE).date() <= asked.days.last
    ]


def assert_same(row: Row, leads: list[Known]) -> None:
    for key, (value, count) in plainly.figures(leads, NOW).items():
        wanted = value if value is None else pytest.approx(value, abs=1e-5)
        assert (row[key].value, row[key].leads) == (wanted, count), key


@pytest.mark.parametrize("seed", range(3))
def test_every_measure_of_every_group_is_that_of_a_plain_computation(seed: int) -> None:
    known = random_leads.rows(seed)
    for asked in (ASKED, YEAR):
        meant = there(known, asked)
        for by, grouping in ALL.items():
            table = figures(asked, MEASURES.values(), grouping, now=NOW)
            assert_same(table.total, meant)
            groups = plainly.grouped(meant, by, ZONE, asked.first_weekday)
            assert groups.keys() <= {row.key for row in table.rows}, by
            for row in table.rows:
                assert_same(row, groups.get(row.key, []))
        assert_same(figures(asked, MEASURES.values(), now=NOW).total, meant)


def test_every_measure_has_its_plain_computation() -> None:
    assert plainly.figures([], NOW).keys() == MEASURES.keys()


def _marks(it: Known) -> tuple[str, ...]:
    row = getattr(it.lead, "attribution", None)
    return tuple(getattr(row, name, "") for name in ("utm_campaign", "utm_medium", "utm_source"))


FILTERS: dict[str, tuple[dict[str, object], Callable[[Known], bool]]] = {
    "a language": ({"language": "he"}, lambda it: it.lead.language == "he"),
    "a status": ({"status": "failed"}, lambda it: it.lead.status == "failed"),
    "nobody's": ({"salesperson": Person(0)}, lambda it: it.whose is None),
    "a campaign": (
        {"utm_campaign": "מבצע", "utm_medium": "cpc"},
        lambda it: _marks(it)[:2] == ("מבצע", "cpc"),
    ),
    "no campaign": ({"utm_campaign": ""}, lambda it: _marks(it)[0] == ""),
    "a campaign's source": ({"utm_source": "google"}, lambda it: _marks(it)[2] == "google"),
    "no team's": ({"team": 0}, lambda it: it.whose is None),
}


@pytest.mark.parametrize("name", FILTERS)
def test_only_the_leads_that_are_meant_are_counted(name: str) -> None:
    known = random_leads.rows(5, count=60)
    values, is_meant = FILTERS[name]
    table = figures(replace(ASKED, **values), MEASURES.values(), now=NOW)  # type: ignore[arg-type]
    assert_same(table.total, [it for it in there(known, ASKED) if is_meant(it)])


def test_the_leads_of_sources_teams_and_people() -> None:
    known = random_leads.rows(6, count=60)
    meant = there(known, ASKED)
    for by, chosen in (("source", "sources"), ("team", "team"), ("salesperson", "salesperson")):
        for key, leads in plainly.grouped(meant, by, ZONE, 0).items():
            value = {"sources": (key,), "team": key, "salesperson": Person(int(key))}[chosen]
            asked = replace(ASKED, **{chosen: value})
            assert_same(figures(asked, MEASURES.values(), now=NOW).total, leads)
    pair = tuple(sorted(LeadSource.objects.values_list("pk", flat=True))[:2])
    total = figures(replace(ASKED, sources=pair), MEASURES.values(), now=NOW).total
    assert_same(total, [it for it in meant if it.lead.source_id in pair])


def test_the_leads_behind_a_number_are_as_many_as_it_says() -> None:
    random_leads.rows(7)
    chance = random.Random(7)
    asked = 0
    for grouping in ALL.values():
        table = figures(ASKED, MEASURES.values(), grouping, now=NOW)
        for row in [table.total, *chance.sample(table.rows, min(4, len(table.rows)))]:
            for measure in table.measures:
                figure = row[measure.key]
                by = None if row.key is None else grouping
                behind = Behind(ASKED, measure, by, row.key)
                assert drilldown.read(behind.query(), NOW) == behind
                assert Lead.objects.filter(behind.condition(NOW)).count() == figure.leads
                if figure.out_of is not None:
                    of = replace(behind, out_of=True)
                    assert drilldown.read(of.query(), NOW) == of
                    assert Lead.objects.filter(of.condition(NOW)).count() == figure.out_of
                asked += 1
    assert asked > 1000


def test_groups_add_up_to_the_total() -> None:
    random_leads.rows(8)
    for grouping in ALL.values():
        table = figures(ASKED, MEASURES.values(), grouping, now=NOW)
        for key in ("leads", "not_counted", "reached", "missed", "within_1_min", "judged"):
            assert sum(row[key].leads for row in table.rows) == table.total[key].leads > 0


@pytest.mark.parametrize("by", GROUPINGS)
def test_a_table_costs_one_query_and_one_for_names(by: str) -> None:
    random_leads.rows(9, count=30)
    named = {"source": 1, "team": 1, "salesperson": 2, "disposition": 1}
    with CaptureQueriesContext(connection) as captured:
        figures(ASKED, MEASURES.values(), GROUPINGS[by], now=NOW)
    assert len(captured) == 1 + named.get(by, 0)


def test_nothing_known_is_none_and_never_zero() -> None:
    table = figures(ASKED, MEASURES.values(), GROUPINGS["day"], now=NOW)
    assert len(table.rows) == 42
    for row in [table.total, *table.rows]:
        assert row["leads"].value == 0
        for key in ("ring_p50", "talk_mean", "reached_share", "in_time", "never", "attempts"):
            assert row[key].value is None


def test_percentiles_of_few_leads_are_marked() -> None:
    random_leads.rows(10, count=60)
    table = figures(ASKED, MEASURES.values(), GROUPINGS["day"], now=NOW)
    for row in [table.total, *table.rows]:
        for figure in row.figures.values():
            is_sample = figure.measure.key.endswith(("p50", "p90", "p95", "p99", "mean"))
            is_sample = is_sample or figure.measure.key in {"attempts", "helped"}
            assert figure.is_small == (is_sample and 0 < figure.leads < 20)
    assert not table.total["ring_p50"].is_small
