"""Each number of the overview is the number of rows of the list that it leads to."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.admin import dashboard
from callbacks.models import CallAttempt, Extension, Team
from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import Asked
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import figures
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus

NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem


def sources(draw: random.Random) -> list[LeadSource]:
    """Sources with all sorts of teams: none, free ones, paused ones, inactive ones."""
    made = []
    for number in range(8):
        source = LeadSource.objects.create(slug=f"s{number}", name=f"Source {number}")
        made.append(source)
        if draw.random() < 0.3:
            continue
        team = Team.objects.create(name=f"Team {number}", is_active=draw.random() < 0.8)
        team.sources.add(source)
        for phone in range(draw.randrange(3)):
            Extension.objects.create(
                number=str(100 * (number + 1) + phone), team=team,
                is_paused=draw.random() < 0.6, is_active=draw.random() < 0.8,
            )  # fmt: skip
    return made


def some_lead(draw: random.Random, source: LeadSource, number: int) -> Lead:
    def around(hours: float) -> datetime:
        return NOON + timedelta(hours=draw.uniform(-hours, hours / 3))

    status = draw.choice([it for it in LeadStatus if it != LeadStatus.DUPLICATE])
    submitted = min(around(72), NOON)
    due = submitted + timedelta(minutes=draw.choice([1, 600, 6000]))
    values: dict[str, Any] = {
        "submitted_at": submitted, "clock_started_at": submitted, "due_at": due,
        "counted_from": submitted, "call_after": around(24),
        "first_dialed_at": draw.choice([None, None, submitted]),
    }  # fmt: skip
    if status not in OPEN_STATUSES:
        values["closed_at"] = max(submitted, min(around(30), NOON))
    if status == LeadStatus.CONNECTED:
        values["connected_at"] = values["closed_at"]
    return Lead.objects.create(
        source=source, name="Noa Levi", phone=f"+97250555{number:04}", status=status, **values
    )


def an_unknown_outcome(lead: Lead, phone: Extension) -> None:
    assert lead.closed_at
    CallAttempt.objects.create(
        lead=lead, extension=phone, phone=lead.phone, state="ended", outcome="never_known",
        failure_reason="read_timeout", claimed_at=lead.submitted_at, hold_until=lead.closed_at,
        ended_at=lead.closed_at,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_each_tile_counts_the_rows_of_its_list(seed: int, superuser: Client, db: None) -> None:
    draw = random.Random(seed)
    with time_machine.travel(NOON, tick=False):
        there = sources(draw)
        leads = [some_lead(draw, draw.choice(there), number) for number in range(120)]
        phone = Extension.objects.create(number="999", team=Team.objects.create(name="Others"))
        for lead in leads:
            if lead.status == LeadStatus.FAILED and draw.random() < 0.5:
                an_unknown_outcome(lead, phone)
        tiles = superuser.get("/admin/").context["tiles"]
        rows = {
            tile.title: superuser.get(tile.address).context["cl"].result_count for tile in tiles
        }
        asked = Asked(last_days(31, timezone.localdate(NOON)))
        total = figures(asked, [MEASURES["overdue"]], now=NOON).total
    assert rows == {tile.title: tile.count for tile in tiles}
    assert len(rows) == 13
    assert total["overdue"].leads == rows["Overdue, not rung yet"] > 0
    assert sum(rows.values()) > 40


def test_the_overview_and_the_report_call_the_same_leads_overdue(
    make_lead: Callable[..., Lead],
) -> None:
    """One lead for each status, long past its due time and never called."""
    now = timezone.now()
    late = {"due_at": now - timedelta(hours=1), "clock_started_at": now - timedelta(hours=2)}
    for status in (it for it in LeadStatus if it != LeadStatus.DUPLICATE):
        closed = {} if status in OPEN_STATUSES else {"closed_at": now}
        if status == LeadStatus.CONNECTED:
            closed["connected_at"] = now
        make_lead(status=status, **late, **closed)
    overdue = next(it for it in dashboard.tiles(now) if it.title.startswith("Overdue")).count
    total = figures(Asked(last_days(2, timezone.localdate(now))), MEASURES.values(), now=now).total
    assert overdue == total["overdue"].leads == 2  # waiting and calling
    assert total["not_counted"].leads == 1  # held
    assert total["never"].leads == 4  # closed, and nobody has talked
