"""Which leads count, are in time, missed or overdue, at each edge to the microsecond."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leads import sla
from leads.models import Lead

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DUE = NOW - timedelta(minutes=10)
INSTANT, TEN = timedelta(microseconds=1), timedelta(minutes=10)
pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    """A lead with these values is of all `kinds` at NOW, and of no others.

    Unless the values say otherwise, it is waiting and due at DUE.
    """

    kinds: str
    values: dict[str, Any] = field(default_factory=dict)
    follow_up: bool = False


def rang(at: datetime, **values: Any) -> dict[str, Any]:
    return {"rang_at": at, "time_to_ring": at - DUE + TEN, **values}


def closed(status: str, at: datetime = NOW, **values: Any) -> dict[str, Any]:
    return {"status": status, "closed_at": at, **values}


ROWS = {
    "due this instant": Row("counted", {"due_at": NOW}),
    "due an instant ago": Row("counted missed overdue late judged", {"due_at": NOW - INSTANT}),
    "being called, due an instant ago": Row(
        "counted missed overdue late judged", {"due_at": NOW - INSTANT, "status": "calling"}
    ),
    "rang as it was due": Row("counted rang in_time within judged", rang(DUE)),
    "rang an instant before": Row("counted rang in_time within judged", rang(DUE - INSTANT)),
    "rang an instant after": Row("counted rang after judged", rang(DUE + INSTANT)),
    "rang before its clock began": Row(
        "counted rang in_time within judged", rang(DUE - 2 * TEN, time_to_ring=timedelta(0))
    ),
    "accepted, and only sales rang": Row(
        "counted missed overdue late judged called", {"first_dialed_at": DUE - TEN}
    ),
    "failed, its phone silent": Row("counted missed never judged", closed("failed")),
    "failed before its due time": Row("counted missed never judged", closed("failed", DUE - TEN)),
    "failed, its due time is to come": Row("counted", closed("failed", due_at=NOW + TEN)),
    "unreached, and rang late": Row(
        "counted rang after judged", closed("unreached", **rang(DUE + TEN))
    ),
    "called, and no record came": Row(
        "counted missed never judged called", closed("called", first_dialed_at=DUE)
    ),
    "talked, and rang in time": Row(
        "counted rang in_time within judged reached",
        closed("connected", connected_at=DUE + TEN, **rang(DUE)),
    ),
    "talked, nobody knows when it rang": Row(
        "counted reached", closed("connected", connected_at=NOW)
    ),
    "talked, nobody knows when it rang, and it waits again": Row(
        "counted reached", {"connected_at": DUE - TEN}
    ),
    "cancelled an instant before its due time": Row("", closed("cancelled", DUE - INSTANT)),
    "cancelled as it was due": Row("", closed("cancelled", DUE)),
    "cancelled an instant after": Row(
        "counted missed never judged", closed("cancelled", DUE + INSTANT)
    ),
    "cancelled in time, after it rang": Row(
        "counted rang in_time within judged", closed("cancelled", DUE - INSTANT, **rang(DUE - TEN))
    ),
    "cancelled in time, after a talk of which nobody knows when it rang": Row(
        "counted reached", closed("cancelled", DUE - INSTANT, connected_at=DUE - TEN)
    ),
    "cancelled late while it was held": Row(
        "", closed("cancelled", DUE + INSTANT, cancelled_while_held=True)
    ),
    "failed late, then marked as done": Row(
        "counted missed never judged", closed("cancelled", NOW, error_message="Marked as done.")
    ),
    "held": Row("", {"status": "held"}),
    "a repeated request": Row("", closed("duplicate")),
    "a follow-up that is late": Row("follow_up late", follow_up=True),
    "a follow-up that is not due yet": Row("follow_up", {"due_at": NOW}, follow_up=True),
    "a follow-up that rang": Row("follow_up", rang(DUE), follow_up=True),
    "a follow-up that was cancelled in time": Row(
        "", closed("cancelled", DUE), follow_up=True
    ),
    "a follow-up that was cancelled late": Row(
        "follow_up", closed("cancelled", NOW), follow_up=True
    ),
    "a follow-up that a visitor has brought forward": Row(
        "counted missed overdue late judged", {"first_source": "website"}, follow_up=True
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_a_lead_counts_as(row: Row, make_lead: Callable[..., Lead]) -> None:
    values = {"clock_started_at": min(DUE, row.values.get("due_at", DUE)) - TEN, "due_at": DUE}
    values |= row.values
    if "first_source" in values:
        values["first_source"] = make_lead("+972505550199").source
    if row.follow_up:
        values["follow_up_of"] = make_lead("+972505550198")
    if row.values.get("status") == "duplicate":
        values["duplicate_of"] = make_lead("+972505550197")
    lead = make_lead(**values)
    kinds = {
        "counted": sla.counted(), "follow_up": sla.follow_ups(), "rang": sla.rang(),
        "in_time": sla.in_time(), "missed": sla.missed(NOW), "overdue": sla.overdue(NOW),
        "late": sla.overdue_and_follow_ups(NOW), "never": sla.never_rang(NOW),
        "judged": sla.judged(NOW), "reached": sla.reached(), "called": sla.called(),
        "within": sla.rang_within(TEN), "after": sla.rang_after(TEN),
    }  # fmt: skip
    found = {name for name, it in kinds.items() if Lead.objects.filter(it, pk=lead.pk).exists()}
    assert found == set(row.kinds.split())
    assert sla.is_counted(lead) is bool(found & {"counted", "follow_up"})
    counted = "counted" in found
    assert Lead.objects.filter(sla.not_reached(), pk=lead.pk).exists() is (
        counted and "reached" not in found
    )
