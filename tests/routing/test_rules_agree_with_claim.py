"""The rule in words (rules.choose) and the claim's function choose the same extension.

The rule answers every "what if" and matches docs/matching.md; the function decides who rings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team, TeamSource
from callbacks.models.extensions import IN_CONFERENCE, LOGGED_OUT
from callbacks.routing import availability, config, rules
from callbacks.routing import claim as claims
from leads.models import Lead, LeadSource

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # a Wednesday
HOLD = timedelta(hours=1)
_EMPTY = "; ".join(
    f"DELETE FROM {table}"
    for table in (
        "callbacks_callattempt", "leads_latewait", "leads_lead", "callbacks_pause",
        "callbacks_extension", "callbacks_team_sources",
        "callbacks_team",
    )
)  # fmt: skip
LANGUAGES = ("he", "en", "ru", "he-IL", "pt-BR", "pt")

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Someone:
    """An extension of one of the teams, and what keeps it from being rung."""

    team: int
    tier: int
    queue_position: float
    languages: tuple[str, ...]
    weight: int
    columns: dict[str, Any]
    on_a_call: bool
    off_shift: bool
    refused: bool
    # One of a few people who may have several phones; None: nobody's.
    person: int | None = None


@dataclass(frozen=True)
class Case:
    """Teams, their people, a lead that has waited, and who talked with its number when."""

    teams: Sequence[dict[str, Any]]
    people: Sequence[Someone]
    language: str
    waited: int
    # Which person, how many days ago, and whose phone it was then ("same": as now). The newest
    # counts.
    talks: Sequence[tuple[int, int, int | str | None]]
    assigned_to: int | None = None  # one of the people with several phones


_SOON, _LATELY = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)
_COLUMNS = st.fixed_dictionaries(
    {},
    optional={
        "is_active": st.just(False),
        "is_paused": st.just(True),
        "paused_until": st.sampled_from([None, _SOON, _LATELY]),
        "is_blocked": st.just(True),
        "unavailable_until": st.sampled_from([_SOON, _LATELY]),
        "unavailable_reason": st.sampled_from(["offline", IN_CONFERENCE]),
        "wrap_up_until": st.sampled_from([_SOON, _LATELY]),
        "capped_until": st.sampled_from([_SOON, _LATELY]),
        "provider_busy_until": st.sampled_from([_SOON, _LATELY]),
        "provider_busy_as": st.sampled_from(["lunch", LOGGED_OUT]),
        "daily_cap": st.sampled_from([1, 2]),
    },
)
# Mostly nothing; otherwise there would be nobody left to choose from.
_MATTERS = st.just({}) | st.just({}) | _COLUMNS
_RARELY = st.sampled_from([False, False, False, True])
_TEAMS = st.lists(
    st.fixed_dictionaries(
        {
            "strategy": st.sampled_from(Team.Strategy.values),
            "language_wait": st.sampled_from([None, 0, 20]),
            "sticky_agent_days": st.sampled_from([0, 1, 30]),
            "sticky_agent_wait": st.sampled_from([0, 20]),
            "overflow_after": st.sampled_from([0, 10, 30]),
            "closed": _RARELY,
            "is_active": st.sampled_from([True, True, True, False]),
        }
    ),
    min_size=1,
    max_size=3,
)
_PEOPLE = st.lists(
    st.builds(
        Someone,
        team=st.integers(0, 2),
        tier=st.integers(1, 2),
        queue_position=st.sampled_from([0.0, 0.5, 1.0, 7.25]),
        languages=st.sets(st.sampled_from(LANGUAGES), max_size=2).map(lambda it: tuple(sorted(it))),
        weight=st.integers(1, 4),
        columns=_MATTERS,
        on_a_call=_RARELY,
        off_shift=_RARELY,
        refused=_RARELY,
        person=st.sampled_from([None, None, 0, 1]),
    ),
    max_size=7,
)
_CASES = st.builds(
    Case,
    teams=_TEAMS,
    people=_PEOPLE,
    language=st.sampled_from(["", *LANGUAGES]),
    waited=st.sampled_from([0, 5, 15, 25, 60]),
    talks=st.lists(
        st.tuples(
            st.integers(0, 6),
            st.sampled_from([0, 3, 40]),
            st.sampled_from(["same", "same", "same", None, 0, 1]),
        ),
        max_size=2,
    ),
    assigned_to=st.sampled_from([None, None, 0, 1]),
)


@pytest.fixture
def shifts(source: LeadSource) -> tuple[Schedule, Schedule]:
    """A schedule that is open at NOW, and one that is closed."""
    made = []
    for name, day in (("Wednesday", 2), ("Sunday", 6)):
        schedule = Schedule.objects.create(name=name, time_zone="UTC")
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at="08:00", closes_at="16:00"
        )
        made.append(schedule)
    return made[0], made[1]


def _store(case: Case, source: LeadSource, shifts: tuple[Schedule, Schedule]) -> Lead:
    """Stores the case; at NOW the lead has waited as long as it says."""
    is_open, is_closed = shifts
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
    teams = Team.objects.bulk_create(
        Team(
            name=f"Team {n}",
            schedule=is_closed if values["closed"] else is_open,
            **{key: it for key, it in values.items() if key not in ("overflow_after", "closed")},
        )
        for n, values in enumerate(case.teams)
    )
    TeamSource.objects.bulk_create(
        TeamSource(team=team, source=source, overflow_after=values["overflow_after"])
        for team, values in zip(teams, case.teams, strict=True)
    )
    long_ago = NOW - timedelta(days=100)
    users = [User.objects.get_or_create(username=name)[0] for name in ("dana", "noam")]
    assigned_to = None if case.assigned_to is None else users[case.assigned_to]
    lead, *others = Lead.objects.bulk_create(
        Lead(
            source=source, name="Noa Levi", phone=f"+97250555{1000 + n}", due_at=NOW,
            clock_started_at=NOW, submitted_at=long_ago, counted_from=long_ago,
            language=case.language, call_after=NOW - timedelta(seconds=case.waited),
            status="calling" if n else "waiting", attempts=1, assigned_to=assigned_to,
        )
        for n in range(len(case.people) + 1)
    )  # fmt: skip
    people = Extension.objects.bulk_create(
        Extension(
            number=str(101 + n), team=teams[it.team % len(teams)], tier=it.tier,
            queue_position=it.queue_position, languages=list(it.languages), weight=it.weight,
            schedule=is_closed if it.off_shift else None,
            user=None if it.person is None else users[it.person], **it.columns,
        )
        for n, it in enumerate(case.people)
    )  # fmt: skip
    earlier = NOW - timedelta(days=1)
    talking: set[int | None] = set()
    attempts = []
    for someone, extension, other in zip(case.people, people, others, strict=True):
        if someone.on_a_call and extension.user_id not in talking:
            call_id = f"on-{extension.number}"
            on = _attempt(other, extension, "accepted", _LATELY, call_id=call_id)
            attempts.append(on)
            talking |= {extension.user_id} - {None}
    attempts += [
        _attempt(lead, extension, "refused", earlier, outcome="invalid", ended_at=earlier)
        for someone, extension in zip(case.people, people, strict=True)
        if someone.refused
    ]
    for n, (index, days, whose) in enumerate(case.talks if people else ()):
        at = NOW - timedelta(days=days, hours=1, minutes=n)
        owner = people[index % len(people)]
        talked = {"call_id": f"talk-{n}", "connected_at": at, "ended_at": at}
        if whose != "same":
            talked["salesperson_id"] = users[whose].pk if isinstance(whose, int) else None
        attempts.append(_attempt(lead, owner, "bridged", at, **talked))
    CallAttempt.objects.bulk_create(attempts)
    return lead


def _attempt(
    lead: Lead, extension: Extension, state: str, at: datetime, **values: Any
) -> CallAttempt:
    whose = {"salesperson_id": extension.user_id, **values}
    return CallAttempt(
        lead=lead, phone=lead.phone, extension=extension, extension_number=extension.number,
        state=state, claimed_at=at, hold_until=NOW, **whose,
    )  # fmt: skip


def _chosen(lead: Lead) -> tuple[rules.Choice | None, list[rules.TeamOffer], dict[int, Any]]:
    """The rule's choice, from what a look shows."""
    current = config.current()
    waited = NOW - lead.call_after
    asked = current.asked(lead.source_id, waited, NOW, is_owned=lead.has_owner)
    team_ids = [turn.team_id for turn in asked]
    closed = current.closed_shifts(team_ids, NOW)
    refused = CallAttempt.objects.filter(lead=lead, outcome="invalid")
    choice = rules.choose(
        availability.look(team_ids, closed, NOW),
        asked,
        language=lead.language,
        owner=claims.whose(lead.phone, asked, lead.assigned_to_id),
        refused=set(refused.values_list("extension_id", flat=True)),
    )
    return choice, asked, closed


