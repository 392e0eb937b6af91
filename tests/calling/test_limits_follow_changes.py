"""Leads that wait for a limit to end, when a manager changes the limit or something else.

A number may be called once a day here, and the team is always open. The lead is called in vain at
`at`, in UTC; its number is Israeli, two hours ahead. The year is 2026, and 23 November a Monday.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time

import pytest
import time_machine
from django.db import connection
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.models import Extension, Team
from callbacks.policy.rules import Outcome
from leads.models import Lead, LeadSource, LeadStatus
from tests.scheduling.test_next_call import claimed, end, moment

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def usual_hours(settings: SettingsWrapper) -> None:
    settings.NEW_CALLING_HOURS = time(8), time(21)


def source_allows(calls: int | None) -> Callable[[], object]:
    return lambda: LeadSource.objects.update(calls_a_day=calls)


def team_allows(calls: int | None) -> Callable[[], object]:
    return lambda: Team.objects.update(calls_a_day=calls)


def saved() -> None:
    source = LeadSource.objects.get()
    source.calls_a_day = 5
    source.save()


def by_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_leadsource SET calls_a_day = 5")


def something_else() -> None:
    LeadSource.objects.update(name="Another name")


def window() -> None:
    LeadSource.objects.update(call_from=time(10), call_until=time(20))


@dataclass(frozen=True)
class Row:
    """`change` is made at `seen_at`; then the lead is to be called at `moved`, not at `told`."""

    change: Callable[[], object]
    moved: str
    at: str = "23 Nov 12:00"
    told: str = "24 Nov 12:00"
    seen_at: str = "23 Nov 12:01"
    limits: tuple[int | None, int | None] = (1, None)  # of the source, of the team


NIGHT = {"at": "23 Nov 01:00", "told": "24 Nov 06:00"}  # 8 o'clock there
ROWS = {
    "more calls a day": Row(source_allows(5), "23 Nov 12:02"),
    "more, saved": Row(saved, "23 Nov 12:02"),
    "more, by SQL": Row(by_sql, "23 Nov 12:02"),
    "as many as the settings allow": Row(source_allows(None), "23 Nov 12:02"),
    "more at the team": Row(team_allows(3), "23 Nov 12:02", limits=(None, 1)),
    "more at the source, and not at the team": Row(source_allows(5), "24 Nov 12:00", limits=(1, 1)),
    "more, when its own wait has been over": Row(
        source_allows(5), "23 Nov 15:00", seen_at="23 Nov 15:00"
    ),
    "fewer calls a day": Row(
        source_allows(1), "24 Nov 12:00", told="23 Nov 12:02", limits=(5, None)
    ),
    "fewer at the team": Row(team_allows(1), "24 Nov 12:00", told="23 Nov 12:02", limits=(5, None)),
    "fewer, and not too few": Row(
        source_allows(2), "23 Nov 12:02", told="23 Nov 12:02", limits=(5, None)
    ),
    "something else": Row(something_else, "24 Nov 12:00"),
    "the calling window": Row(window, "24 Nov 12:00"),
    "over at night: something else": Row(something_else, "24 Nov 06:00", **NIGHT),  # type: ignore[arg-type]
    "over at night in half an hour: something else": Row(
        something_else, "24 Nov 06:00", seen_at="24 Nov 00:30", **NIGHT  # type: ignore[arg-type]
    ),
    "over at night for an hour: something else": Row(
        something_else, "24 Nov 06:00", seen_at="24 Nov 02:00", **NIGHT  # type: ignore[arg-type]
    ),
    "over at night: the calling window": Row(window, "24 Nov 08:00", **NIGHT),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_number_that_was_called_as_often_as_allowed(
    row: Row, source: LeadSource, extension: Extension, make_lead: MakeLead
) -> None:
    at = moment(row.at)
    of_source, of_team = row.limits
    LeadSource.objects.update(calls_a_day=of_source, call_from=None, call_until=None)
    Team.objects.update(calls_a_day=of_team, call_from=None, call_until=None)
    with time_machine.travel(at, tick=False) as clock:
        tasks.follow_changed_hours()
        lead = make_lead()
        end(claimed(lead), Outcome.LEAD_NO_ANSWER, at)
        lead.refresh_from_db()
        assert (lead.status, lead.call_after) == (LeadStatus.WAITING, moment(row.told))
        clock.move_to(moment(row.seen_at))
        row.change()
        tasks.follow_changed_hours()
        lead.refresh_from_db()
        assert lead.call_after == moment(row.moved)


@pytest.mark.parametrize("seen_at", ["23 Nov 12:01", "23 Nov 21:50", "23 Nov 23:00"])
def test_a_spending_limit_that_is_over_at_night(
    seen_at: str, source: LeadSource, extension: Extension, make_lead: MakeLead
) -> None:
    """The limit ends at midnight where the number is, an hour that nobody asked for."""
    LeadSource.objects.update(call_from=None, call_until=None)
    Team.objects.update(call_from=None, call_until=None)
    over, usual = moment("23 Nov 22:00"), moment("24 Nov 06:00")
    with time_machine.travel(moment("23 Nov 12:00"), tick=False) as clock:
        tasks.follow_changed_hours()
        lead = make_lead(gap_until=over, limit_until=over, call_after=usual, closed_until=usual)
        clock.move_to(moment(seen_at))
        something_else()
        tasks.follow_changed_hours()
        lead.refresh_from_db()
        assert lead.call_after == usual
