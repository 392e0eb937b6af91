"""Which stage of a lead's time is running: what it waits for, or where its call is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.models import CallAttempt, Extension
from callbacks.reports import time_breakdown
from leads.models import Lead

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)


def running(lead: Lead, *attempts: CallAttempt) -> list[str]:
    spent = time_breakdown.of_lead(lead, attempts, NOW)
    return [part.stage.key for part in spent.parts if part.is_running]


@pytest.mark.parametrize(
    ("values", "stage"),
    [
        ({}, "extension"),
        ({"gap_until": LATER}, "retry"),
        ({"gap_until": NOW}, "extension"),
        ({"gap_until": LATER, "chosen_at": LATER}, "chosen"),
        ({"gap_until": LATER, "limit_until": LATER}, "limit"),
        ({"gap_until": LATER, "limit_until": NOW}, "retry"),
        ({"gap_until": NOW, "limit_until": NOW}, "extension"),
        ({"status": "held", "gap_until": LATER, "chosen_at": LATER}, "held"),
        ({"closed_until": LATER}, "closed"),
        ({"closed_until": NOW}, "extension"),
        ({"gap_until": NOW, "closed_until": LATER}, "closed"),
        ({"gap_until": LATER, "closed_until": LATER + timedelta(hours=1)}, "retry"),
    ],
)
def test_of_one_that_waits(make_lead: MakeLead, values: dict[str, Any], stage: str) -> None:
    assert running(make_lead(waiting_since=BEFORE, **values)) == [stage]


@pytest.mark.parametrize(
    ("values", "stage"),
    [
        ({"state": "dialing"}, "provider"),
        ({"state": "unknown"}, "unknown"),
        ({"state": "accepted", "answered_at": BEFORE}, "leg1"),
        ({"state": "accepted", "answered_at": BEFORE, "picked_up_at": BEFORE}, "leg2"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_of_one_that_is_called(
    make_lead: MakeLead, extension: Extension, values: dict[str, Any], stage: str
) -> None:
    lead = make_lead(status="calling", waiting_since=BEFORE)
    attempt = CallAttempt.objects.create(
        lead=lead, phone=lead.phone, extension=extension, extension_number="101", call_id="a-call",
        claimed_at=BEFORE, hold_until=LATER, **values,
    )  # fmt: skip
    assert running(lead, attempt) == [stage]
