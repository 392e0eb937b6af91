"""How soon leads' phones first rang, by the definitions of callbacks.reports.queries. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callbacks.replay.leads import SimulatedLead


@dataclass(frozen=True)
class Figures:
    """Times are in seconds; None if there is nothing to tell them from."""

    leads: int
    rang: int
    connected: int
    within_target: int
    judged: int
    ring_p50: float | None
    ring_p90: float | None

    @property
    def share_within_target(self) -> float | None:
        """0 ... 1 of the judged leads."""
        return self.within_target / self.judged if self.judged else None


def figures(lives: Iterable[SimulatedLead]) -> Figures:
    """Of simulated leads. One whose phone never rang is a miss, and in no percentile."""
    every = list(lives)
    rang = [(it.request, it.rang_at) for it in every if it.rang_at is not None]
    times = [request.clock_at(at) for request, at in rang]
    return Figures(
        leads=len(every),
        rang=len(rang),
        connected=sum(it.connected for it in every),
        within_target=sum(at <= request.due for request, at in rang),
        judged=len(every),
        ring_p50=percentile(times, 0.5),
        ring_p90=percentile(times, 0.9),
    )


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """Like PostgreSQL's percentile_cont: interpolated between two neighbours."""
    if not values:
        return None
    ordered = sorted(values)
    place = fraction * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
