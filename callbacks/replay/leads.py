"""The requests that are played again: as they came, as the set-up takes them, and as they went."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from callbacks.policy.rules import Outcome
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import Scenario


@dataclass(frozen=True)
class HistoricAttempt:
    """How one call went: it was accepted `accepted_after` its claim (None: it was not), and held
    its extension for `held` seconds.
    """

    outcome: Outcome
    accepted_after: float | None
    held: float


@dataclass(frozen=True)
class HistoricLead:
    """A lead as it came. Instants are epoch seconds.

    `window`: when its own clock allows a call. `tries`: how its calls went then, in order.
    """

    id: int
    source_id: int
    phone: str
    submitted_at: float
    chosen_at: float | None = None
    language: str = ""
    window: OpenIntervals = field(default_factory=OpenIntervals.always)
    tries: tuple[HistoricAttempt, ...] = ()


@dataclass(frozen=True)
class Request:
    """A lead as a set-up takes it: from when it is called, and what is promised.

    `spans`: when somebody may call it.
    """

    arrival: HistoricLead
    spans: OpenIntervals
    callable_at: float
    clock_start: float
    due: float

    @property
    def id(self) -> int:
        """The lead's."""
        return self.arrival.id


@dataclass
class SimulatedLead:
    """What becomes of a request in a simulation. `dialled_at` None: never.

    `rung`: the extension of each try; `refused`: those with which it met invalid parameters.
    """

    request: Request
    call_after: float
    dialled_at: float | None = None
    connected: bool = False
    tries: list[HistoricAttempt] = field(default_factory=list)
    rung: list[int] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)

    @property
    def urgency(self) -> float:
        """The moment that was promised: the due time, or when it is to be tried again."""
        return max(self.request.due, self.call_after)


def taken(firm: Scenario, arrivals: Iterable[HistoricLead]) -> list[Request]:
    """What the set-up says of each at its submission: when to call, and the SLA clock.

    Those that come while it is closed are spread over the opening, at the rate of the teams that
    open then.
    """
    spans: dict[tuple[int, OpenIntervals], OpenIntervals] = {}
    at_opening: dict[float, int] = defaultdict(int)
    found = []
    for arrival in sorted(arrivals, key=lambda it: (it.submitted_at, it.id)):
        source = firm.sources[arrival.source_id]
        key = (source.id, arrival.window)
        if key not in spans:
            hours = OpenIntervals.any_of(firm.teams[it.id].spans for it in source.teams)
            spans[key] = hours.both(arrival.window)
        wanted = max(arrival.submitted_at, arrival.chosen_at or 0)
        opening = spans[key].next_opening(wanted)
        start = wanted
        due = start + source.target
        if source.counts_open and opening is not None:
            start = opening
            due = spans[key].after_open_seconds(start, source.target) or start + source.target
        callable_at = wanted if opening is None else opening
        if opening is not None and opening > wanted:
            callable_at = _spread(firm, source.id, opening, at_opening)
        found.append(Request(arrival, spans[key], callable_at, start, due))
    return found


def _spread(firm: Scenario, source_id: int, opening: float, waiting: dict[float, int]) -> float:
    """The paced moment of the next lead that waits for an opening, of any source."""
    teams = [firm.teams[it.id] for it in firm.sources[source_id].teams]
    rates = [team.opening_rate for team in teams if team.spans.is_open(opening)]
    if not rates or None in rates:
        return opening
    place = waiting[opening]
    waiting[opening] += 1
    return opening + place * 60 / sum(rate or 0 for rate in rates)
