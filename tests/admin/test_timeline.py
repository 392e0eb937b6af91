"""The order of what happened within one second: the provider tells whole seconds, we do not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from callbacks.admin.leads import timeline
from callbacks.models import CallAttempt, Extension
from leads.models import Lead

NOON = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SUBMITTED = "Submitted: Website"
ASKED, ACCEPTED = "Call through extension 101 Dana", "Accepted by the provider"
PICKED_UP, ANSWERED = "The salesperson picked up", "The lead's phone was answered"
ENDED, NOT_ANSWERED = "The conversation ended", "The lead did not answer"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


Attempt = dict[str, Any]
CASES: dict[str, tuple[list[Attempt], list[str]]] = {
    "all of a call within a second": (
        [{"state": "bridged", "claimed_at": at(0.3), "answered_at": at(0.8), "picked_up_at": at(0),
          "connected_at": at(0), "ended_at": at(0)}],
        [SUBMITTED, ASKED, ACCEPTED, PICKED_UP, ANSWERED, ENDED],
    ),
    "picked up in the second of the answer": (
        [{"state": "bridged", "claimed_at": at(0.1), "answered_at": at(1.7), "picked_up_at": at(1),
          "connected_at": at(5), "ended_at": at(60)}],
        [SUBMITTED, ASKED, ACCEPTED, PICKED_UP, ANSWERED, ENDED],
    ),
    "the next call in the second in which the last one ended": (
        [{"state": "lead_no_answer", "claimed_at": at(0.1), "answered_at": at(0.4),
          "ended_at": at(2.9)},
         {"state": "lead_no_answer", "claimed_at": at(2.95), "answered_at": at(3.6),
          "ended_at": at(3)}],
        [SUBMITTED, ASKED, ACCEPTED, NOT_ANSWERED, ASKED, ACCEPTED, NOT_ANSWERED],
    ),
    "an answer that came long after stays where it was": (
        [{"state": "bridged", "claimed_at": at(0.1), "picked_up_at": at(3), "connected_at": at(6),
          "answered_at": at(8.5), "ended_at": at(60)}],
        [SUBMITTED, ASKED, PICKED_UP, ANSWERED, ACCEPTED, ENDED],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_events_of_one_second(
    name: str, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    attempts, wanted = CASES[name]
    lead = make_lead(submitted_at=at(0), clock_started_at=at(0), due_at=at(60))
    made = [
        CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, extension_number="101",
            call_id=f"call-{number}", hold_until=at(99), **values,
        )
        for number, values in enumerate(attempts)
    ]  # fmt: skip
    events = timeline.of(lead, reversed(made), [], [])
    assert [str(event.what) for event in events] == wanted


def test_what_a_manager_did_stands_before_what_followed(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    lead = make_lead()
    managing.post(f"/admin/leads/lead/{lead.pk}/cancel/", {"confirmed": "yes"})
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    entries = LogEntry.objects.filter(object_id=str(lead.pk)).select_related("user")
    events = [str(it.what) for it in timeline.of(lead, [], [], entries)]
    assert len(events) == 3
    assert events[1].startswith(str(User.objects.get()))
    assert events[2].startswith("Closed")
