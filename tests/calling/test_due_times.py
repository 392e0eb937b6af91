"""A lead whose clock stands still while nobody may be called is due by the current hours.

The lead comes on a Monday (23 November 2026), the team is open from nine to five in UTC, and the
target is ten minutes; then the hours change.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from callbacks import tasks
from callbacks.calling import due_times
from callbacks.models import Schedule, Team, TeamSource
from callbacks.routing import config
from leads.models import ClockChange, Lead, LeadSource
from tests.calling.test_retries_follow_hours import closed_on, hours
from tests.scheduling.test_next_call import moment

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


def hours_of_another_team() -> None:
    Schedule.objects.create(name="Other")


def source(**values: object) -> Callable[[], object]:
    """Changes the source, and adds a schedule, which has the due times looked at again."""

    def change() -> None:
        LeadSource.objects.update(**values)
        hours_of_another_team()

    return change


def through_another_source() -> None:
    """A later request moves the call to another source; what was promised before is kept."""
    other = LeadSource.objects.create(slug="other", name="Other", sla_target=7200, sla_clock="open")
    TeamSource.objects.create(team=Team.objects.get(), source=other)
    first = Lead.objects.get()
    Lead.objects.update(source=other, sla_source=first.source)


def and_then(*changes: Callable[[], object]) -> Callable[[], object]:
    def change() -> None:
        for it in changes:
            it()

    return change


@dataclass(frozen=True)
class Row:
    """`clock`: when the lead's clock began or begins. `due`: the due time by the changed hours."""

    clock: str
    due_before: str
    change: Callable[[], object]
    due: str
    values: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    changed_at: str = "23 Nov 12:00"


