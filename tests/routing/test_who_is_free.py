"""Who is free: the claim asks this in three places, and each of them checks everything.

The first free extension in the queue is taken; a sticky agent is rung if free; and some strategies
count the place in the queue from the free ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.models import CallAttempt, Extension, Schedule, Team
from callbacks.routing import availability, rules
from callbacks.routing import claim as claims
from callbacks.routing.rules import TeamOffer
from leads.models import Lead

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
LATER, A_MOMENT = NOW + timedelta(minutes=5), timedelta(microseconds=1)
HOLD = timedelta(hours=1)


@dataclass(frozen=True)
class Row:
    """The state of an extension, and why it is not free; None: it is free."""

    name: str
    reason: str | None
    columns: dict[str, Any]
    on_a_call: bool = False
    off_shift: bool = False


def _timed(column: str, reason: str, **others: Any) -> list[Row]:
    """Times end exactly at the moment, not after it."""
    return [
        Row(f"{reason} for a while", reason, {column: LATER, **others}),
        Row(f"{reason} for a moment", reason, {column: NOW + A_MOMENT, **others}),
        Row(f"{reason} until now", None, {column: NOW, **others}),
    ]


TABLE = [
    Row("nothing is the matter", None, {}),
    Row("off", rules.OFF, {"is_active": False}),
    Row("blocked", rules.BLOCKED, {"is_blocked": True}),
    Row("paused", rules.PAUSED, {"is_paused": True}),
    *_timed("paused_until", rules.PAUSED, is_paused=True),
    Row("an old pause's time", None, {"paused_until": LATER}),
    Row("on a call", rules.ON_CALL, {}, on_a_call=True),
    Row("off shift", rules.OFF_SHIFT, {}, off_shift=True),
    *_timed("unavailable_until", rules.OUT),
    *_timed("capped_until", rules.CAPPED),
    *_timed("wrap_up_until", rules.RESTING),
    *_timed("provider_busy_until", rules.SEEN_BUSY),
]
each_row = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)


def offer(team: Team, strategy: str = rules.LONGEST_IDLE, **values: Any) -> TeamOffer:
    terms: dict[str, Any] = {
        "team_id": team.pk, "team": team.name, "strategy": strategy, "any_language": True,
        "owner_since": None, "holds_for_owner": False, "has_languages": False,
    }  # fmt: skip
    return TeamOffer(**terms | values)


@pytest.fixture
def stored(
    make_lead: MakeLead, team: Team
) -> Callable[..., tuple[Extension, dict[int, datetime | None]]]:
    """stored(row): stores extension 101 as the row says; returns it and the closed schedules."""

    def store(row: Row, **columns: Any) -> tuple[Extension, dict[int, datetime | None]]:
        shift = Schedule.objects.create(name="Nights", time_zone="UTC") if row.off_shift else None
        extension = Extension.objects.create(
            number="101", team=team, schedule=shift, **row.columns, **columns
        )
        if row.on_a_call:
            other = make_lead(status="calling")
            CallAttempt.objects.create(
                lead=other, phone=other.phone, extension=extension, extension_number="101",
                state="accepted", call_id="on", claimed_at=NOW, hold_until=LATER,
            )  # fmt: skip
        return extension, {shift.pk: LATER} if shift else {}

    return store


def due(make_lead: MakeLead) -> Lead:
    return make_lead(call_after=NOW, waiting_since=NOW)


def talked_yesterday(make_lead: MakeLead, extension: Extension) -> Lead:
    lead, at = due(make_lead), NOW - timedelta(days=1)
    CallAttempt.objects.create(
        lead=lead, phone=lead.phone, extension=extension, extension_number="101", state="bridged",
        claimed_at=at, connected_at=at, ended_at=at, hold_until=at,
    )  # fmt: skip
    return lead


@each_row
def test_the_queue(make_lead: MakeLead, team: Team, stored: Callable[..., Any], row: Row) -> None:
    _extension, closed = stored(row)
    Extension.objects.create(number="102", team=team, queue_position=1)
    [seen] = [it for it in availability.look([team.pk], closed, NOW) if it.number == "101"]
    assert seen.reason == row.reason
    claim = claims.claim(due(make_lead).pk, [offer(team)], NOW, HOLD, closed)
    assert claim
    assert claim.attempt.extension_number == ("102" if row.reason else "101")
    # The trace gives the same reason; it leaves out extensions that are off.
    looked = {number: reason for number, reason, _until in claim.attempt.routing_trace["looked"]}
    assert looked.get("101", rules.OFF) == row.reason


@each_row
def test_the_sticky_agent(
    make_lead: MakeLead, team: Team, stored: Callable[..., Any], row: Row
) -> None:
    extension, closed = stored(row, queue_position=1)
    Extension.objects.create(number="102", team=team)
    lead = talked_yesterday(make_lead, extension)
    asked = [offer(team, owner_since=NOW - timedelta(days=30))]
    claim = claims.claim(lead.pk, asked, NOW, HOLD, closed)
    assert claim
    assert claim.attempt.extension_number == ("102" if row.reason else "101")


@each_row
def test_the_sticky_agent_who_is_on_a_call_and_worth_waiting_for(
    make_lead: MakeLead, team: Team, stored: Callable[..., Any], row: Row
) -> None:
    """A person on a call is waited for, unless they are out or have reached their cap."""
    extension, closed = stored(replace(row, on_a_call=True), queue_position=1)
    Extension.objects.create(number="102", team=team)
    lead = talked_yesterday(make_lead, extension)
    asked = [offer(team, owner_since=NOW - timedelta(days=30), holds_for_owner=True)]
    claim = claims.claim(lead.pk, asked, NOW, HOLD, closed)
    gone = row.reason in {
        rules.OFF, rules.BLOCKED, rules.PAUSED, rules.OFF_SHIFT, rules.OUT, rules.CAPPED
    }  # fmt: skip
    assert (claim.attempt.extension_number if claim else None) == ("102" if gone else None)


@pytest.mark.parametrize("strategy", rules.BY_TURNS)
@each_row
def test_the_queue_from_which_a_place_is_counted(
    make_lead: MakeLead, team: Team, stored: Callable[..., Any], row: Row, strategy: str
) -> None:
    """No extension may lag far behind the next free one; those that are not free do not count."""
    Team.objects.update(strategy=strategy)
    _extension, closed = stored(row, queue_position=100)
    rung = Extension.objects.create(number="102", team=team, weight=2)
    claim = claims.claim(due(make_lead).pk, [offer(team, strategy)], NOW, HOLD, closed)
    assert claim
    assert claim.attempt.extension_number == "102"
    rung.refresh_from_db()
    assert rung.queue_position == (0 if row.reason else 100 - rules.CATCH_UP) + 0.5
