"""What a lead costs over its whole life: submission, dial, three pop-ups, two records.

Measured in processor time, which a busy machine distorts less than latency. Floor and product
answer the same six requests and make the same call.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
import redis

from tests.benchmarks import processor
from tests.benchmarks.load import NotTaken, submit
from tests.benchmarks.sides import Running
from tests.support.simulator import SimulatorProcess

POPUPS, RECORDS = 3, 2
# The longest time, in seconds, until the last record is delivered.
_PATIENCE = 120.0


@dataclass(frozen=True)
class Cost:
    """One round: processor milliseconds per lead by part, and completed leads per second."""

    by_part: dict[str, float]
    per_second: float

    @property
    def total(self) -> float:
        """Processor milliseconds per lead."""
        return sum(self.by_part.values())


@dataclass
class Lives:
    """The results, by the name of the side. `paced_at`: leads per second in the paced rounds."""

    burst: dict[str, list[Cost]] = field(default_factory=lambda: {"floor": [], "ours": []})
    paced: dict[str, list[Cost]] = field(default_factory=lambda: {"floor": [], "ours": []})
    paced_at: float = 0.0


def server_pids(database_url: str, redis_url: str) -> dict[str, list[int]]:
    """The process of each server whose children are its own."""
    with psycopg.connect(database_url) as connection:
        [[pid]] = connection.execute("SELECT pg_backend_pid()").fetchall()
        postmaster = processor.parent_of(pid)
    with redis.Redis.from_url(redis_url) as client:
        return {"postgresql": [postmaster], "redis": [client.info("server")["process_id"]]}


def live(
    running: Running,
    simulator: SimulatorProcess,
    servers: dict[str, list[int]],
    phones: Iterator[str],
    leads: int,
    *,
    call_length: float,
    per_second: float | None = None,
) -> Cost:
    """Has this many leads live their whole lives; returns what that cost.

    Raises NotTaken when a pop-up or a record was not answered.
    """
    roots = servers | running.pids()
    since, popups = simulator.status()["requests"], len(simulator.seen("/popups"))
    before, began = processor.seconds(roots), time.monotonic()
    submit(running.port, running.side.path, [next(phones) for _ in range(leads)], per_second)

    def is_over() -> bool:
        calls = simulator.ledger(since)
        return len(calls) == leads and all(
            len(call["cdrs"]) == RECORDS and all(note["delivered"] for note in call["cdrs"])
            for call in calls
        )

    def has_asked() -> bool:
        answered = [it for it in simulator.seen("/popups")[popups:] if not it["problem"]]
        return len(answered) >= POPUPS * leads

    _wait(lambda: simulator.status()["requests"] >= since + leads, 0.2)
    _wait(is_over, 0.2)
    took = time.monotonic() - began - call_length
    _wait(has_asked, 0.2)
    cost = processor.milliseconds_each(before, processor.seconds(roots), leads)
    asked = simulator.seen("/popups")[popups:]
    problems = [it["problem"] for it in asked if it["problem"]]
    if not is_over() or len(asked) != POPUPS * leads or problems:
        raise NotTaken(
            f"{leads} leads made {len(simulator.ledger(since))} calls and {len(asked)} pop-ups,"
            f" {len(problems)} of them without an answer (first: {problems[:1]})"
        )
    return Cost(cost, leads / took)


def _wait(until: Callable[[], bool], every: float) -> None:
    end = time.monotonic() + _PATIENCE
    while not until() and time.monotonic() < end:
        time.sleep(every)


def figures(lives: Lives) -> dict[str, object]:
    """Processor milliseconds per lead, by side and part, and the ratios."""

    def mean(costs: list[Cost]) -> dict[str, float]:
        parts = costs[0].by_part
        found = {part: sum(it.by_part[part] for it in costs) / len(costs) for part in parts}
        return found | {"total": sum(found.values())}

    burst = {side: mean(costs) for side, costs in lives.burst.items()}
    paced = {side: mean(costs) for side, costs in lives.paced.items()}
    return {
        "paced_at_per_second": lives.paced_at,
        "burst_per_second": {
            side: max(cost.per_second for cost in costs) for side, costs in lives.burst.items()
        },
        "burst_ms": burst,
        "paced_ms": paced,
        "burst_ratio": burst["ours"]["total"] / burst["floor"]["total"],
        "paced_ratio": paced["ours"]["total"] / paced["floor"]["total"],
    }


def table(found: dict[str, object]) -> str:
    """For a person."""
    paced, burst = found["paced_ms"], found["burst_ms"]
    assert isinstance(paced, dict)
    assert isinstance(burst, dict)
    pace = found["paced_at_per_second"]
    head = (
        f"processor ms per lead over its whole life, paced at {pace:.1f} a second and in a burst:"
    )
    names = (
        f"{'':14}{'floor':>10}{'ours':>10}{'ratio':>8}{'burst: floor':>16}{'ours':>10}{'ratio':>8}"
    )
    lines = [head, names]
    for part in paced["ours"]:
        row = [
            paced["floor"].get(part, 0.0), paced["ours"][part],
            burst["floor"].get(part, 0.0), burst["ours"][part],
        ]  # fmt: skip
        ratios = [f"{b / a:8.2f}" if a else f"{'':8}" for a, b in (row[:2], row[2:])]
        lines.append(
            f"{part:14}{row[0]:10.2f}{row[1]:10.2f}{ratios[0]}{row[2]:16.2f}{row[3]:10.2f}{ratios[1]}"
        )
    return "\n".join(lines)
