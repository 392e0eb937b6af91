"""That the rule in words (turns.choose) and the claim's statement choose the same extension.

The rule answers every "what if" and is what docs/matching.md says; the statement is what rings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from callbacks import free, matching, setup, turns
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team, TeamSource
from leads.models import Lead, LeadSource

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # a Wednesday
HOLD = timedelta(hours=1)
_EMPTY = "; ".join(
    f"DELETE FROM {table}"
    for table in (
        "callbacks_callattempt", "leads_lead", "callbacks_extension", "callbacks_team_sources",
        "callbacks_team",
    )
)  # fmt: skip
LANGUAGES = ("he", "en", "ru")

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Someone:
    """An extension of one of the teams, and what is the matter with it."""

    team: int
    tier: int
    position: float
    languages: tuple[str, ...]
    weight: int
    columns: dict[str, Any]
    on_a_call: bool
    off_shift: bool
    refused: bool


@dataclass(frozen=True)
class Case:
    """Teams, their people, a lead that has waited, and who talked with it when."""

    teams: Sequence[dict[str, Any]]
    people: Sequence[Someone]
    language: str
    waited: int
    # Which of the people, and how many days ago; the newest counts.
    talks: Sequence[tuple[int, int]]


_SOON, _LATELY = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)
_COLUMNS = st.fixed_dictionaries(
    {},
    optional={
        "is_active": st.just(False),
        "is_paused": st.just(True),
        "paused_until": st.sampled_from([None, _SOON, _LATELY]),
        "is_blocked": st.just(True),
        "out_until": st.sampled_from([_SOON, _LATELY]),
        "rests_until": st.sampled_from([_SOON, _LATELY]),
        "capped_until": st.sampled_from([_SOON, _LATELY]),
        "seen_busy_until": st.sampled_from([_SOON, _LATELY]),
    },
)
# Mostly nothing is the matter: else nobody would be left to choose from.
_MATTERS = st.just({}) | st.just({}) | _COLUMNS
_RARELY = st.sampled_from([False, False, False, True])
_TEAMS = st.lists(
    st.fixed_dictionaries(
        {
            "strategy": st.sampled_from(Team.Strategy.values),
            "language_wait": st.sampled_from([None, 0, 20]),
            "owner_days": st.sampled_from([0, 1, 30]),
            "owner_wait": st.sampled_from([0, 20]),
            "steps_in_after": st.sampled_from([0, 10, 30]),
            "closed": _RARELY,
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
        position=st.sampled_from([0.0, 0.5, 1.0, 7.25]),
        languages=st.sets(st.sampled_from(LANGUAGES), max_size=2).map(lambda it: tuple(sorted(it))),
        weight=st.integers(1, 4),
        columns=_MATTERS,
        on_a_call=_RARELY,
        off_shift=_RARELY,
        refused=_RARELY,
    ),
    max_size=7,
)
_CASES = st.builds(
    Case,
    teams=_TEAMS,
    people=_PEOPLE,
    language=st.sampled_from(["", *LANGUAGES]),
    waited=st.sampled_from([0, 5, 15, 25, 60]),
    talks=st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0, 3, 40])), max_size=2),
)


@pytest.fixture
def shifts(source: LeadSource) -> tuple[Schedule, Schedule]:
    """One that is open at NOW, and one that is not."""
    made = []
    for name, day in (("Wednesday", 2), ("Sunday", 6)):
        schedule = Schedule.objects.create(name=name, time_zone="UTC")
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at="08:00", closes_at="16:00"
        )
        made.append(schedule)
    return made[0], made[1]


def _attempt(lead: Lead, extension: Extension, nth: int, **values: Any) -> None:
    values = {"claimed_at": NOW - timedelta(days=1), "call_id": f"{lead.pk}-{nth}", **values}
    CallAttempt.objects.create(
        extension=extension, extension_number=extension.number, hold_until=NOW, lead=lead, **values
    )


def _lead(source: LeadSource, phone: str, **values: Any) -> Lead:
    return Lead.objects.create(
        source=source, name="Noa Levi", phone=phone, due_at=NOW, clock_started_at=NOW, **values
    )


def _store(case: Case, source: LeadSource, shifts: tuple[Schedule, Schedule]) -> Lead:
    """Everything as the case says; the lead has waited so long at NOW."""
    is_open, is_closed = shifts
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
    teams = []
    for n, values in enumerate(case.teams):
        rules = {key: it for key, it in values.items() if key not in ("steps_in_after", "closed")}
        team = Team.objects.create(
            name=f"Team {n}", schedule=is_closed if values["closed"] else is_open, **rules
        )
        TeamSource.objects.create(team=team, source=source, steps_in_after=values["steps_in_after"])
        teams.append(team)
    lead = _lead(
        source,
        "+972505550100",
        language=case.language,
        call_after=NOW - timedelta(seconds=case.waited),
        submitted_at=NOW - timedelta(days=100),
        counted_from=NOW - timedelta(days=100),
    )
    people = []
    for n, someone in enumerate(case.people):
        extension = Extension.objects.create(
            number=str(101 + n),
            team=teams[someone.team % len(teams)],
            tier=someone.tier,
            position=someone.position,
            languages=list(someone.languages),
            weight=someone.weight,
            schedule=is_closed if someone.off_shift else None,
            **someone.columns,
        )
        people.append(extension)
        if someone.on_a_call:
            other = _lead(source, f"+97250555{1000 + n}", status="calling")
            _attempt(other, extension, n, state="accepted", phone=other.phone)
        if someone.refused:
            _attempt(
                lead, extension, n, state="refused", error_code=1, phone=lead.phone, call_id="",
                ended_at=NOW - timedelta(days=1),
            )  # fmt: skip
    for n, (index, days) in enumerate(case.talks):
        if people:
            at = NOW - timedelta(days=days, hours=1, minutes=n)
            _attempt(
                lead, people[index % len(people)], 100 + n, state="bridged", phone=lead.phone,
                claimed_at=at, connected_at=at, ended_at=at,
            )  # fmt: skip
    return lead


def _chosen(lead: Lead) -> tuple[turns.Choice | None, list[turns.Turn], dict[int, Any]]:
    """By the rule, from what a look shows."""
    current = setup.current()
    asked = current.asked(lead.source_id, NOW - lead.call_after, NOW)
    team_ids = [turn.team_id for turn in asked]
    closed = current.closed_shifts(team_ids, NOW)
    since = [turn.owner_since for turn in asked if turn.owner_since]
    refused = CallAttempt.objects.filter(lead=lead, error_code=1)
    choice = turns.choose(
        free.look(team_ids, closed, NOW),
        asked,
        language=lead.language,
        owner=matching.owner_of(lead.phone, min(since)) if since else None,
        refused=set(refused.values_list("extension_id", flat=True)),
    )
    return choice, asked, closed


_ANYBODY = Someone(0, 1, 0.0, (), 1, {}, on_a_call=False, off_shift=False, refused=False)
_OWNERS = {
    "strategy": "longest_idle", "language_wait": 0, "owner_days": 30, "owner_wait": 20,
    "steps_in_after": 0, "closed": False,
}  # fmt: skip
_TALKING = replace(_ANYBODY, on_a_call=True)


# The fixtures are there for all examples; each empties the rest by itself.
@settings(
    max_examples=300,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example(case=Case([_OWNERS], [_TALKING, _ANYBODY], "", 0, [(0, 0)])).via("waits for its owner")
@example(
    case=Case(
        [_OWNERS], [replace(_TALKING, columns={"is_paused": True}), _ANYBODY], "", 0, [(0, 0)]
    )
).via("its owner has paused during a call: who would be waited for is not coming back")
@given(case=_CASES)
def test_the_rule_and_the_claim_choose_the_same_extension(
    case: Case, source: LeadSource, shifts: tuple[Schedule, Schedule]
) -> None:
    with transaction.atomic():
        lead = _store(case, source, shifts)
    choice, asked, closed = _chosen(lead)
    states = free.look([turn.team_id for turn in asked], closed, NOW)
    note(f"asked {asked}")
    note(f"states {states}")
    claim = matching.claim(lead.pk, asked, NOW, HOLD, closed)
    by_rule = (choice.extension.number, choice.rule, choice.turn.team) if choice else None
    by_claim = (
        (claim.attempt.extension_number, claim.attempt.why["rule"], claim.attempt.why["team"])
        if claim
        else None
    )
    assert by_claim == by_rule
    if choice is None:
        return
    # Where it stands from now on, by the rule and by the statement.
    mine = choice.extension
    others = [
        it.position
        for it in states
        if it.reason is None and (it.team_id, it.tier) == (mine.team_id, mine.tier)
        and it.id != mine.id
    ]  # fmt: skip
    wanted = turns.position_at_claim(
        choice.turn.strategy, mine.position, mine.weight, min(others, default=None), NOW
    )
    assert Extension.objects.get(pk=mine.id).position == pytest.approx(wanted)
    # How many it says were free for this lead is what the look showed.
    assert claim is not None
    refused = set(
        CallAttempt.objects.filter(lead=lead, error_code=1).values_list("extension_id", flat=True)
    )
    assert claim.attempt.why["free"] == sum(
        it.reason is None
        and it.id not in refused
        and (choice.turn.any_language or it.speaks(lead.language))
        for it in states
        if it.team_id == mine.team_id
    )
