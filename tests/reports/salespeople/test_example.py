"""The people report's example of docs/reports.md, computed by the product."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User

from callbacks.models import CallAttempt, Extension, Pause, Team
from callbacks.models.pauses import HistoryStart
from callbacks.reports.date_ranges import Days
from callbacks.reports.filters import Asked
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.table import people
from leads.models import Lead, LeadSource
from tests.reports.salespeople.random_calls import schedule
from tests.reports.test_example import in_seconds, said, table

DAY = date(2026, 3, 26)
ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime.combine(DAY, time(20), ZONE)
STATES = {"offline": "refused"}


def at(text: str) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(text), ZONE)


def store(source: LeadSource, team: Team) -> None:
    HistoryStart.objects.update(since=at("00:00:00"))
    Team.objects.update(schedule=schedule("Day", 9, 18))
    phones = {
        name: Extension.objects.create(
            number=number, team=team, user=User.objects.create_user(name)
        )
        for name, number in (("Dana", "101"), ("Noam", "102"))
    }
    for number, *row in table("call | at | outcome | rang | lead rang | talked | by"):
        claimed, outcome, rang, lead_rang, talked, by = row
        lead = Lead.objects.create(
            source=source, name="Noa", phone=f"+97250555010{number}", submitted_at=at(claimed),
            clock_started_at=at(claimed), due_at=at(claimed),
        )  # fmt: skip
        first, second = in_seconds(rang) or timedelta(0), in_seconds(lead_rang) or timedelta(0)
        over = at(claimed) + first + second
        CallAttempt.objects.create(
            lead=lead, extension=phones[by], salesperson=phones[by].user, phone=lead.phone,
            state=STATES.get(outcome, outcome), outcome=outcome, claimed_at=at(claimed),
            provider_time=timedelta(0), leg1_time=first, leg2_time=second,
            unknown_time=timedelta(0), connected_at=over if talked else None,
            talk_time=int(talked) if talked else None,
            ended_at=over + (in_seconds(talked) or timedelta(0)), hold_until=at(claimed),
        )  # fmt: skip
    for who, began, ended, kind, reason in table("pause | from | to | kind | reason"):
        Pause.objects.create(
            extension=phones[who], salesperson=phones[who].user, kind=kind, reason=reason,
            began_at=at(began), ended_at=at(ended),
        )  # fmt: skip


@pytest.mark.django_db
def test_the_example_of_the_docs_is_computed_as_by_hand(source: LeadSource, team: Team) -> None:
    store(source, team)
    found = people(Asked(Days(DAY, DAY)), CALL_GROUPINGS["salesperson"], NOW)
    by_hand = {key: value for key, _how, value in table("figure of Dana | by hand | value")}
    assert len(by_hand) == 22
    dana, noam = found.table.rows
    assert {key: said(dana[key]) for key in by_hand} == by_hand
    assert (noam["offered"].value, noam["talk_time"].value) == (1, 60)
    assert [(row.label, row["paused"].value) for row in found.reasons.rows] == [
        ("Lunch", 1800), ("Meeting", 900),
    ]  # fmt: skip
