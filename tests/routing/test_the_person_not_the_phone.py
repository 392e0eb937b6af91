"""A person with two phones is one person: on a call, resting, paused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.routing import availability, config, queue, rules
from callbacks.routing import claim as claims
from leads.models import Lead

MakeLead = Callable[..., Lead]
HOLD = timedelta(hours=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(team: Team) -> list[Extension]:
    dana = User.objects.create_user("dana")
    return [Extension.objects.create(number=it, team=team, user=dana) for it in ("101", "102")]


def claim(lead: Lead) -> CallAttempt | None:
    now, current = timezone.now(), config.current()
    asked = current.asked(lead.source_id, timedelta(0), now)
    found = claims.claim(lead.pk, asked, now, HOLD, {})
    return found.attempt if found else None


SOON = timedelta(minutes=5)
# The values of the other phone, and why this one is not rung.
OTHER = {
    "paused": ({"is_paused": True}, rules.PAUSED),
    "paused for a while": ({"is_paused": True, "paused_until": SOON}, rules.PAUSED),
    "a pause that is over": ({"is_paused": True, "paused_until": -SOON}, None),
    "resting": ({"wrap_up_until": SOON}, rules.RESTING),
    "rested": ({"wrap_up_until": -SOON}, None),
    "on another call": (
        {"provider_busy_until": SOON, "provider_busy_as": "on another call"},
        rules.SEEN_BUSY,
    ),
    "at lunch": ({"provider_busy_until": SOON, "provider_busy_as": "lunch"}, rules.SEEN_BUSY),
    "logged out: that phone alone": (
        {"provider_busy_until": SOON, "provider_busy_as": "logged out"},
        None,
    ),
    "in the conference room": (
        {"unavailable_until": SOON, "unavailable_reason": "in the conference room"},
        rules.OUT,
    ),
    "offline: that phone alone": (
        {"unavailable_until": SOON, "unavailable_reason": "offline"},
        None,
    ),
    "blocked: that phone alone": ({"is_blocked": True}, None),
    "off: that phone alone": ({"is_active": False}, None),
    "off, and paused before": ({"is_active": False, "is_paused": True}, None),
    "paused in a team that is off": ({"team": "off", "is_paused": True}, None),
    "resting in a team that is off": ({"team": "off", "wrap_up_until": SOON}, None),
    "at lunch in a team that is off": (
        {"team": "off", "provider_busy_until": SOON, "provider_busy_as": "lunch"},
        None,
    ),
    "in the conference room in a team that is off": (
        {
            "team": "off",
            "unavailable_until": SOON,
            "unavailable_reason": "in the conference room",
        },
        None,
    ),
    "paused in another team": ({"team": "other", "is_paused": True}, rules.PAUSED),
    "its calls of the day: each phone's": ({"capped_until": SOON}, None),
}  # fmt: skip


@pytest.mark.parametrize(("values", "reason"), OTHER.values(), ids=OTHER)
def test_what_is_so_of_the_other_phone(
    make_lead: MakeLead, phones: list[Extension], values: dict[str, Any], reason: str | None
) -> None:
    lead, now = make_lead(), timezone.now()
    changed = {key: now + it if isinstance(it, timedelta) else it for key, it in values.items()}
    if "team" in values:
        changed["team"] = Team.objects.create(name="B", is_active=values["team"] == "other")
    Extension.objects.filter(pk=phones[1].pk).update(**changed)
    team_id = phones[0].team_id
    [seen] = [it for it in availability.look([team_id], {}, now) if it.number == "101"]
    assert seen.reason == reason
    assert bool(queue.next_leads(team_id, now)) is (reason is None)
    attempt = claim(lead)
    assert (attempt.extension_number if attempt else None) == (None if reason else "101")


def test_who_is_on_a_call_is_not_rung_on_the_other_phone(
    make_lead: MakeLead, phones: list[Extension]
) -> None:
    first = claim(make_lead())
    assert first
    assert first.extension_number == "101"
    other = make_lead()
    assert claim(other) is None
    assert queue.next_leads(phones[0].team_id, timezone.now()) == []
    [seen] = [it for it in availability.look([phones[0].team_id], {}, timezone.now())
              if it.number == "102"]  # fmt: skip
    assert seen.reason == rules.ON_CALL
    assert claims.claim_chosen(other.pk, phones[1].pk, timezone.now(), HOLD) is None
    first.finish(AttemptState.LEAD_NO_ANSWER, timezone.now())
    assert claim(other)


def test_phones_of_two_people_and_of_nobody_ring_by_themselves(
    make_lead: MakeLead, team: Team
) -> None:
    people = [User.objects.create_user("dana"), User.objects.create_user("noam"), None, None]
    for number, user in enumerate(people):
        Extension.objects.create(number=str(101 + number), team=team, user=user)
    assert all(claim(make_lead()) for _ in people)


def test_two_leads_at_once_ring_a_person_once(make_lead: MakeLead, phones: list[Extension]) -> None:
    leads = [make_lead() for _ in range(2)]
    together = Barrier(2)

    def claimed(lead: Lead) -> bool:
        together.wait()
        try:
            return claim(lead) is not None
        finally:
            connection.close()

    for _ in range(10):
        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(claimed, leads)) == 1
        CallAttempt.objects.all().delete()
        Lead.objects.update(status="waiting")


def test_the_sticky_agent_on_the_other_phone_is_waited_for(
    make_lead: MakeLead, phones: list[Extension]
) -> None:
    Team.objects.update(sticky_agent_wait=60)
    lead = make_lead()
    at = timezone.now() - timedelta(days=1)
    CallAttempt.objects.create(
        lead=lead, extension=phones[0], extension_number="101", phone=lead.phone, state="bridged",
        claimed_at=at, ended_at=at, connected_at=at, hold_until=at,
    )  # fmt: skip
    Extension.objects.create(number="103", team=phones[0].team)
    Extension.objects.filter(pk=phones[0].pk).update(queue_position=99)
    on = claims.claim_chosen(make_lead().pk, phones[1].pk, timezone.now(), HOLD)
    assert on
    assert claim(lead) is None
    assert queue.next_leads(phones[0].team_id, timezone.now()) == []