NIGHT = "23 Nov 20:00"
# The lead came three days ago for a time next week; somebody wants it now, after closing.
MOVED = {
    "submitted_at": moment("20 Nov 10:00"),
    "first_source_id": 1,
    "first_chosen_at": moment("30 Nov 10:00"),
    "waiting_since": moment("23 Nov 19:59"),
}
ROWS = {
    "a holiday, entered late: the clock has begun": Row(
        "23 Nov 11:55", "23 Nov 12:05", closed_on("23 Nov"), "24 Nov 09:10"
    ),
    "a holiday, before the clock begins": Row(
        "24 Nov 09:00", "24 Nov 09:10", closed_on("24 Nov"), "25 Nov 09:10",
        values={"chosen_at": moment("24 Nov 09:00")},
    ),
    "open longer: due before the night": Row(
        "23 Nov 16:55", "24 Nov 09:05", hours("09:00", "20:00"), "23 Nov 17:05",
        values={"chosen_at": moment("23 Nov 16:55")},
    ),
    "closed sooner": Row("23 Nov 11:55", "23 Nov 12:05", hours("09:00", "12:00"), "24 Nov 09:05"),
    "opens earlier tomorrow": Row(
        "24 Nov 09:00", "24 Nov 09:10", hours("07:00", "17:00"), "24 Nov 07:10",
        values={"submitted_at": moment("23 Nov 18:00")},
    ),
    "opens earlier tomorrow, where another source has promised": Row(
        "24 Nov 09:00", "24 Nov 09:10",
        and_then(hours("07:00", "17:00"), through_another_source), "24 Nov 09:10",
        values={"submitted_at": moment("23 Nov 18:00")},
    ),
    "other hours": Row("23 Nov 11:55", "23 Nov 12:05", hours_of_another_team, "23 Nov 12:05"),
    "being called, not rung yet": Row(
        "23 Nov 11:55", "23 Nov 12:05", closed_on("23 Nov"), "24 Nov 09:10",
        values={"status": "calling"},
    ),
    "its phone has rung": Row(
        "23 Nov 11:55", "23 Nov 12:05", closed_on("23 Nov"), "23 Nov 12:05",
        values={"rang_at": moment("23 Nov 11:58")},
    ),
    "overdue: the miss stays": Row(
        "23 Nov 11:45", "23 Nov 11:55", closed_on("23 Nov"), "23 Nov 11:55"
    ),
    "closed": Row(
        "23 Nov 11:55", "23 Nov 12:05", closed_on("23 Nov"), "23 Nov 12:05",
        values={"status": "failed", "closed_at": moment("23 Nov 11:58")},
    ),
    "the target is raised": Row(
        "23 Nov 11:55", "23 Nov 12:05", source(sla_target=3600), "23 Nov 12:05"
    ),
    "the target is lowered": Row(
        "23 Nov 11:55", "23 Nov 12:05", source(sla_target=60), "23 Nov 12:05"
    ),
    "the target is raised, then a holiday": Row(
        "23 Nov 11:55", "23 Nov 12:05", and_then(closed_on("23 Nov"), source(sla_target=3600)),
        "24 Nov 09:10",
    ),
    "the target counts all hours from now on": Row(
        "23 Nov 16:55", "24 Nov 09:05", source(sla_clock="always"), "24 Nov 09:05",
        values={"chosen_at": moment("23 Nov 16:55")},
    ),
    "all hours until now, opening hours from now on": Row(
        "23 Nov 16:55", "23 Nov 17:05", source(sla_clock="open"), "23 Nov 17:05",
        values={"chosen_at": moment("23 Nov 16:55")}, source={"sla_clock": "always"},
    ),
    "round the clock, the target is raised": Row(
        "23 Nov 11:55", "23 Nov 12:05", source(sla_target=3600), "23 Nov 12:05",
        source={"sla_clock": "always"},
    ),
    "through another source: what was promised is kept": Row(
        "23 Nov 11:55", "23 Nov 12:05", and_then(through_another_source, hours_of_another_team),
        "23 Nov 12:05",
    ),
    "through another source, then a holiday": Row(
        "23 Nov 11:55", "23 Nov 12:05", and_then(through_another_source, closed_on("23 Nov")),
        "24 Nov 09:10",
    ),
    "brought forward at night by a later request, then other hours": Row(
        "24 Nov 09:00", "24 Nov 09:10", hours("09:00", "18:00"), "24 Nov 09:10",
        values=MOVED, changed_at=NIGHT,
    ),
    "brought forward at night, then a holiday": Row(
        "24 Nov 09:00", "24 Nov 09:10", closed_on("24 Nov"), "25 Nov 09:10", values=MOVED,
        changed_at=NIGHT,
    ),
    "brought forward at night, then it opens earlier": Row(
        "24 Nov 09:00", "24 Nov 09:10", hours("07:00", "17:00"), "24 Nov 07:10", values=MOVED,
        changed_at=NIGHT,
    ),
    "brought forward to a time, then it opens earlier": Row(
        "24 Nov 09:00", "24 Nov 09:10", hours("07:00", "17:00"), "24 Nov 08:40",
        values={**MOVED, "chosen_at": moment("24 Nov 08:30")}, changed_at=NIGHT,
    ),
    "of a process of the release before": Row(
        "23 Nov 11:55", "23 Nov 12:05", closed_on("23 Nov"), "24 Nov 09:10",
        values={"sla_target": None, "sla_clock": ""},
    ),
    "its clock runs round the clock": Row(
        "23 Nov 11:55", "23 Nov 12:05", closed_on("23 Nov"), "23 Nov 12:05",
        source={"sla_clock": "always"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_is_due_by_the_hours_of_today(
    row: Row, make_lead: MakeLead, team: Team, office: Schedule
) -> None:
    LeadSource.objects.update(**{"sla_clock": "open", "sla_target": 600, **row.source})
    came = moment("23 Nov 11:55")
    values = {"submitted_at": came, "clock_started_at": moment(row.clock), **row.values}
    if "first_source_id" in values:
        values["first_source_id"] = LeadSource.objects.get().pk
    with time_machine.travel(moment(row.changed_at), tick=False):
        tasks.follow_changed_hours()
        lead = make_lead(due_at=moment(row.due_before), call_after=moment(row.clock), **values)
        row.change()
        tasks.follow_changed_hours()
        tasks.follow_changed_hours()
    lead.refresh_from_db()
    assert lead.due_at == moment(row.due)
    kept = [(it.due_before, it.due_since) for it in ClockChange.objects.all()]
    moved = row.due != row.due_before
    assert kept == ([(moment(row.due_before), moment(row.due))] if moved else [])


def test_the_leads_page_tells_of_it(make_lead: MakeLead, client: Client, admin_user: User) -> None:
    lead = make_lead()
    due = moment("23 Nov 12:05")
    ClockChange.objects.create(
        lead=lead, changed_at=due, due_before=due, due_since=due + timedelta(days=1)
    )
    client.force_login(admin_user)
    page = client.get(f"/admin/leads/lead/{lead.pk}/change/").content.decode()
    assert "Opening hours have changed" in page
    assert "Due on Tue 24 Nov 2026 14:05 instead of Mon 23 Nov 2026 14:05" in page


def test_a_span_of_ids_holds_its_last_and_not_its_first(
    make_lead: MakeLead, source: LeadSource
) -> None:
    LeadSource.objects.update(sla_clock="open")
    leads = [make_lead() for _ in range(3)]
    first, second, third = (lead.pk for lead in leads)
    now = leads[0].submitted_at

    def held(after: int, to: int | None) -> list[int]:
        return sorted(lead.pk for lead in due_times.to_follow(after, to, now))

    assert held(0, None) == [first, second, third]
    assert held(first, second) == [second]
    assert held(second, None) == [third]


MEANWHILE: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, True),
    "its phone has rung": ({"rang_at": moment("23 Nov 11:59")}, False),
    "it has been closed": (
        {"status": "failed", "closed_at": moment("23 Nov 11:59")}, False,
    ),
    "a later request has moved it": ({"due_at": moment("23 Nov 16:00")}, False),
}  # fmt: skip


@pytest.mark.parametrize(("values", "moves"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_happens_to_a_lead_while_its_clock_is_worked_out_stands(
    values: dict[str, Any], moves: bool, make_lead: MakeLead, team: Team, office: Schedule
) -> None:
    LeadSource.objects.update(sla_clock="open", sla_target=600)
    begun = moment("23 Nov 11:55")
    lead = make_lead(
        submitted_at=begun, clock_started_at=begun, call_after=begun, due_at=moment("23 Nov 12:05")
    )
    closed_on("23 Nov")()
    Lead.objects.update(**values)
    due_before = Lead.objects.get().due_at
    with time_machine.travel(moment("23 Nov 12:00"), tick=False):
        moved = due_times.follow(config.current(), [lead], moment("23 Nov 12:00"))
    assert moved == moves
    assert ClockChange.objects.exists() == moves
    assert (Lead.objects.get().due_at != due_before) == moves
