"""The figures beside their targets: for a person, and for a program."""

import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from tests.benchmarks import bench
from tests.benchmarks.bench import Plan, Results
from tests.benchmarks.figures import Target, latencies

_BUSY = "\nThe load average was {:.1f} before it began: others were at work, the figures suffer."


def report(plan: Plan, results: Results) -> dict[str, Any]:
    """All figures. Milliseconds, dials per second, MiB."""
    paced = {name: latencies(rounds) for name, rounds in results.paced.items()}
    burst = {
        name: fmean(one.dials_per_second for one in rounds)
        for name, rounds in results.burst.items()
    }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "load_average_before": results.load_before,
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "plan": asdict(plan) | {"answer_after": bench.ANSWER_AFTER, "talk": bench.TALK},
        "paced_ms": paced,
        "paced_ms_by_round": {
            name: [latencies([one]) for one in rounds] for name, rounds in results.paced.items()
        },
        "burst_dials_per_second": burst,
        "burst_dials_per_second_by_round": {
            name: [one.dials_per_second for one in rounds] for name, rounds in results.burst.items()
        },
        "memory_mib": asdict(results.memory),
        "ratios": {
            "p50": paced["ours"]["p50"] / paced["floor"]["p50"],
            "p95": paced["ours"]["p95"] / paced["floor"]["p95"],
            "p99": paced["ours"]["p99"] / paced["floor"]["p99"],
            "burst": burst["ours"] / burst["floor"],
        },
    }


def targets(figures: dict[str, Any]) -> list[Target]:
    """What was promised."""
    ratios = figures["ratios"]
    return [
        Target("submit to provider, p50 ratio", ratios["p50"], 2.0, at_most=True),
        Target("submit to provider, p99 ratio", ratios["p99"], 3.0, at_most=True),
        Target("burst, ratio of dials per second", ratios["burst"], 0.4, at_most=False),
        Target("memory (PSS) after it, MiB", figures["memory_mib"]["pss"], 450, at_most=True),
    ]


def table(figures: dict[str, Any]) -> str:
    """For a person."""
    plan, paced, burst = figures["plan"], figures["paced_ms"], figures["burst_dials_per_second"]
    rows = [
        (f"{what}, ms", paced["floor"][what], paced["ours"][what])
        for what in ("p50", "p95", "p99", "max")
    ]
    rows.append(("burst, dials/s", burst["floor"], burst["ours"]))
    memory = figures["memory_mib"]
    done = (
        f"{plan['rounds']} x {plan['paced']} leads at {plan['per_second']:g} a second, "
        f"{plan['rounds']} x {plan['burst']} at once; every lead called exactly once."
    )
    busy = figures["machine"]["load_average_before"] > figures["machine"]["cores"] / 2
    held = (
        f"{'memory, MiB':20}{'':10}{memory['pss']:10.1f}  "
        f"(RSS, which counts shared pages again for each process: {memory['rss']:.1f})"
    )
    return "\n".join(
        [
            done,
            "",
            f"{'':20}{'floor':>10}{'ours':>10}{'ratio':>8}",
            *(f"{name:20}{a:10.1f}{b:10.1f}{b / a:8.2f}" for name, a, b in rows),
            held,
            "",
            *(target.line() for target in targets(figures)),
            *([_BUSY.format(figures["machine"]["load_average_before"])] if busy else []),
        ]
    )
