"""Whose turn it is: teams, owners, languages, tiers, and how positions move."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callbacks.models import Team
from callbacks.routing import rules
from callbacks.routing.rules import (
    FAIR,
    LONGEST_IDLE,
    ROUND_ROBIN,
    WEIGHTED,
    ExtensionState,
    Owner,
    TeamOffer,
    TeamRules,
    choose,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SALES = TeamRules(1, "Sales")
SUPPORT = TeamRules(2, "Support", overflow_after=30)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def asked(*teams: TeamRules, waited: float = 0) -> list[TeamOffer]:
    return rules.offers(teams, seconds(waited), NOW)


def extension(number: int, team: int = 1, **values: object) -> ExtensionState:
    state = ExtensionState(number, str(number), "", team, 1, 1, float(number), (), None, None)
    return replace(state, **values)  # type: ignore[arg-type]


def test_the_strategies_are_those_that_a_manager_can_choose() -> None:
    assert Team.Strategy.values == [LONGEST_IDLE, ROUND_ROBIN, WEIGHTED, FAIR]


@pytest.mark.parametrize(
    ("waited", "names"), [(0, ["Sales"]), (29.9, ["Sales"]), (30, ["Sales", "Support"])]
)
def test_a_team_steps_in_after_its_time_and_after_those_before_it(
    waited: float, names: list[str]
) -> None:
    assert [turn.team for turn in asked(SUPPORT, SALES, waited=waited)] == names


def test_nobody_waits_for_a_team_that_is_closed() -> None:
    assert [turn.team for turn in asked(SUPPORT)] == ["Support"]


def test_the_first_of_the_queue_is_rung() -> None:
    choice = choose([extension(103), extension(101), extension(102)], asked(SALES))
    assert choice
    assert (choice.extension.number, choice.rule) == ("101", LONGEST_IDLE)


def test_a_lower_tier_comes_first_wherever_it_stands_in_its_queue() -> None:
    choice = choose([extension(101, tier=2), extension(109, tier=1)], asked(SALES))
    assert choice
    assert choice.extension.number == "109"


def test_the_team_that_steps_in_later_is_rung_when_the_first_has_nobody() -> None:
    states = [extension(101, reason=rules.ON_CALL), extension(201, team=2)]
    assert choose(states, asked(SALES, SUPPORT)) is None
    choice = choose(states, asked(SALES, SUPPORT, waited=30))
    assert choice
    assert (choice.extension.number, choice.turn.team) == ("201", "Support")


class TestAnOwner:
    OWNED = replace(SALES, sticky_agent_days=30, sticky_agent_wait=20)
    OWNER = Owner(105, NOW - timedelta(days=3))

    def test_is_rung_first(self) -> None:
        choice = choose([extension(101), extension(105)], asked(self.OWNED), owner=self.OWNER)
        assert choice
        assert (choice.extension.number, choice.rule) == ("105", rules.OWNER)

    def test_is_waited_for_while_on_a_call_and_no_longer_than_the_team_says(self) -> None:
        states = [extension(101), extension(105, reason=rules.ON_CALL)]
        early, late = asked(self.OWNED, waited=19), asked(self.OWNED, waited=20)
        assert choose(states, early, owner=self.OWNER) is None
        assert rules.holds_for(states, early, self.OWNER) == states[1]
        choice = choose(states, late, owner=self.OWNER)
        assert choice
        assert choice.extension.number == "101"
        assert rules.holds_for(states, late, self.OWNER) is None

    @pytest.mark.parametrize("reason", [rules.PAUSED, rules.OFF_SHIFT, rules.OUT])
    def test_who_is_away_is_not_waited_for(self, reason: str) -> None:
        states = [extension(101), extension(105, reason=reason)]
        choice = choose(states, asked(self.OWNED), owner=self.OWNER)
        assert choice
        assert choice.extension.number == "101"

    def test_of_long_ago_is_none(self) -> None:
        owner = Owner(105, NOW - timedelta(days=31))
        choice = choose([extension(101), extension(105)], asked(self.OWNED), owner=owner)
        assert choice
        assert choice.extension.number == "101"

    def test_means_nothing_to_a_team_that_has_no_owners(self) -> None:
        choice = choose([extension(101), extension(105)], asked(SALES), owner=self.OWNER)
        assert choice
        assert choice.extension.number == "101"


class TestALanguage:
    def test_is_preferred_and_decides_where_it_is_named(self) -> None:
        states = [extension(101, languages=("he",)), extension(102, languages=("ru", "he"))]
        choice = choose(states, asked(SALES), language="ru")
        assert choice
        assert (choice.extension.number, choice.rule) == ("102", rules.LANGUAGE)

    def test_who_names_none_speaks_all(self) -> None:
        choice = choose([extension(101)], asked(SALES), language="ru")
        assert choice
        assert (choice.extension.number, choice.rule) == ("101", LONGEST_IDLE)

    @pytest.mark.parametrize(("waited", "number"), [(0, None), (44, None), (45, "101")])
    def test_is_waited_for_as_long_as_the_team_says(
        self, waited: float, number: str | None
    ) -> None:
        team = replace(SALES, language_wait=45)
        states = [extension(101, languages=("he",))]
        choice = choose(states, asked(team, waited=waited), language="ru")
        assert (choice.extension.number if choice else None) == number

    def test_is_waited_for_for_ever_where_nobody_else_may_be_rung(self) -> None:
        team = replace(SALES, language_wait=None)
        states = [extension(101, languages=("he",))]
        assert choose(states, asked(team, waited=10_000_000), language="ru") is None
        assert choose(states, asked(team), language="he")


def test_who_was_refused_with_this_lead_is_rung_only_if_nobody_else_is_free() -> None:
    states = [extension(101), extension(102)]
    first = choose(states, asked(SALES), refused=[101])
    only = choose(states[:1], asked(SALES), refused=[101])
    assert first
    assert only
    assert (first.extension.number, only.extension.number) == ("102", "101")


@pytest.mark.parametrize(
    ("strategy", "at_claim", "talked", "not_reached", "not_rung"),
    [
        (LONGEST_IDLE, "now", "now", "now", "now"),
        (ROUND_ROBIN, "now", 10.0, 10.0, 10.0),
        (WEIGHTED, 10.5, 10.0, 10.0, 9.5),
        (FAIR, 10.5, 10.0, 9.5, 9.5),
    ],
)
def test_how_a_position_moves(
    strategy: str, at_claim: object, talked: object, not_reached: object, not_rung: object
) -> None:
    def said(position: float) -> object:
        return "now" if position == NOW.timestamp() else position

    def after(*, rang: bool, talked: bool) -> object:
        return said(rules.position_after(strategy, 10, 2, NOW, rang=rang, talked=talked))

    assert said(rules.position_at_claim(strategy, 10, 2, 10, NOW)) == at_claim
    assert after(rang=True, talked=True) == talked
    assert after(rang=True, talked=False) == not_reached
    assert after(rang=False, talked=False) == not_rung


def test_who_was_away_for_long_catches_up_by_a_few_turns_only() -> None:
    assert rules.position_at_claim(WEIGHTED, 3, 1, 100, NOW) == 100 - rules.CATCH_UP + 1
    assert rules.position_at_claim(WEIGHTED, 3, 1, None, NOW) == 4
