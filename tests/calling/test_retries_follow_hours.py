"""Longer and shorter hours move leads that were called before, and the visitor's page follows.

A call ends at noon (or `at`), after others that nobody answered; then the hours change, and
`moved` is when the lead is called. In UTC; the year is 2026, and 23 November a Monday.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from callbacks import tasks
from callbacks.models import (
    CallAttempt,
    Extension,
    OpeningHours,
    Schedule,
    ScheduleException,
    Team,
)
from callbacks.models.attempt_states import AttemptOutcome, AttemptState
from callbacks.policy.rules import Outcome
from leads.models import Lead, LeadSource, LeadStatus
from tests.scheduling.test_next_call import claimed, end, moment

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


def hours(opens: str, closes: str) -> Callable[[], object]:
    return lambda: OpeningHours.objects.update(opens_at=opens, closes_at=closes)


def closed_on(day: str) -> Callable[[], object]:
    return lambda: ScheduleException.objects.create(
        schedule=Schedule.objects.get(), date=moment(f"{day} 00:00").date()
    )


def window(opens: str, closes: str) -> Callable[[], object]:
    return lambda: LeadSource.objects.update(call_from=opens, call_until=closes)


def always() -> None:
    Team.objects.update(schedule=None)


@dataclass(frozen=True)
class Row:
    """The team is open from nine to five. `told`: when the lead would be called by these hours."""

    tries: int
    told: str
    change: Callable[[], object]
    moved: str
    at: str = "23 Nov 12:00"
    seen_at: str = ""
    outcome: Outcome = Outcome.LEAD_NO_ANSWER


ROWS = {
    "two hours later it is closed: open longer": Row(
        3, "24 Nov 09:00", hours("09:00", "20:00"), "23 Nov 18:00", at="23 Nov 16:00"
    ),
    "closed by then: open earlier the next day": Row(
        1, "24 Nov 09:00", hours("07:00", "17:00"), "24 Nov 07:00", at="23 Nov 16:59"
    ),
    "closed by then, and its wait is over: open again now": Row(
        1, "24 Nov 09:00", hours("09:00", "20:00"), "23 Nov 18:00", at="23 Nov 16:59",
        seen_at="23 Nov 18:00",
    ),
    "in two hours: closed by then": Row(
        3, "23 Nov 14:00", hours("09:00", "13:00"), "24 Nov 09:00"
    ),
    "in two hours: open longer changes nothing": Row(
        3, "23 Nov 14:00", hours("08:00", "20:00"), "23 Nov 14:00"
    ),
    "in a quarter of an hour: a holiday, entered late": Row(
        2, "23 Nov 12:15", closed_on("23 Nov"), "24 Nov 09:00"
    ),
    "in two hours: the calling window of its source begins later": Row(
        # The window is in Jerusalem's time, two hours ahead.
        3, "23 Nov 14:00", window("17:00", "20:00"), "23 Nov 15:00"
    ),
    "an outage: the wait stays": Row(
        1, "23 Nov 12:00:05", hours("08:00", "20:00"), "23 Nov 12:00:05",
        outcome=Outcome.PROVIDER_ERROR,
    ),
    "next opening: it comes earlier": Row(
        4, "24 Nov 09:00", hours("07:00", "17:00"), "24 Nov 07:00"
    ),
    "next opening: not the one that is on, however long": Row(
        4, "24 Nov 09:00", hours("09:00", "23:00"), "24 Nov 09:00"
    ),
    "next opening: a holiday": Row(4, "24 Nov 09:00", closed_on("24 Nov"), "25 Nov 09:00"),
    "next opening: there is one today": Row(
        4, "24 Nov 09:00", hours("15:00", "18:00"), "23 Nov 15:00"
    ),
    "next opening: by the new hours it has been": Row(
        4, "24 Nov 09:00", hours("15:00", "18:00"), "23 Nov 16:00", seen_at="23 Nov 16:00"
    ),
    "next opening: always open from now on": Row(4, "24 Nov 09:00", always, "24 Nov 12:00"),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_lead_that_was_called_before_follows_the_hours(
    row: Row, source: LeadSource, team: Team, make_lead: MakeLead, client: Client
) -> None:
    schedule = Schedule.objects.create(name="Office", time_zone="UTC")
    for day in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at="09:00", closes_at="17:00"
        )
    team.schedule = schedule
    team.save()
    at, seen_at = moment(row.at), moment(row.seen_at or row.at)
    with time_machine.travel(at, tick=False) as clock:
        tasks.follow_changed_hours()
        extension = Extension.objects.create(number="101", team=team)
        lead = make_lead()
        Lead.objects.update(counted_from=at - 60 * MINUTE)
        for n in range(1, row.tries):
            before = at - n * 10 * MINUTE
            CallAttempt.objects.create(
                lead=lead, extension=extension, phone=lead.phone, extension_number="101",
                state=AttemptState.LEAD_NO_ANSWER, outcome=AttemptOutcome.LEAD_NO_ANSWER,
                call_id=f"C-{n}", error_code=0, claimed_at=before, sent_at=before,
                ended_at=before, hold_until=before,
            )  # fmt: skip
        end(claimed(lead), row.outcome, at)
        lead.refresh_from_db()
        assert (lead.status, lead.call_after) == (LeadStatus.WAITING, moment(row.told))
        clock.move_to(seen_at)
        row.change()
        tasks.follow_changed_hours()
        lead.refresh_from_db()
        assert lead.call_after == moment(row.moved)
        page = client.get(f"/api/leads/{lead.public_id}/").json()
        if lead.call_after > seen_at + MINUTE:
            assert page["status"] == "scheduled"
            assert datetime.fromisoformat(page["call_after"]) == lead.call_after
