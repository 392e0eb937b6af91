"""An assigned lead rings the person it is assigned to, and waits as long as a follow-up does:
claim, queue, explanation and replay agree.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.explain import waiting_reason
from callbacks.extensions import logins
from callbacks.models import CallAttempt, Extension, Team
from callbacks.policy.rules import Outcome
from callbacks.replay import history
from callbacks.replay.engine import simulate
from callbacks.replay.history import Period
from callbacks.replay.leads import HistoricAttempt, taken
from callbacks.routing import claim as claims
from callbacks.routing import queue
from callbacks.routing.rules import FOLLOW_UP_WAITS
from leads.models import Lead
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dana(team: Team) -> User:
    """101 is Dana's; 102, idle for longer, is Noam's; 103 in another team is Dana's too."""
    Team.objects.update(sticky_agent_days=30, sticky_agent_wait=0)
    dana, noam = (User.objects.create_user(it) for it in ("dana", "noam"))
    Extension.objects.create(number="102", team=team, user=noam)
    Extension.objects.create(number="101", team=team, user=dana, queue_position=5)
    other = Team.objects.create(name="Support")
    Extension.objects.create(number="103", team=other, user=dana)
    return dana


@pytest.fixture
def lead(make_lead: MakeLead, dana: User) -> Lead:
    """Assigned to Dana; Noam talked with the number before."""
    at = timezone.now() - timedelta(days=2)
    first = make_lead(status="connected", closed_at=at, connected_at=at, submitted_at=at)
    noams = Extension.objects.get(number="102")
    CallAttempt.objects.create(
        lead=first, phone=first.phone, extension=noams, extension_number="102",
        salesperson_id=noams.user_id, outcome="bridged",
        state="bridged", claimed_at=at, ended_at=at, connected_at=at, hold_until=at,
    )  # fmt: skip
    return make_lead(first.phone, assigned_to=dana)


def on_a_call(make_lead: MakeLead, number: str) -> None:
    lead, extension = make_lead(), Extension.objects.get(number=number)
    assert claims.claim_chosen(lead.pk, extension.pk, timezone.now(), timedelta(hours=1))


def called_with(lead: Lead) -> str | None:
    attempt = dispatch.call_lead(lead.pk)
    return attempt.extension_number if attempt else None


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], bool, str | None]] = {
    # The values of 101 and of the lead, whether 101 is on a call; which phone rings.
    "whom it is assigned to, not who talked with it": ({}, {}, False, "101"),
    "on a call, and waited for": ({}, {}, True, None),
    "waited for long enough": ({}, {"ago": FOLLOW_UP_WAITS}, True, "102"),
    "waited for long enough, and free": ({}, {"ago": FOLLOW_UP_WAITS}, False, "101"),
    "paused": ({"is_paused": True}, {}, False, "102"),
    "paused while on a call": ({"is_paused": True}, {}, True, "102"),
    "off": ({"is_active": False}, {}, False, "102"),
    "another's phone now": ({"user": None}, {}, False, "102"),
    "taken back: who talked with it": ({}, {"assigned_to": None}, False, "102"),
    "taken back: nobody is waited for": ({}, {"assigned_to": None}, True, "102"),
}


@pytest.mark.parametrize("row", ROWS)
def test_who_rings(row: str, make_lead: MakeLead, lead: Lead, simulator: SimulatorProcess) -> None:
    of_phone, of_lead, is_on_a_call, rings = ROWS[row]
    if is_on_a_call:
        on_a_call(make_lead, "101")
    Extension.objects.filter(number="101").update(**of_phone)
    values = dict(of_lead)
    if ago := values.pop("ago", None):
        values["call_after"] = timezone.now() - ago
    if values:
        Lead.objects.filter(pk=lead.pk).update(**values)
    lead.refresh_from_db()
    said = waiting_reason.of_lead(lead, timezone.now())
    assert said
    team_id = Team.objects.get(name="Sales").pk
    assert queue.next_leads(team_id, timezone.now())[:1] == ([lead.pk] if rings else [])
    assert called_with(lead) == rings
    assert said.text.startswith(
        f"About to be called: {rings} is free." if rings else "Waiting for its owner 101"
    )


def test_the_trace_says_why(lead: Lead, simulator: SimulatorProcess) -> None:
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    stored = CallAttempt.objects.get(pk=attempt.pk)
    assert stored.routing_trace["rule"] == "assigned"


def test_a_login_that_is_off_or_gone_keeps_nothing(
    make_lead: MakeLead, dana: User, lead: Lead, simulator: SimulatorProcess
) -> None:
    second = make_lead(assigned_to=dana)
    logins.switched_off(dana.pk)
    assert called_with(lead) == "102"
    CallAttempt.objects.filter(ended_at=None).update(state="ended", ended_at=timezone.now())
    logins.deleted(dana.pk)
    dana.delete()
    second.refresh_from_db()
    assert second.assigned_to_id is None
    assert called_with(second) == "102"


def test_a_kept_lead_does_not_take_the_place_of_the_next(
    make_lead: MakeLead, lead: Lead, simulator: SimulatorProcess
) -> None:
    on_a_call(make_lead, "101")
    other = make_lead()
    dispatch.work_team(Team.objects.get(name="Sales").pk)
    other.refresh_from_db()
    assert other.status == "calling"


@pytest.mark.parametrize(("is_hers", "first"), [(True, "101"), (False, "102")])
def test_the_replay_rings_the_same(
    make_lead: MakeLead, lead: Lead, dana: User, is_hers: bool, first: str
) -> None:
    now = timezone.now()
    if not is_hers:
        Lead.objects.update(assigned_to=None)
    period = Period(now - timedelta(hours=1), now + timedelta(seconds=1))
    leads = history.leads_of(period, 10)
    firm = history.scenario_now(period)
    talks = (HistoricAttempt(Outcome.BRIDGED, 1, 60),)
    arrivals = [replace(it, tries=talks) for it in history.historic_leads(leads, period)]
    owners = history.owners_before(period, leads)
    [life] = simulate(firm, taken(firm, arrivals), owners=owners)
    assert Extension.objects.get(pk=life.rung[0]).number == first
