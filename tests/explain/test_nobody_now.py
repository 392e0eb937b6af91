"""Sources for which nobody can be rung at this moment, and what is said about them."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.explain import nobody_now
from callbacks.models import CallAttempt, Extension, Schedule, Team
from leads.models import Lead, LeadSource

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
LATER = NOW + timedelta(hours=1)

PAUSED = {"is_paused": True}
OUT = {"unavailable_until": LATER}

KEPT_AWAY: list[tuple[str, list[dict[str, Any]], str]] = [
    ("all are paused", [PAUSED, PAUSED | {"paused_until": LATER}], "2 phones are paused"),
    ("blocked", [{"is_blocked": True}], "1 phone is blocked by the provider"),
    ("switched off", [{"is_active": False}], "1 phone is switched off"),
    ("out after missed calls", [OUT], "1 phone is temporarily out"),
    ("their calls of the day are over", [{"capped_until": LATER}],
     "1 phone is at the daily limit"),
    ("logged out", [{"provider_busy_until": LATER, "provider_busy_as": "logged out"}],
     "1 person is away"),
    ("one of each", [PAUSED, OUT, {"is_active": False}],
     ("1 phone is paused, 1 phone is temporarily out and 1 phone is "
      "switched off")),
]  # fmt: skip
THERE: list[tuple[str, list[dict[str, Any]]]] = [
    ("one is free", [{}, PAUSED]),
    ("the pause is over", [PAUSED | {"paused_until": NOW}]),
    ("one rests after a call", [{"wrap_up_until": LATER}, PAUSED]),
    ("one is on another call", [{"provider_busy_until": LATER,
                                 "provider_busy_as": "on another call"}]),
    ("nobody at all, which is no moment's matter", []),
]  # fmt: skip


def phones(team: Team, rows: list[dict[str, Any]]) -> None:
    for number, values in enumerate(rows, start=101):
        Extension.objects.create(number=str(number), team=team, **values)


@pytest.mark.parametrize(("name", "rows", "why"), KEPT_AWAY, ids=[row[0] for row in KEPT_AWAY])
def test_nobody_can_be_rung_when(
    name: str, rows: list[dict[str, Any]], why: str, team: Team
) -> None:
    phones(team, rows)
    found = nobody_now.sources(NOW)
    assert [(it.name, it.why) for it in found] == [("Website", why)]
    assert nobody_now.words(found) == f"Nobody can take calls now for Website: {why}."


@pytest.mark.parametrize(("name", "rows"), THERE, ids=[row[0] for row in THERE])
def test_it_is_no_alarm_when(name: str, rows: list[dict[str, Any]], team: Team) -> None:
    phones(team, rows)
    assert nobody_now.sources(NOW) == []


def test_who_is_on_a_call_is_there(extension: Extension, make_lead: Callable[..., Lead]) -> None:
    lead = make_lead(status="calling")
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, state="accepted", claimed_at=NOW,
        hold_until=LATER, call_id="call-1",
    )  # fmt: skip
    assert nobody_now.sources(NOW) == []


def closed(name: str) -> Schedule:
    return Schedule.objects.create(name=name)


def test_closed_hours_are_no_alarm(extension: Extension) -> None:
    Extension.objects.update(is_paused=True)
    Team.objects.update(schedule=closed("The team's"))
    assert nobody_now.sources(NOW) == []


def test_neither_is_a_calling_window_that_is_closed(extension: Extension) -> None:
    Extension.objects.update(is_paused=True)
    LeadSource.objects.update(call_from=time(3), call_until=time(4))
    assert nobody_now.sources(NOW) == []


def test_who_is_off_shift_does_not_count(extension: Extension, team: Team) -> None:
    Extension.objects.update(schedule=closed("Hers"), is_paused=True)
    assert nobody_now.sources(NOW) == []
    Extension.objects.create(number="102", team=team, is_paused=True)
    assert [it.why for it in nobody_now.sources(NOW)] == ["1 phone is paused"]


def test_another_team_of_the_source_can_be_rung(extension: Extension, source: LeadSource) -> None:
    Extension.objects.update(is_paused=True)
    night = Team.objects.create(name="Night")
    night.sources.add(source, through_defaults={"overflow_after": 60})
    assert len(nobody_now.sources(NOW)) == 1
    Extension.objects.create(number="201", team=night)
    assert nobody_now.sources(NOW) == []


def test_each_source_is_told_by_itself(extension: Extension) -> None:
    other = LeadSource.objects.create(slug="landing", name="Landing page")
    team = Team.objects.create(name="Landing")
    team.sources.add(other)
    Extension.objects.create(number="201", team=team, is_blocked=True)
    assert [it.name for it in nobody_now.sources(NOW)] == ["Landing page"]
    other.is_active = False
    other.save()
    assert nobody_now.sources(NOW) == []


def test_a_source_that_is_off_counts_while_a_lead_of_it_waits(
    extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    Extension.objects.update(is_paused=True)
    lead, now = make_lead(), timezone.now()
    LeadSource.objects.update(is_active=False)
    assert [it.name for it in nobody_now.sources(now)] == ["Website"]
    Lead.objects.filter(pk=lead.pk).update(call_after=now + timedelta(hours=1))
    assert nobody_now.sources(now) == []


def test_teams_that_are_switched_off(extension: Extension) -> None:
    Team.objects.update(is_active=False)
    assert [it.why for it in nobody_now.sources(NOW)] == ["all of its teams are switched off"]
