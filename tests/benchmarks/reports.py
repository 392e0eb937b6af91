"""Reports beside a bare `percentile_cont` over the same rows, in the same run."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.claims import MIGRATED, environment
from tests.benchmarks.figures import Target
from tests.support.measuring import Say, new_database, without_spending_limits
from tests.support.stack import ROOT

# The limit, as a multiple of a bare percentile.
MOST = 3


@dataclass(frozen=True)
class ReportsPlan:
    """How many leads on how many days: as many a day as ten million in three years."""

    leads: int = 1_000_000
    days: int = 110
    rounds: int = 3


def run(plan: ReportsPlan, server_url: str, say: Say) -> dict[str, Any]:
    """Runs in a copy of MIGRATED, which must exist. Returns milliseconds."""
    say(f"reports: {plan.leads:,} leads")
    database = new_database(server_url, "bench_reports", MIGRATED)
    without_spending_limits(database)
    options = {"leads": plan.leads, "days": plan.days, "rounds": plan.rounds}
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.reporting", json.dumps(options)],
        cwd=ROOT,
        env=environment(database),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    say(f"  filled in {found['fill_s']:.0f} s")
    return found


def targets(found: dict[str, Any]) -> list[Target]:
    """The slowest report of each period beside its promised limit."""
    return [
        Target(
            f"dearest report of {name}, ratio",
            max(period["reports_ms"].values()) / period["bare_ms"],
            MOST,
            at_most=True,
        )
        for name, period in found["periods"].items()
    ]


def table(found: dict[str, Any]) -> str:
    """For a person."""
    lines = []
    for name, period in found["periods"].items():
        bare = period["bare_ms"]
        lines.append(f"{name}: {period['leads']:,} leads, a bare percentile {bare:.0f} ms")
        lines += [
            f"  {report:30} {milliseconds:7.0f} ms {milliseconds / bare:6.2f} x"
            for report, milliseconds in sorted(period["reports_ms"].items(), key=lambda it: it[1])
        ]
    return "\n".join(lines)