_ANYBODY = Someone(0, 1, 0.0, (), 1, {}, on_a_call=False, off_shift=False, refused=False)
_OWNERS = {
    "strategy": "longest_idle", "language_wait": 0,
    "sticky_agent_days": 30, "sticky_agent_wait": 20, "overflow_after": 0, "closed": False,
    "is_active": True,
}  # fmt: skip
_TALKING = replace(_ANYBODY, on_a_call=True)
_LAST = replace(_TALKING, columns={"daily_cap": 1})
_DANAS = replace(_ANYBODY, person=0, columns={"is_active": False})
_DANAS_OTHER = replace(_ANYBODY, person=0, queue_position=7.25)


# All examples share the fixtures; each example deletes the rest itself.
@settings(
    max_examples=200,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example(case=Case([_OWNERS], [_TALKING, _ANYBODY], "", 0, [(0, 0, "same")])).via(
    "waits for its owner"
)
@example(case=Case([_OWNERS], [_DANAS, _ANYBODY, _DANAS_OTHER], "", 0, [(0, 0, "same")])).via(
    "the phone is off, its person has another"
)
@example(case=Case([_OWNERS], [_TALKING, _DANAS, _ANYBODY], "", 0, [(0, 0, 0)])).via(
    "the phone was handed on, its person had another"
)
@example(case=Case([_OWNERS], [_LAST, _ANYBODY], "", 0, [(0, 0, "same")])).via(
    "the last call of the day is on"
)
@given(case=_CASES)
def test_the_rule_and_the_claim_choose_the_same_extension(
    case: Case, source: LeadSource, shifts: tuple[Schedule, Schedule]
) -> None:
    _compare(case, source, shifts)


@pytest.mark.parametrize("column", ["is_paused", "is_blocked", "is_active"])
def test_an_owner_who_does_not_come_back_after_the_call_is_not_waited_for(
    column: str, source: LeadSource, shifts: tuple[Schedule, Schedule]
) -> None:
    gone = replace(_TALKING, columns={column: column != "is_active"})
    _compare(Case([_OWNERS], [gone, _ANYBODY], "", 0, [(0, 0, "same")]), source, shifts)


def _compare(case: Case, source: LeadSource, shifts: tuple[Schedule, Schedule]) -> None:
    with transaction.atomic():
        lead = _store(case, source, shifts)
    choice, asked, closed = _chosen(lead)
    states = availability.look([turn.team_id for turn in asked], closed, NOW)
    claim = claims.claim(lead.pk, asked, NOW, HOLD, closed)
    by_rule = (choice.extension.number, choice.rule, choice.turn.team) if choice else None
    by_claim = (
        (
            claim.attempt.extension_number,
            claim.attempt.routing_trace["rule"],
            claim.attempt.routing_trace["team"],
        )
        if claim
        else None
    )
    assert by_claim == by_rule, f"asked {asked}, states {states}"
    if choice is None:
        return
    # The new place in the queue, by the rule and by the function.
    mine = choice.extension
    with_user = Extension.objects.exclude(user=None).values_list("pk", "user")
    person = {pk: f"user {user}" for pk, user in with_user}
    others = [
        it.queue_position
        for it in states
        if it.reason is None and (it.team_id, it.tier) == (mine.team_id, mine.tier)
        # The person who was taken is not free on any other phone.
        and person.get(it.id, it.id) != person.get(mine.id, mine.id)
    ]  # fmt: skip
    wanted = rules.position_at_claim(
        choice.turn.strategy, mine.queue_position, mine.weight, min(others, default=None), NOW
    )
    assert Extension.objects.get(pk=mine.id).queue_position == pytest.approx(wanted)
    # The number of free phones in the trace is what the look showed.
    assert claim is not None
    refused = set(
        CallAttempt.objects.filter(lead=lead, outcome="invalid").values_list(
            "extension_id", flat=True
        )
    )
    assert claim.attempt.routing_trace["free"] == sum(
        it.reason is None
        and it.id not in refused
        and (choice.turn.any_language or it.speaks(lead.language))
        for it in states
        if it.team_id == mine.team_id
    )
    # The reason and time for each extension in the trace are what the look showed.
    teams = [turn.team_id for turn in asked]
    turns = {turn.team_id: turn for turn in asked[: teams.index(mine.team_id) + 1]}
    assert {tuple(it) for it in claim.attempt.routing_trace["looked"]} == {
        (it.number, reason, int(it.until.timestamp()) if it.until else None)
        for it in states
        if it.team_id in turns
        and (reason := _reason(it, turns[it.team_id], refused, lead.language)) != rules.OFF
    }


def _reason(
    it: rules.ExtensionState, turn: rules.TeamOffer, refused: set[int | None], language: str
) -> str | None:
    if it.reason or it.id in refused:
        return it.reason or rules.REFUSED
    return None if turn.any_language or it.speaks(language) else rules.LANGUAGE
