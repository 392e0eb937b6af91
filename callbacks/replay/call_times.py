"""When a simulated lead may be called, for scheduling.next_call. No database.

The simulation counts in epoch seconds, the rule in datetimes. This module converts between them, to
the microsecond.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import Scenario, ScenarioTeam
from callbacks.scheduling.opening_turns import PacedOpening, Turn, added_up, next_turn


@dataclass
class TurnsTaken:
    """The last turn taken at each opening, by source."""

    _last: dict[datetime, dict[int, datetime]] = field(
        default_factory=lambda: defaultdict(dict), init=False
    )

    def last_moment(self, opening: PacedOpening) -> datetime | None:
        """The last one of all sources that take turns there; None if none was taken."""
        by_source = self._last[opening.at]
        found = (by_source[it] for it in opening.sources if it in by_source)
        return max(found, default=None)

    def take(self, source_id: int, turn: Turn) -> None:
        """Records that a lead of this source is called at this turn."""
        by_source = self._last[turn.opening]
        by_source[source_id] = max(turn.at, by_source.get(source_id, turn.at))


@dataclass(frozen=True)
class SimulatedTimes:
    """Of a lead of this source. `window`: the calling window of its number. `spans`: when a team is
    open in that window. `usual`: when people with such a number are called unasked.
    """

    scenario: Scenario
    source_id: int
    window: OpenIntervals
    usual: OpenIntervals
    spans: OpenIntervals
    taken: TurnsTaken

    def next_time(self, after: datetime) -> datetime | None:
        """The next time when a team is open and the number may be called."""
        return instant_or_none(self.spans.next_opening(after.timestamp()))

    def next_usual_time(self, after: datetime) -> datetime | None:
        """The next time when a team is open and people are called unasked; if there is none, the
        next time when a team is open.
        """
        at = first = self.spans.next_opening(after.timestamp())
        while at is not None:
            usual = self.usual.next_opening(at)
            if usual == at:
                return instant(at)
            at = None if usual is None else self.spans.next_opening(usual)
        return instant_or_none(first)

    def next_new_opening(self, after: datetime) -> datetime | None:
        """By the teams' hours only."""
        openings = (it.spans.next_new_opening(after.timestamp()) for it in self._teams())
        return instant_or_none(min((it for it in openings if it is not None), default=None))

    def turn(self, opening: datetime) -> Turn:
        """Takes the next turn; the lead after this one gets the turn after it."""
        turn = next_turn(opening, self._paced, self.taken.last_moment, self.next_time)
        self.taken.take(self.source_id, turn)
        return turn

    def _paced(self, opening: datetime) -> PacedOpening | None:
        at = opening.timestamp()
        teams = [it for it in self._teams() if it.spans.is_open(at)]
        rate = added_up([it.opening_rate for it in teams])
        if rate is None:
            return None
        ids = {it.id for it in teams}
        sources = [
            source.id
            for source in self.scenario.sources.values()
            if any(rules.id in ids for rules in source.teams)
        ]
        closings = [self.window.closing(at), max(it.spans.closing(at) for it in teams)]
        closes_at = min(closings)
        return PacedOpening(
            opening, rate, sources, instant(closes_at) if closes_at < float("inf") else None
        )

    def _teams(self) -> list[ScenarioTeam]:
        return [self.scenario.teams[it.id] for it in self.scenario.sources[self.source_id].teams]


def instant(at: float) -> datetime:
    """An instant of the simulation as the rule needs it."""
    return datetime.fromtimestamp(at, UTC)


def instant_or_none(at: float | None) -> datetime | None:
    """The same; None stays None."""
    return None if at is None else instant(at)
