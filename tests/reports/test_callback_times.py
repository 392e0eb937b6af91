"""The figures, against the same rules written down plainly in Python."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.reports.date_ranges import Days
from callbacks.reports.queries import CallbackTimes, callback_times
from callbacks.reports.views import shown
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus

NOW = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
START, END = NOW - timedelta(days=1), NOW


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """Linear interpolation between the two neighbours of rank fraction * (n - 1)."""
    if not values:
        return None
    ordered = sorted(values)
    rank = fraction * (len(ordered) - 1)
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def is_counted(lead: Lead) -> bool:
    """Cancelled leads are, once their phone had rung or their time was over."""
    if lead.status == "cancelled":
        return bool(lead.rang_at) or (lead.closed_at is not None and lead.closed_at > lead.due_at)
    return lead.status not in ("duplicate", "held")


def plainly(leads: Sequence[Lead], now: datetime) -> dict[str, float | None]:
    counted = [it for it in leads if is_counted(it)]
    rang = [it for it in counted if it.rang_at]
    missed = [it for it in counted if not it.rang_at and it.due_at < now]
    overdue = [it for it in missed if it.status in ("waiting", "calling")]
    hits = [it for it in rang if it.rang_at and it.rang_at <= it.due_at]
    judged = len(rang) + len(missed)
    rings = [it.time_to_ring.total_seconds() for it in rang if it.time_to_ring is not None]
    talked = [it for it in counted if it.connected_at]
    talks = [it.time_to_talk.total_seconds() for it in talked if it.time_to_talk is not None]
    accepted = [
        max((it.first_dialed_at - it.clock_started_at).total_seconds(), 0)
        for it in counted
        if it.first_dialed_at
    ]
    return {
        "leads": len(counted),
        "rang": len(rang),
        "talked": len(talked),
        "not_counted": len(leads) - len(counted),
        "overdue": len(overdue),
        "never_rang": len(missed) - len(overdue),
        "judged": judged,
        "within_target": len(hits),
        "share_within_target": len(hits) / judged if judged else None,
        "ring_p50": percentile(rings, 0.5),
        "ring_p90": percentile(rings, 0.9),
        "ring_p95": percentile(rings, 0.95),
        "talk_p50": percentile(talks, 0.5),
        "accepted": len(accepted),
        "accepted_p50": percentile(accepted, 0.5),
        "accepted_p95": percentile(accepted, 0.95),
    }


def assert_same(row: CallbackTimes, leads: Sequence[Lead], now: datetime) -> None:
    for name, value in plainly(leads, now).items():
        wanted = value if value is None else pytest.approx(value, abs=1e-5)
        assert getattr(row, name) == wanted, name


def a_lead(chance: random.Random, source: LeadSource, number: int, first: Lead | None) -> Lead:
    submitted = NOW - timedelta(seconds=chance.uniform(-3600, 30 * 3600))
    clock = submitted + timedelta(seconds=chance.choice([0, 0, 0, 3600]))
    status = chance.choice(LeadStatus.values)
    if first is None and status == LeadStatus.DUPLICATE:
        status = LeadStatus.WAITING
    dialed = chance.random() < 0.7
    wait = timedelta(seconds=chance.choice([chance.expovariate(1 / 30), 60, -100]))
    rang = dialed and chance.random() < 0.8
    connected = status == LeadStatus.CONNECTED or (rang and chance.random() < 0.1)
    return Lead(
        source=source,
        name="Noa",
        phone=f"+97250{5_000_000 + number}",
        status=status,
        duplicate_of=first if status == LeadStatus.DUPLICATE else None,
        submitted_at=submitted,
        clock_started_at=clock,
        due_at=clock + timedelta(seconds=source.sla_target),
        closed_at=None if status in OPEN_STATUSES else chance.choice([NOW, clock]),
        first_dialed_at=clock + wait if dialed else None,
        rang_at=clock + wait + timedelta(seconds=6) if rang else None,
        time_to_ring=timedelta(seconds=chance.uniform(0, 99)) if rang else None,
        time_to_talk=timedelta(seconds=chance.uniform(99, 199)) if connected else None,
        connected_at=clock + wait + timedelta(seconds=20) if connected else None,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_they_are_those_of_a_plain_computation(seed: int) -> None:
    chance = random.Random(seed)
    sources = [
        LeadSource.objects.create(slug=f"s{index}", name=f"Source {index}", sla_target=target)
        for index, target in enumerate((60, 120, 5))
    ]
    leads: list[Lead] = []
    for number in range(chance.choice([1, 2, 7, 60])):
        lead = a_lead(chance, chance.choice(sources), number, leads[0] if leads else None)
        lead.save()
        leads.append(lead)
    report = callback_times(START, END, NOW)
    there = [lead for lead in leads if START <= lead.submitted_at < END]
    assert_same(report.total, there, NOW)
    by_source = {row.source_id: row for row in report.by_source}
    assert set(by_source) == {lead.source_id for lead in there}
    for source_id, row in by_source.items():
        assert_same(row, [lead for lead in there if lead.source_id == source_id], NOW)


def lead_with(source: LeadSource, number: int = 1, **values: object) -> Lead:
    defaults: dict[str, object] = {
        "submitted_at": START, "clock_started_at": START, "name": "Noa",
        "due_at": START + timedelta(seconds=60), "phone": f"+97250{5_000_000 + number}",
    }  # fmt: skip
    return Lead.objects.create(source=source, **{**defaults, **values})


def total() -> CallbackTimes:
    return callback_times(START, END, NOW).total


def test_no_leads_are_no_data_and_not_zero_seconds(db: None) -> None:
    report = callback_times(START, END, NOW)
    assert (report.total.leads, report.by_source) == (0, ())
    for name in ("ring_p50", "ring_p90", "ring_p95", "talk_p50", "share_within_target"):
        assert getattr(report.total, name) is None, name


def test_a_lead_that_still_has_time_is_neither_hit_nor_miss(source: LeadSource) -> None:
    lead_with(source, due_at=NOW + timedelta(seconds=1))
    row = total()
    assert (row.leads, row.judged, row.share_within_target) == (1, 0, None)


def test_a_lead_that_nobody_called_in_time_is_a_miss(source: LeadSource) -> None:
    lead_with(source, due_at=NOW - timedelta(seconds=1))
    assert (total().overdue, total().share_within_target, total().ring_p50) == (1, 0.0, None)


def test_a_failed_lead_is_a_miss_once_its_time_is_over(source: LeadSource) -> None:
    lead_with(source, status="failed", closed_at=START)
    row = total()
    assert (row.overdue, row.never_rang, row.share_within_target) == (0, 1, 0.0)


def test_a_phone_that_rings_at_the_due_instant_is_in_time(source: LeadSource) -> None:
    lead_with(source, rang_at=START + timedelta(seconds=60))
    lead_with(source, 2, rang_at=START + timedelta(seconds=60, microseconds=1))
    assert total().share_within_target == 0.5


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
    assert (total().leads, total().not_counted) == (int(counted), int(not counted))


@pytest.mark.parametrize(
    ("count", "said"), [(1, "of 1 lead only"), (19, "of 19 leads only"), (20, "")]
)
def test_percentiles_of_few_leads_are_marked(source: LeadSource, count: int, said: str) -> None:
    for number in range(count):
        lead_with(source, number, rang_at=START, time_to_ring=timedelta(seconds=9))
    assert shown("Website", total()).ring_of == said


def test_the_days_are_those_of_the_site_and_not_of_utc(source: LeadSource) -> None:
    zone = ZoneInfo("Asia/Jerusalem")
    # 2026-03-27 has 23 hours there: it begins at 22:00 UTC and ends at 21:00 UTC.
    start, end = Days(date(2026, 3, 27), date(2026, 3, 27)).bounds(zone)
    instants = {
        datetime(2026, 3, 26, 21, 59, 59, tzinfo=UTC): False,
        datetime(2026, 3, 26, 22, 0, tzinfo=UTC): True,
        datetime(2026, 3, 27, 20, 59, 59, tzinfo=UTC): True,
        datetime(2026, 3, 27, 21, 0, tzinfo=UTC): False,
    }
    for number, at in enumerate(instants):
        times = {"submitted_at": at, "clock_started_at": at, "due_at": at + timedelta(seconds=60)}
        lead_with(source, number, **times)
    assert callback_times(start, end, NOW).total.leads == sum(instants.values())


def test_it_costs_two_queries_however_many_sources_there_are(source: LeadSource) -> None:
    for index in range(5):
        lead_with(LeadSource.objects.create(slug=f"s{index}", name=f"S {index}"), index)
    with CaptureQueriesContext(connection) as captured:
        callback_times(START, END, NOW)
    assert len(captured) == 2
