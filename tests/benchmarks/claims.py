"""Concurrent claims: what a larger team, a longer queue and more claimers cost; fairness.

Each part has its own database, and each claimer its own process (tests.benchmarks.claiming).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmarks.figures import Target
from tests.support.measuring import new_database, without_spending_limits
from tests.support.stack import CDR_SECRET, CODE, ROOT

# The database that the others are copies of.
MIGRATED = "bench_migrated"
# Seconds for the claimers to start before all begin at the same moment: a base, and for each.
_START, _START_EACH = 3.0, 1.5


@dataclass(frozen=True)
class ClaimsPlan:
    """How many of what."""

    sizes: tuple[int, ...] = (10, 100, 1_000, 10_000)
    waiting: tuple[int, ...] = (0, 1_000, 100_000)
    claims: int = 200
    history: int = 20_000  # calls of other days
    crowd: int = 8
    crowds: int = 3  # one after the other; the median counts
    crowd_extensions: int = 10_000
    crowd_claims: int = 9_000
    fair_claims: int = 10_000
    weights: tuple[int, ...] = (1, 2, 3, 4, 5, 5)


class Claims:
    """One run against the server of `server_url`, in copies of MIGRATED, which must exist.

    `say` takes lines of progress.
    """

    def __init__(self, plan: ClaimsPlan, server_url: str, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._server_url = server_url
        self._say = say

    def run(self) -> dict[str, Any]:
        """Runs all; returns milliseconds, claims per second, and deviations as shares of one."""
        plan = self._plan
        self._say("claims by team size and leads waiting")
        growth = self._growth_ms()
        self._say(f"claims of {plan.crowd} processes at once")
        crowds = [self._crowd(nth) for nth in range(plan.crowds)]
        self._say("fairness of the strategies")
        fairness = self._claiming("fairness", weights=plan.weights, claims=plan.fair_claims)
        return {
            "growth_ms": growth,
            "growth": {what: _growth(growth, what) for what in ("claim_ms", "next_ms")},
            "crowds_claims_per_second": crowds,
            "crowd_claims_per_second": median(crowds),
            "unfair": fairness,
        }

    def _claiming(self, what: str, **options: Any) -> Any:
        """Runs it in a database made for it."""
        return claiming(self._database(what), what=what, **options)

    def _database(self, name: str) -> str:
        return new_database(self._server_url, f"bench_{name}", MIGRATED)

    def _growth_ms(self) -> dict[str, Any]:
        """By leads waiting and team size; each number of leads has its own process and database."""
        plan = self._plan
        beside = {}
        for count in plan.waiting:
            beside[str(count)] = _start(
                self._database(f"growth_{count}"),
                what="growth",
                sizes=plan.sizes,
                waiting=count,
                claims=plan.claims,
                history=plan.history,
            )
        for member in beside.values():
            _told(member)
        for _ in range(plan.claims):
            for member in beside.values():
                assert member.stdin
                print(file=member.stdin, flush=True)
                _told(member)
        return {count: _out(member) for count, member in beside.items()}

    def _crowd(self, nth_crowd: int) -> float:
        plan = self._plan
        database = self._database(f"crowd_{nth_crowd}")
        made = _out(
            _start(
                database,
                what="prepare",
                extensions=plan.crowd_extensions,
                claims=plan.crowd_claims,
                history=plan.history,
            )
        )
        options = {name: made[name] for name in ("source", "first", "claims")}
        at = time.time() + _START + _START_EACH * plan.crowd
        options |= {"what": "crowd", "of": plan.crowd, "warm": 20, "at": at}
        members = [_start(database, nth=nth, **options) for nth in range(plan.crowd)]
        done = [_out(member) for member in members]
        claimed = sum(one["made"] for one in done)
        if claimed != sum(one["asked"] for one in done):
            raise AssertionError("a claim came back without an extension, though there are enough")
        seconds = max(one["to"] for one in done) - min(one["from"] for one in done)
        return float(claimed / seconds)


def migrate(server_url: str) -> None:
    """Makes the database MIGRATED, with this project's tables."""
    url = new_database(server_url, MIGRATED)
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment(url),
        check=True,
    )
    without_spending_limits(url)


def claiming(database: str, **options: Any) -> Any:
    """What tests.benchmarks.claiming prints when it runs with these options."""
    return _out(_start(database, **options))


def _start(database: str, **options: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.benchmarks.claiming", json.dumps(options)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(database),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _told(process: "subprocess.Popen[str]") -> None:
    """Waits for a line from a process that waits for one from us."""
    assert process.stdout
    if not process.stdout.readline():
        _out(process)
        raise AssertionError(f"{process.args} has ended too early")


def _out(process: "subprocess.Popen[str]") -> Any:
    out, _ = process.communicate()
    if process.returncode:
        raise AssertionError(f"{process.args} ended with {process.returncode}")
    return json.loads(out)


def environment(database: str) -> dict[str, str]:
    """The environment of a product process on this database."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "callbacks.config.settings",
        "SECRET_KEY": "only-for-the-benchmark-" + "x" * 40,
        "DATABASE_URL": database,
        "REDIS_URL": "redis://127.0.0.1:9/0",  # nothing is published
        "CDR_SECRET": CDR_SECRET,
        "VOICENTER_CODE": CODE,
        "VOICENTER_URL": "http://127.0.0.1:9/ForwardDialer/click2call.aspx",
    }


def _growth(growth: dict[str, Any], what: str) -> float:
    """The cost with the most of everything, as a multiple of the cost with the least."""
    least, *_between, most = growth.values()
    smallest, *_, _largest = least.values()
    *_, largest = most.values()
    return float(largest[what] / smallest[what])


def targets(figures: dict[str, Any]) -> list[Target]:
    """The figures beside their promised limits."""
    unfair = figures["unfair"]
    equal = max(share for strategy, share in unfair.items() if strategy != "weighted")
    return [
        Target("a claim, largest : smallest", figures["growth"]["claim_ms"], 1.3, at_most=True),
        Target("next lead, largest : smallest", figures["growth"]["next_ms"], 1.3, at_most=True),
        Target("equal shares, % off at most", equal * 100, 2, at_most=True),
        Target("weighted shares, % off at most", unfair["weighted"] * 100, 3, at_most=True),
    ]


def table(figures: dict[str, Any]) -> str:
    """For a person."""
    lines = ["claims a second, one process (ms of a claim / of finding the next lead)"]
    for waiting, by_size in figures["growth_ms"].items():
        row = "  ".join(
            f"{size:>6} ext. {1000 / one['claim_ms']:5.0f} ({one['claim_ms']:.2f}/"
            f"{one['next_ms']:.2f})"
            for size, one in by_size.items()
        )
        lines.append(f"{waiting:>7} waiting  {row}")
    crowds = ", ".join(f"{crowd:.0f}" for crowd in figures["crowds_claims_per_second"])
    lines += [
        f"together: {crowds} claims a second",
        "largest deviation of a share: "
        + ", ".join(f"{name} {share:.2%}" for name, share in figures["unfair"].items()),
        "",
        *(target.line() for target in targets(figures)),
    ]
    return "\n".join(lines)
