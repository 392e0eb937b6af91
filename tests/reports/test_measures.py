"""Which leads count in a figure and which do not, case by case."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callbacks.reports.date_ranges import Days
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import Row, figures
from leads.models import Lead, LeadSource

NOW = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
START = NOW - timedelta(days=1)


def lead_with(source: LeadSource, number: int = 1, **values: object) -> Lead:
    defaults: dict[str, object] = {
        "submitted_at": START, "clock_started_at": START, "name": "Noa",
        "due_at": START + timedelta(seconds=60), "phone": f"+97250{5_000_000 + number}",
    }  # fmt: skip
    return Lead.objects.create(source=source, **{**defaults, **values})


def total(asked: Asked | None = None) -> Row:
    days = Days(date(2026, 3, 24), date(2026, 3, 25))
    return figures(asked or Asked(days), MEASURES.values(), now=NOW).total


def counts(*measures: str) -> tuple[int, ...]:
    found = total()
    return tuple(found[it].leads for it in measures)


def test_a_lead_that_still_has_time_is_neither_hit_nor_miss(source: LeadSource) -> None:
    lead_with(source, due_at=NOW + timedelta(seconds=1))
    assert counts("leads", "judged") == (1, 0)
    assert total()["in_time"].value is None


def test_a_lead_that_nobody_called_in_time_is_a_miss(source: LeadSource) -> None:
    lead_with(source, due_at=NOW - timedelta(seconds=1))
    assert counts("overdue", "missed", "never", "judged") == (1, 1, 0, 1)
    assert (total()["in_time"].value, total()["ring_p50"].value) == (0.0, None)


def test_a_failed_lead_is_a_miss_once_its_time_is_over(source: LeadSource) -> None:
    lead_with(source, status="failed", closed_at=START)
    assert counts("overdue", "missed", "never", "judged") == (0, 1, 1, 1)
    assert total()["in_time"].value == 0.0


def test_a_phone_that_rings_at_the_due_instant_is_in_time(source: LeadSource) -> None:
    lead_with(source, rang_at=START + timedelta(seconds=60))
    lead_with(source, 2, rang_at=START + timedelta(seconds=60, microseconds=1))
    assert total()["in_time"].value == 0.5


@pytest.mark.parametrize(
    ("seconds", "within"),
    [(30, "within_30_s"), (30.000001, "within_1_min"), (3600, "within_1_h"), (3600.001, "later")],
)
def test_a_limit_is_within_itself(source: LeadSource, seconds: float, within: str) -> None:
    time = timedelta(seconds=seconds)
    lead_with(source, rang_at=START + time, time_to_ring=time)
    found = total()
    keys = ["within_30_s", "within_1_min", "within_5_min", "within_15_min", "within_1_h", "later"]
    assert next(key for key in keys if found[key].leads) == within


def test_the_wall_clock_runs_while_the_sources_clock_stands_still(source: LeadSource) -> None:
    """Submitted at 20:00, opened at 9:00, rang 30 s later; then with 9:00 as the chosen time."""
    evening, opening = START.replace(hour=18), START.replace(hour=7) + timedelta(days=1)
    rang = {"rang_at": opening + timedelta(seconds=30), "time_to_ring": timedelta(seconds=30)}
    lead_with(
        source, submitted_at=evening, clock_started_at=opening,
        due_at=opening + timedelta(seconds=60), **rang,
    )  # fmt: skip
    thirteen_hours = 13 * 3600 + 30
    assert (total()["ring_p50"].value, total()["ring_wall_p50"].value) == (30, thirteen_hours)
    Lead.objects.update(chosen_at=opening)
    assert total()["ring_wall_p50"].value == 30


@pytest.mark.parametrize(
    ("status", "closed_after", "rang", "counted"),
    [
        pytest.param("held", None, False, False, id="held"),
        pytest.param("cancelled", 30, False, False, id="cancelled in time"),
        pytest.param("cancelled", 60, False, False, id="cancelled at the due instant"),
        pytest.param("cancelled", 61, False, True, id="cancelled when it was overdue"),
        pytest.param("cancelled", 30, True, True, id="cancelled after its phone had rung"),
    ],
)
def test_who_is_left_out_and_said_to_be(
    source: LeadSource, status: str, closed_after: int | None, rang: bool, counted: bool
) -> None:
    closed_at = None if closed_after is None else START + timedelta(seconds=closed_after)
    rang_at = START + timedelta(seconds=20) if rang else None
    lead_with(source, status=status, closed_at=closed_at, rang_at=rang_at)
    assert counts("leads", "not_counted") == (int(counted), int(not counted))


@pytest.mark.parametrize(("count", "is_small"), [(0, False), (1, True), (19, True), (20, False)])
def test_percentiles_of_few_leads_are_marked(
    source: LeadSource, count: int, is_small: bool
) -> None:
    for number in range(count):
        lead_with(source, number, rang_at=START, time_to_ring=timedelta(seconds=9))
    assert total()["ring_p90"].is_small is is_small
    assert not total()["leads"].is_small


def test_the_days_are_those_of_the_site_and_not_of_utc(source: LeadSource) -> None:
    # 2026-03-27 has 23 hours there: it begins at 22:00 UTC and ends at 21:00 UTC.
    instants = {
        datetime(2026, 3, 26, 21, 59, 59, tzinfo=UTC): False,
        datetime(2026, 3, 26, 22, 0, tzinfo=UTC): True,
        datetime(2026, 3, 27, 20, 59, 59, tzinfo=UTC): True,
        datetime(2026, 3, 27, 21, 0, tzinfo=UTC): False,
    }
    for number, at in enumerate(instants):
        times = {"submitted_at": at, "clock_started_at": at, "due_at": at + timedelta(seconds=60)}
        lead_with(source, number, **times)
    asked = Asked(Days(date(2026, 3, 27), date(2026, 3, 27)))
    assert total(asked)["leads"].leads == sum(instants.values())


def test_leads_of_the_hour_that_the_clocks_repeat_and_of_a_months_last_half_hour(
    source: LeadSource,
) -> None:
    """25 October 01:30 twice, 30 November 23:30, and each's neighbours on the other side."""
    zone = ZoneInfo("Asia/Jerusalem")
    instants = [
        datetime(2026, 10, 24, 23, 59, tzinfo=zone),
        datetime(2026, 10, 25, 1, 30, fold=0, tzinfo=zone),
        datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=zone),
        datetime(2026, 11, 30, 23, 30, tzinfo=zone),
        datetime(2026, 12, 1, 0, 0, tzinfo=zone),
        datetime(2026, 3, 27, 1, 59, tzinfo=zone),  # a minute later it is 03:00
        datetime(2026, 3, 27, 3, 0, tzinfo=zone),
    ]
    for number, local in enumerate(instants):
        at = local.astimezone(UTC)
        times = {"submitted_at": at, "clock_started_at": at, "due_at": at + timedelta(seconds=60)}
        lead_with(source, number, **times)
    asked = Asked(Days(date(2026, 1, 1), date(2026, 12, 31)))
    found = {}
    for by in ("day", "month", "hour"):
        table = figures(asked, [MEASURES["leads"]], GROUPINGS[by], now=NOW)
        found[by] = {str(row.key): row["leads"].leads for row in table.rows if row["leads"].leads}
    assert found["day"] == {
        "2026-03-27": 2, "2026-10-24": 1, "2026-10-25": 2, "2026-11-30": 1, "2026-12-01": 1,
    }  # fmt: skip
    assert found["month"] == {
        "2026-03-01": 2, "2026-10-01": 3, "2026-11-01": 1, "2026-12-01": 1,
    }  # fmt: skip
    assert found["hour"] == {"0": 1, "1": 3, "3": 1, "23": 2}
