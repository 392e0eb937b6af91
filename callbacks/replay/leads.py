"""The requests to replay: as they came, as the scenario handles them, and as they went."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from callbacks.policy.rules import Outcome
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import Scenario


@dataclass(frozen=True)
class HistoricAttempt:
    """How one call went. The lead's phone rang `rang_after` seconds after the claim (None: it did
    not ring), and the call held its extension for `held` seconds.
    """

    outcome: Outcome
    rang_after: float | None
    held: float


@dataclass(frozen=True)
class HistoricLead:
    """A lead as it came. Instants are epoch seconds.

    `window`: when its number may be called. `usual`: when people with such a number are called
    unasked. `tries`: how its calls went then, in order. `is_owned`: it has an owner in every team
    (Lead.has_owner). `assigned_to`: the user it is assigned to, if any.
    """

    id: int
    source_id: int
    phone: str
    submitted_at: float
    chosen_at: float | None = None
    language: str = ""
    window: OpenIntervals = field(default_factory=OpenIntervals.always)
    usual: OpenIntervals = field(default_factory=OpenIntervals.always)
    tries: tuple[HistoricAttempt, ...] = ()
    is_owned: bool = False
    assigned_to: int | None = None


@dataclass(frozen=True)
class Request:
    """A lead as a scenario handles it: when it may be called, and what is promised.

    `spans`: when somebody may call it. `callable_at`: the first such instant, before it takes turns
    with other leads. `counts_open`: its clock counts only `spans`.
    """

    arrival: HistoricLead
    spans: OpenIntervals
    callable_at: float
    clock_start: float
    due: float
    counts_open: bool = False

    def clock_at(self, at: float) -> float:
        """What its clock shows at `at`, in seconds; zero before it starts."""
        if self.counts_open:
            return self.spans.open_seconds(self.clock_start, at)
        return max(at - self.clock_start, 0.0)

    @property
    def id(self) -> int:
        """The lead's id."""
        return self.arrival.id


@dataclass
class SimulatedLead:
    """What happens to a request in a simulation.

    `rang_at`: when the lead's phone first rang; None: never. `rung` and `claimed_at`: the extension
    and time of each try. `refused`: extensions refused for invalid parameters with this lead.
    """

    request: Request
    call_after: float
    rang_at: float | None = None
    connected: bool = False
    tries: list[HistoricAttempt] = field(default_factory=list)
    rung: list[int] = field(default_factory=list)
    claimed_at: list[float] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)

    @property
    def urgency(self) -> float:
        """The promised moment: the due time, or the time of the next try if that is later."""
        return max(self.request.due, self.call_after)


def taken(firm: Scenario, arrivals: Iterable[HistoricLead]) -> list[Request]:
    """The leads as the scenario handles them: when they may be called, and their SLA clocks."""
    spans: dict[tuple[int, OpenIntervals], OpenIntervals] = {}
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
        counts_open = source.counts_open and opening is not None
        if source.counts_open and opening is not None:
            start = opening
            due = spans[key].after_open_seconds(start, source.target) or start + source.target
        callable_at = wanted if opening is None else opening
        found.append(Request(arrival, spans[key], callable_at, start, due, counts_open))
    return found
