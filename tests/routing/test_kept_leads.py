"""A lead that is kept for somebody does not take the place of one that can be called."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension, Schedule, Team, TeamSource
from callbacks.routing import claim as claims
from callbacks.routing import queue
from leads.models import Lead, LeadSource
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teams(source: LeadSource) -> list[Team]:
    """A has sticky agents and one phone, 101; B has one phone, 201. Both answer the source."""
    teams = [
        Team.objects.create(name="A", sticky_agent_days=30, sticky_agent_wait=600),
        Team.objects.create(name="B", sticky_agent_days=0),
    ]
    for number, team in zip(("101", "201"), teams, strict=True):
        TeamSource.objects.create(team=team, source=source)
        Extension.objects.create(number=number, team=team)
    return teams


def talked(lead: Lead, number: str, ago: timedelta = timedelta(days=1)) -> None:
    at = timezone.now() - ago
    CallAttempt.objects.create(
        lead=lead, phone=lead.phone, extension=Extension.objects.get(number=number),
        extension_number=number, state="bridged", claimed_at=at, ended_at=at, connected_at=at,
        hold_until=at,
    )  # fmt: skip


def on_a_call(make_lead: MakeLead, number: str) -> None:
    lead, extension = make_lead(), Extension.objects.get(number=number)
    now = timezone.now()
    assert claims.claim_chosen(lead.pk, extension.pk, now, timedelta(hours=1))


@pytest.fixture
def kept(make_lead: MakeLead, teams: list[Team]) -> Lead:
    """The first lead in the queue, kept for 101, who is on a call."""
    on_a_call(make_lead, "101")
    lead = make_lead()
    talked(lead, "101")
    return lead


def places(make_lead: MakeLead, team: Team, kept: Lead) -> tuple[bool, bool]:
    """Whether the team's only place goes to the kept lead, and whether it goes to the next one."""
    other = make_lead()
    found = queue.next_leads(team.pk, timezone.now())
    return found == [kept.pk], found == [other.pk]


KEPT, GOES = (False, True), (True, False)


def test_for_an_owner_of_another_team(make_lead: MakeLead, teams: list[Team], kept: Lead) -> None:
    assert places(make_lead, teams[1], kept) == KEPT


@pytest.mark.parametrize(
    ("what", "model", "values", "expected"),
    [
        ("the owner is paused", Extension, {"is_paused": True}, GOES),
        ("the owner is off", Extension, {"is_active": False}, GOES),
        ("nobody is waited for", Team, {"sticky_agent_wait": 0}, GOES),
        ("there are no owners", Team, {"sticky_agent_days": 0}, GOES),
        ("the owner's team is off", Team, {"is_active": False}, GOES),
        ("it talked too long ago", CallAttempt, {"claimed_at": "-40"}, GOES),
        ("it talked lately", CallAttempt, {"claimed_at": "-20"}, KEPT),
        ("it has waited long enough", Lead, {"call_after": "-11m"}, GOES),
        ("the owner's team has not stepped in", TeamSource, {"overflow_after": 60}, GOES),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_as_long_as_the_claim_waits_for_the_owner(
    make_lead: MakeLead,
    teams: list[Team],
    kept: Lead,
    what: str,
    model: Any,
    values: dict[str, Any],
    expected: tuple[bool, bool],
) -> None:
    of = {
        Extension: {"number": "101"}, Team: {"name": "A"}, CallAttempt: {"state": "bridged"},
        Lead: {"pk": kept.pk}, TeamSource: {"team__name": "A"},
    }[model]  # fmt: skip
    times = {"-40": timedelta(days=40), "-20": timedelta(days=20), "-11m": timedelta(minutes=11)}
    changed = {
        name: timezone.now() - times[it] if it in times else it for name, it in values.items()
    }
    assert model.objects.filter(**of).update(**changed) == 1
    assert places(make_lead, teams[1], kept) == expected
    # The claim agrees.
    assert (dispatch.call_lead(kept.pk) is not None) is (expected == GOES)


def test_the_owners_team_is_closed(make_lead: MakeLead, teams: list[Team], kept: Lead) -> None:
    Team.objects.filter(name="A").update(
        schedule=Schedule.objects.create(name="Never", time_zone="UTC")
    )
    assert places(make_lead, teams[1], kept) == GOES


def test_sweep_after_sweep_the_free_phone_is_given_the_next_lead(
    make_lead: MakeLead, teams: list[Team], kept: Lead, simulator: SimulatorProcess
) -> None:
    others = [make_lead() for _ in range(3)]
    queued(empty=True)
    tasks.sweep()
    assert queued(empty=True) == [("callbacks.call_lead", others[0].pk)]


def test_after_a_claim_that_found_nobody_the_next_lead_is_asked(
    make_lead: MakeLead, teams: list[Team], kept: Lead, simulator: SimulatorProcess
) -> None:
    other = make_lead()
    tasks.call_lead(kept.pk)
    assert [it["target"] for it in simulator.ledger()] == [other.phone.lstrip("+")]


def test_a_team_whose_first_lead_is_called_by_another_calls_the_next_one(
    make_lead: MakeLead, teams: list[Team], simulator: SimulatorProcess
) -> None:
    """The first lead's owner is free, so 101 of team A takes it; team B's phone is still idle."""
    first, second = make_lead(), make_lead()
    talked(first, "101")
    dispatch.work_team(teams[1].pk)
    called = {it["phone"]: it["target"] for it in simulator.ledger()}
    assert called == {"101": first.phone.lstrip("+"), "201": second.phone.lstrip("+")}


def test_leads_in_a_language_that_one_speaks_do_not_keep_the_others_waiting(
    make_lead: MakeLead, team: Team, simulator: SimulatorProcess
) -> None:
    """Two phones, one for ru and one for he; two leads want ru, one wants he."""
    Team.objects.update(language_wait=None)
    for number, language in (("101", "ru"), ("102", "he")):
        Extension.objects.create(number=number, team=team, languages=[language])
    leads = [make_lead(language=it) for it in ("ru", "ru", "he")]
    queued(empty=True)
    tasks.sweep()
    for _task, lead_id in queued(empty=True):
        tasks.call_lead(lead_id)
    called = {it["phone"]: it["target"] for it in simulator.ledger()}
    assert called == {"101": leads[0].phone.lstrip("+"), "102": leads[2].phone.lstrip("+")}
