"""A scenario with one team, its leads, and the results of the replay."""

from datetime import UTC, datetime
from typing import Any

from callbacks.policy.rules import Outcome
from callbacks.replay.engine import simulate
from callbacks.replay.leads import HistoricAttempt, HistoricLead, SimulatedLead, taken
from callbacks.replay.scenario import (
    Scenario,
    ScenarioExtension,
    ScenarioSource,
    ScenarioTeam,
)
from callbacks.routing.rules import TeamRules

SALES, SUPPORT = 1, 2
MONDAY = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0


def firm(phones: int = 1, **rules: Any) -> Scenario:
    """Sales, with `phones` extensions, answers source 1 round the clock."""
    return Scenario(
        {SALES: ScenarioTeam(SALES, "Sales")},
        tuple(ScenarioExtension(n, str(100 + n), SALES) for n in range(1, phones + 1)),
        {1: ScenarioSource(1, (TeamRules(SALES, "Sales", **rules),))},
    )


def call(
    outcome: Outcome = Outcome.BRIDGED, held: float = 60, accepted: float | None = 1
) -> HistoricAttempt:
    return HistoricAttempt(outcome, accepted, held)


def lead(number: int, at: float, *tries: HistoricAttempt, **values: Any) -> HistoricLead:
    given_ = {"source_id": 1, "phone": f"+{number}", "tries": tries or (call(),)}
    return HistoricLead(number, submitted_at=MONDAY + at, **{**given_, **values})


def played(firm: Scenario, *arrivals: HistoricLead, **options: Any) -> list[SimulatedLead]:
    lives = simulate(firm, taken(firm, arrivals), **options)
    return sorted(lives, key=lambda life: life.request.id)


def dialled(firm: Scenario, *arrivals: HistoricLead, **options: Any) -> list[float | None]:
    """When each lead's phone first rang, in seconds after Monday's midnight."""
    return [
        None if life.rang_at is None else life.rang_at - MONDAY
        for life in played(firm, *arrivals, **options)
    ]
