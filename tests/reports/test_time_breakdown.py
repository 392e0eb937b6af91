"""Where leads' time goes: the database's sums, compared with plain ones."""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.models import CallAttempt, Extension
from callbacks.reports.date_ranges import Days
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.stages import Group, stage_times
from callbacks.reports.time_breakdown import CALLS, STAGES, WAITS, of_lead
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus

NOW = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
# From midnight to midnight by UTC.
ASKED = Asked(Days(date(2026, 3, 24), date(2026, 3, 25)), zone="UTC")
START, END = ASKED.bounds
SOURCE = GROUPINGS["source"]
MakeLead = Callable[..., Lead]


def some_time(chance: random.Random) -> timedelta:
    return timedelta(microseconds=chance.choice([0, chance.randrange(10**9)]))


def a_lead(chance: random.Random, source: LeadSource, number: int) -> Lead:
    status = chance.choice([it for it in LeadStatus.values if it != "duplicate"])
    submitted = NOW - timedelta(minutes=chance.randrange(-60, 30 * 60))
    marks = [submitted + timedelta(minutes=chance.randrange(120)) for _ in range(3)]
    return Lead.objects.create(
        source=source, name="Noa", phone=f"+97250{5_000_000 + number}", status=status,
        submitted_at=submitted, clock_started_at=submitted, due_at=submitted + timedelta(days=9),
        closed_at=None if status in OPEN_STATUSES else submitted,
        connected_at=submitted if status == "connected" or chance.random() < 0.2 else None,
        waiting_since=submitted, gap_until=chance.choice([None, marks[0]]),
        closed_until=chance.choice([None, marks[1]]), chosen_at=chance.choice([None, marks[0]]),
        limit_until=chance.choice([None, marks[0]]),
        **{stage.column: some_time(chance) for stage in WAITS},
    )  # fmt: skip


def an_attempt(
    chance: random.Random, lead: Lead, extension: Extension, *, is_live: bool, kind: str = "call"
) -> CallAttempt:
    is_call = kind == "call"
    times = {stage.column: some_time(chance) for stage in CALLS}
    return CallAttempt.objects.create(
        lead=lead, kind=kind, extension=extension if is_call else None, phone=lead.phone,
        state="dialing" if is_live else "ended", hold_until=NOW,
        claimed_at=lead.submitted_at + timedelta(minutes=5), ended_at=None if is_live else NOW,
        **(times if is_call and not is_live else {}),
    )  # fmt: skip


def plainly(leads: Iterable[Lead]) -> dict[str, float]:
    """The mean of each stage. The time of a live call is not counted yet."""
    sums = dict.fromkeys([stage.column for stage in STAGES], 0.0)
    leads = list(leads)
    for lead in leads:
        live = lead.call_attempts.filter(state="dialing", kind="call").first()
        over = lead.call_attempts.exclude(state="dialing")
        until = live.claimed_at if live else NOW
        # A lead on a call counts as if it had waited until the claim, and no longer.
        lead.status = "waiting" if live else lead.status
        for part in of_lead(lead, over, until).parts:
            sums[part.stage.column] += part.seconds
    return {column: seconds / len(leads) for column, seconds in sums.items()}


def assert_same(group: Group, leads: list[Lead]) -> None:
    assert group.total
    assert group.total.leads == len(leads)
    assert group.total.means == pytest.approx(plainly(leads), abs=1e-5)
    by_source = {row.label: row for row in group.rows}
    for name in {lead.source.name for lead in leads}:
        own = [lead for lead in leads if lead.source.name == name]
        assert by_source[name].leads == len(own)
        assert by_source[name].means == pytest.approx(plainly(own), abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_it_adds_up_what_is_stored_and_what_runs(
    seed: int, source: LeadSource, extension: Extension
) -> None:
    chance = random.Random(seed)
    sources = [source, LeadSource.objects.create(slug="landing", name="Landing page")]
    for number in range(80):
        lead = a_lead(chance, chance.choice(sources), number)
        for _ in range(chance.randrange(3)):
            an_attempt(chance, lead, extension, is_live=False)
        an_attempt(chance, lead, extension, is_live=False, kind="message")
        if lead.status == "calling":
            own = Extension.objects.create(number=str(1000 + number), team=extension.team)
            an_attempt(chance, lead, own, is_live=True)
    leads = list(Lead.objects.filter(submitted_at__gte=START, submitted_at__lt=END))
    # No cancelled lead here was overdue or had rung, so only those who talked count.
    kept = [it for it in leads if it.status != "cancelled" or it.connected_at]
    counted = [it for it in kept if it.status != "held"]
    connected, others = stage_times(ASKED, SOURCE, NOW)
    assert_same(connected, [it for it in counted if it.connected_at])
    assert_same(others, [it for it in counted if not it.connected_at])


def test_without_leads_there_is_no_data(db: None) -> None:
    assert stage_times(ASKED, SOURCE, NOW) == (Group(None, ()), Group(None, ()))


def test_without_time_there_is_no_share(make_lead: MakeLead) -> None:
    make_lead(submitted_at=START, status="connected", connected_at=START, closed_at=START)
    connected, _ = stage_times(ASKED, SOURCE, NOW)
    assert connected.total
    assert connected.total.total == 0
    assert [connected.total.share(stage) for stage in STAGES] == [None] * len(STAGES)
    assert connected.total.parts == ()


def test_it_costs_two_queries_and_one_for_names_however_many_there_are(
    source: LeadSource, extension: Extension
) -> None:
    chance = random.Random(0)
    for number in range(5):
        own = LeadSource.objects.create(slug=f"s{number}", name=f"S {number}")
        an_attempt(chance, a_lead(chance, own, number), extension, is_live=False)
    with CaptureQueriesContext(connection) as captured:
        stage_times(ASKED, SOURCE, NOW)
    assert len(captured) == 4  # leads and calls, and the names for both groups
