"""Who answers: the part of the configuration that a simulation needs, as values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from callbacks.policy.rules import Policy
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.routing import rules as routing_rules
from callbacks.routing.rules import TeamRules


@dataclass(frozen=True)
class ScenarioExtension:
    """An extension. `spans`: its own shifts. `wrap_up`: in seconds.

    `salesperson`: whose phone it is; extensions with the same one belong to one person. None:
    nobody's.
    """

    id: int
    number: str
    team_id: int
    tier: int = 1
    weight: int = 1
    languages: tuple[str, ...] = ()
    spans: OpenIntervals = field(default_factory=OpenIntervals.always)
    daily_cap: int | None = None
    wrap_up: float = 0
    salesperson: int | None = None


@dataclass(frozen=True)
class ScenarioTeam:
    """A team. `spans`: when it is open. `opening_rate`: calls a minute at its opening.

    `time_zone`: where its day begins. `daily_cap` and `wrap_up` are for extensions without their
    own.
    """

    id: int
    name: str
    spans: OpenIntervals = field(default_factory=OpenIntervals.always)
    time_zone: str = "UTC"
    opening_rate: int | None = None
    daily_cap: int | None = None
    wrap_up: float = 0


@dataclass(frozen=True)
class ScenarioSource:
    """Where requests come from: who answers them, and the promise. `target`: in seconds.

    `counts_open`: only opening hours count towards the target. `calls_a_day`: to one number, if the
    source or one of its teams has its own limit.
    """

    id: int
    teams: tuple[TeamRules, ...]
    target: float = 60
    counts_open: bool = False
    priority: int = 0
    calls_a_day: int | None = None

    @cached_property
    def steps(self) -> tuple[float, ...]:
        """Waits after which somebody else may be rung, or a person is no longer waited for."""
        return self._steps(is_owned=False)

    @cached_property
    def steps_of_owned(self) -> tuple[float, ...]:
        """The same for leads that have an owner in every team."""
        return self._steps(is_owned=True)

    def _steps(self, *, is_owned: bool) -> tuple[float, ...]:
        waits: set[float] = set()
        for rules in self.teams:
            # Which team is first depends on which teams are open.
            waits |= {rules.overflow_after - it.overflow_after for it in self.teams}
            for_owner = rules.waits_for_owner(is_owned=is_owned).total_seconds()
            waits |= {rules.language_wait or 0, for_owner}
        return tuple(sorted(wait for wait in waits if wait > 0))


@dataclass(frozen=True)
class Scenario:
    """Teams by id, extensions, sources by id, and what follows an outcome."""

    teams: Mapping[int, ScenarioTeam]
    phones: tuple[ScenarioExtension, ...]
    sources: Mapping[int, ScenarioSource]
    policy: Policy = field(default_factory=Policy)

    @cached_property
    def strategies(self) -> Mapping[int, str]:
        """Strategies by team."""
        found = {it.id: it.strategy for source in self.sources.values() for it in source.teams}
        return {team_id: found.get(team_id, routing_rules.LONGEST_IDLE) for team_id in self.teams}


def changed(
    firm: Scenario,
    team_id: int,
    *,
    extensions: int = 0,
    spans: OpenIntervals | None = None,
    strategy: str = "",
) -> Scenario:
    """The same firm with more or fewer extensions in a team, other hours, or another strategy.

    Added extensions have tier 1, weight 1, all languages and the team's hours. The last ones of the
    team are removed. Raises ValueError if there are not that many.
    """
    team = firm.teams[team_id]
    own = [phone for phone in firm.phones if phone.team_id == team_id]
    if len(own) + extensions < 0:
        raise ValueError(f"{team.name} has {len(own)} extensions: {-extensions} cannot be taken.")
    own = own[: len(own) + min(extensions, 0)]
    free_id = max((phone.id for phone in firm.phones), default=0) + 1
    own += [
        ScenarioExtension(
            free_id + n,
            f"new {n + 1}",
            team_id,
            daily_cap=team.daily_cap,
            wrap_up=team.wrap_up,
        )
        for n in range(max(extensions, 0))
    ]
    others = [phone for phone in firm.phones if phone.team_id != team_id]
    sources = {
        key: replace(source, teams=tuple(_with(strategy, it, team_id) for it in source.teams))
        for key, source in firm.sources.items()
    }
    teams = {**firm.teams, team_id: replace(team, spans=spans) if spans else team}
    return Scenario(teams, (*others, *own), sources, firm.policy)


def _with(strategy: str, rules: TeamRules, team_id: int) -> TeamRules:
    return replace(rules, strategy=strategy) if strategy and rules.id == team_id else rules
