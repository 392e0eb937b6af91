"""A planned follow-up rings the person who talked with the number, whatever the team's settings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.explain import waiting_reason
from callbacks.models import CallAttempt, Extension, Team
from callbacks.routing import claim as claims
from callbacks.routing import queue
from callbacks.routing.rules import FOLLOW_UP_OWNED_FOR, FOLLOW_UP_WAITS, TeamRules
from leads.models import Lead
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(team: Team) -> list[Extension]:
    """101 and 102 of a team without sticky agents; 102 has been idle for longer."""
    Team.objects.update(sticky_agent_days=0, sticky_agent_wait=0)
    return [Extension.objects.create(number=it, team=team) for it in ("102", "101")]


@pytest.fixture
def follow_up(make_lead: MakeLead, phones: list[Extension]) -> Lead:
    """A follow-up that is due now; 101 had the talk two days ago."""
    at = timezone.now() - timedelta(days=2)
    first = make_lead(status="connected", closed_at=at, connected_at=at)
    CallAttempt.objects.create(
        lead=first, phone=first.phone, extension=phones[1], extension_number="101",
        state="bridged", claimed_at=at, ended_at=at, connected_at=at, hold_until=at,
    )  # fmt: skip
    return make_lead(first.phone, follow_up_of=first)


def on_a_call(make_lead: MakeLead, number: str) -> None:
    lead, extension = make_lead(), Extension.objects.get(number=number)
    assert claims.claim_chosen(lead.pk, extension.pk, timezone.now(), timedelta(hours=1))


def called_with(lead: Lead) -> str | None:
    attempt = dispatch.call_lead(lead.pk)
    return attempt.extension_number if attempt else None


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], bool, str | None]] = {
    # The values of 101 and of the lead, whether 101 is on a call; which phone rings.
    "the same salesperson first": ({}, {}, False, "101"),
    "they are paused": ({"is_paused": True}, {}, False, "102"),
    "they are off": ({"is_active": False}, {}, False, "102"),
    "they are on a call, and are waited for": ({}, {}, True, None),
    "they were waited for long enough": ({}, {"ago": FOLLOW_UP_WAITS}, True, "102"),
    "a lead that is no follow-up": ({}, {"follow_up_of": None}, False, "102"),
    "no follow-up, on a call": ({}, {"follow_up_of": None}, True, "102"),
}


@pytest.mark.parametrize("row", ROWS)
def test_who_rings(
    row: str, make_lead: MakeLead, follow_up: Lead, simulator: SimulatorProcess
) -> None:
    of_phone, of_lead, is_on_a_call, rings = ROWS[row]
    if is_on_a_call:
        on_a_call(make_lead, "101")
    Extension.objects.filter(number="101").update(last_called_at=timezone.now(), **of_phone)
    values = dict(of_lead)
    if ago := values.pop("ago", None):
        values["call_after"] = timezone.now() - ago
    if values:
        Lead.objects.filter(pk=follow_up.pk).update(**values)
    follow_up.refresh_from_db()
    said = waiting_reason.of_lead(follow_up, timezone.now())
    assert said
    # Queue and explanation agree with the claim: a kept lead takes nobody's place.
    team_id = Team.objects.get().pk
    assert queue.next_leads(team_id, timezone.now())[:1] == ([follow_up.pk] if rings else [])
    assert called_with(follow_up) == rings
    assert said.text.startswith(
        f"About to be called: {rings} is free." if rings else "Waiting for its owner 101"
    )


def test_a_kept_follow_up_does_not_take_the_place_of_the_next_lead(
    make_lead: MakeLead, follow_up: Lead, simulator: SimulatorProcess
) -> None:
    on_a_call(make_lead, "101")
    other = make_lead()
    dispatch.work_team(Team.objects.get().pk)
    other.refresh_from_db()
    assert other.status == "calling"


@pytest.mark.parametrize(
    ("days", "wait", "owned_for", "waits"),
    [
        (0, 0, FOLLOW_UP_OWNED_FOR, FOLLOW_UP_WAITS),
        (365, 900, timedelta(days=365), timedelta(seconds=900)),
    ],
)
def test_a_teams_own_terms_hold_where_they_are_longer(
    days: int, wait: int, owned_for: timedelta, waits: timedelta
) -> None:
    rules = TeamRules(1, "Sales", sticky_agent_days=days, sticky_agent_wait=wait)
    assert rules.owned_for(is_owned=True) == owned_for
    assert rules.waits_for_owner(is_owned=True) == waits
    assert rules.owned_for(is_owned=False) == timedelta(days=days)
    assert rules.waits_for_owner(is_owned=False) == timedelta(seconds=wait)
