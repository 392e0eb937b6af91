"""The last person who talked with a number is its owner, on any of their phones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Schedule, Team, TeamSource
from callbacks.routing import availability, config, queue, rules
from callbacks.routing import claim as claims
from leads.models import Lead, LeadSource

MakeLead = Callable[..., Lead]
HOLD, SOON = timedelta(hours=1), timedelta(minutes=5)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Row:
    """Dana talked on 101 and also has 102; 103 is Omer's, first in the queue. Which one is rung?

    The values are those of the phones (people and teams by name), of the team, and of the talk.
    `live`: the phone that is on a call. `rung`: None if the lead waits for its owner.
    """

    rung: str | None
    phones: dict[str, dict[str, Any]] = field(default_factory=dict)
    team: dict[str, Any] = field(default_factory=dict)
    talk: dict[str, Any] = field(default_factory=dict)
    live: str = ""
    refused: str = ""


OFF, NOBODYS = {"is_active": False}, {"user": None}
ROWS = {
    "the phone they talked on is free": Row("101"),
    "it comes first, wherever it stands": Row("101", {"101": {"queue_position": 200, "tier": 2}}),
    "it is off": Row("102", {"101": OFF}),
    "it is blocked": Row("102", {"101": {"is_blocked": True}}),
    "it is offline": Row(
        "102", {"101": {"unavailable_until": SOON, "unavailable_reason": "offline"}}
    ),
    "it is logged out": Row(
        "102", {"101": {"provider_busy_until": SOON, "provider_busy_as": "logged out"}}
    ),
    "it has had its calls of the day": Row("102", {"101": {"capped_until": SOON}}),
    "it is off shift": Row("102", {"101": {"schedule": "Never"}}),
    "the provider refused it with this lead": Row("102", refused="101"),
    "both are off": Row("103", {"101": OFF, "102": OFF}),
    "they are paused on it": Row("103", {"101": {"is_paused": True}}),
    "they are paused on the other one": Row("103", {"102": {"is_paused": True}}),
    "they are paused on one that is off": Row("102", {"101": {**OFF, "is_paused": True}}),
    "it was handed to Omer": Row("102", {"101": {"user": "omer"}}),
    "it was handed to Omer, the other is off": Row(
        "103", {"101": {"user": "omer"}, "102": OFF}
    ),
    "it is nobody's now": Row("102", {"101": NOBODYS}),
    "both are nobody's now": Row("103", {"101": NOBODYS, "102": NOBODYS}),
    "it was nobody's, and is": Row(
        "101", {"101": NOBODYS, "102": NOBODYS}, talk={"salesperson": None}
    ),
    "it was nobody's, is off, and the other is nobody's": Row(
        "103", {"101": {**NOBODYS, **OFF}, "102": NOBODYS}, talk={"salesperson": None}
    ),
    "it was nobody's and has a login since": Row("101", talk={"salesperson": None}),
    "Omer talked on what is Dana's now": Row("103", talk={"salesperson": "omer"}),
    "the other is of a team without owners": Row("103", {"101": OFF, "102": {"team": "Without"}}),
    "the other is of a team with owners": Row("102", {"101": OFF, "102": {"team": "Owners"}}),
    "the other is of a team that is not asked yet": Row(
        "103", {"101": OFF, "102": {"team": "Later"}}
    ),
    "the other is of a team that does not answer": Row(
        "103", {"101": OFF, "102": {"team": "Elsewhere"}}
    ),
    "they talked longer ago than the team says": Row("103", team={"sticky_agent_days": 1}),
    "on a call on it": Row(None, live="101"),
    "on a call on the other": Row(None, live="102"),
    "on a call on the other, it is off": Row(None, {"101": OFF}, live="102"),
    "on a call on it, and it was handed to Omer meanwhile": Row(
        None, {"101": {"user": "omer"}}, live="101"
    ),
    "nobody's, and on a call": Row(
        None, {"101": NOBODYS, "102": NOBODYS}, talk={"salesperson": None}, live="101"
    ),
    "nobody's, and the other is on a call": Row(
        "101", {"101": NOBODYS, "102": NOBODYS}, talk={"salesperson": None}, live="102"
    ),
    "on a call, and nobody is waited for": Row(
        "103", team={"sticky_agent_wait": 0}, live="101"
    ),
    "on a call, both at their calls of the day": Row(
        "103", {"101": {"capped_until": SOON}, "102": {"capped_until": SOON}}, live="101"
    ),
    "on a call, one at its calls of the day": Row(
        None, {"101": {"capped_until": SOON}}, live="101"
    ),
    "on the last call of the day": Row(
        "103", {"101": {"daily_cap": 1}, "102": OFF}, live="101"
    ),
    "on the last call of the day of one phone": Row(None, {"101": {"daily_cap": 1}}, live="101"),
    "on the last call of the day, as the team says": Row(
        "103", {"102": OFF}, team={"daily_cap": 1}, live="101"
    ),
    "on the last call but one of the day": Row(
        None, {"101": {"daily_cap": 2}, "102": OFF}, live="101"
    ),
    "on a call, off shift after it": Row(
        "103", {"101": {"schedule": "Never"}, "102": OFF}, live="101"
    ),
    "on a call, out after it": Row(
        "103",
        {"101": {"unavailable_until": SOON, "unavailable_reason": "offline"}, "102": OFF},
        live="101",
    ),
    "on a call, and refused with this lead": Row("103", {"102": OFF}, live="101", refused="101"),
    "on a call, and paused": Row("103", {"102": {"is_paused": True}}, live="101"),
    "on a call, and off": Row("103", {"101": OFF, "102": OFF}, live="101"),
}  # fmt: skip


@pytest.fixture
def team(source: LeadSource) -> Team:
    """The team Sales; others answer the source with other settings, or do not answer it."""
    owners = {"sticky_agent_days": 30, "sticky_agent_wait": 600}
    made = {
        "Sales": owners, "Owners": owners, "Later": owners, "Elsewhere": owners,
        "Without": {"sticky_agent_days": 0},
    }  # fmt: skip
    for name, values in made.items():
        team = Team.objects.create(name=name, **values)
        if name != "Elsewhere":
            after = 60 if name == "Later" else 0
            TeamSource.objects.create(team=team, source=source, overflow_after=after)
    return Team.objects.get(name="Sales")


def attempt(lead: Lead, number: str, at: datetime, **values: Any) -> None:
    extension = Extension.objects.get(number=number)
    CallAttempt.objects.create(
        **{
            "lead": lead, "phone": lead.phone, "extension": extension, "extension_number": number,
            "salesperson_id": extension.user_id, "claimed_at": at, "hold_until": at + HOLD,
            **values,
        }
    )  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_who_is_rung(make_lead: MakeLead, team: Team, source: LeadSource, row: Row) -> None:
    now = timezone.now()
    people = {name: User.objects.create_user(name) for name in ("dana", "omer")}
    never = Schedule.objects.create(name="Never", time_zone="UTC")
    for number, name, position in (("101", "dana", 98), ("102", "dana", 99), ("103", "omer", 0)):
        Extension.objects.create(
            number=number, team=team, user=people[name], queue_position=position
        )
    lead, at = make_lead(), now - timedelta(days=3)
    talk = {f"{key}_id": people[it].pk if it else None for key, it in row.talk.items()}
    attempt(lead, "101", at, state="bridged", connected_at=at, ended_at=at, **talk)
    if row.refused:
        invalid = {"state": "refused", "outcome": "invalid", "ended_at": now}
        attempt(lead, row.refused, now - SOON, **invalid)
        Lead.objects.filter(pk=lead.pk).update(attempts=1)
    Team.objects.filter(pk=team.pk).update(**row.team)
    given = {"schedule": never, "team": lambda it: Team.objects.get(name=it), "user": people.get}
    if row.live and row.phones.get(row.live, {}).get("user", "") is None:
        Extension.objects.filter(number=row.live).update(user=None)
    if row.live:
        attempt(make_lead(), row.live, now, state="accepted", call_id="live")
    for number, values in row.phones.items():
        changed = {
            key: now + it if isinstance(it, timedelta)
            else never if key == "schedule"
            else given[key](it) if key in ("team", "user") and it is not None
            else it
            for key, it in values.items()
        }  # fmt: skip
        caps = {"daily_cap": changed.pop("daily_cap")} if "daily_cap" in changed else {}
        Extension.objects.filter(number=number).update(**changed)
        if caps:  # set before, so that the cap already holds during the call
            Extension.objects.filter(number=number).update(**caps)
            Extension.objects.filter(number=number).update(capped_until=None)
    if "daily_cap" in row.team:
        Extension.objects.update(capped_until=None)

    now, current = timezone.now(), config.current()
    asked = current.asked(source.pk, timedelta(0), now)
    teams = [turn.team_id for turn in asked]
    closed = current.closed_shifts(teams, now)
    states = availability.look(teams, closed, now)
    owner = claims.owner_of(lead.phone, now - timedelta(days=30))
    refused = set(Extension.objects.filter(number=row.refused).values_list("pk", flat=True))
    choice = rules.choose(states, asked, owner=owner, refused=refused)
    assert (choice.extension.number if choice else None) == row.rung
    assert bool(rules.holds_for(states, asked, owner, refused)) is (row.rung is None)
    # The team's queue passes over leads that are kept.
    kept = lead.pk not in queue.next_leads(team.pk, now)
    free = any(it.reason is None and it.team_id == team.pk for it in states)
    assert kept is (row.rung is None or not free)
    claim = claims.claim(lead.pk, asked, now, HOLD, closed)
    assert (claim.attempt.extension_number if claim else None) == row.rung
