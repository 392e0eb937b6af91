"""The figures beside their targets: for a person, and for a program."""

from dataclasses import asdict
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from tests.benchmarks import boards, claims, lives, reports, sizes
from tests.benchmarks.bench import Plan, Results
from tests.benchmarks.figures import Target, latencies
from tests.benchmarks.popups import STATUSES
from tests.support.measuring import machine

_BUSY = "\nThe load average was {:.1f} before it began: others were at work, the figures suffer."


def report(plan: Plan, results: Results) -> dict[str, Any]:
    """All figures, in milliseconds, dials per second and MiB."""
    paced = {
        name: latencies(one.milliseconds for one in rounds)
        for name, rounds in results.paced.items()
    }
    popups = {name: latencies(rounds) for name, rounds in results.popups.items()}
    burst = {
        name: fmean(one.dials_per_second for one in rounds)
        for name, rounds in results.burst.items()
    }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine() | {"load_average_before": results.load_before},
        "plan": asdict(plan),
        "paced_ms": paced,
        "paced_ms_by_round": {
            name: [latencies([one.milliseconds]) for one in rounds]
            for name, rounds in results.paced.items()
        },
        "burst_dials_per_second": burst,
        "burst_dials_per_second_by_round": {
            name: [one.dials_per_second for one in rounds] for name, rounds in results.burst.items()
        },
        "popup_ms": popups,
        "wake_up_ms": latencies([results.wake_ups]),
        "claims": results.claims,
        "lives": lives.figures(results.lives),
        "reports": results.reports,
        "boards": results.boards,
        "sizes": results.sizes,
        "memory_mib": asdict(results.memory),
        "ratios": {
            "p50": paced["ours"]["p50"] / paced["floor"]["p50"],
            "p95": paced["ours"]["p95"] / paced["floor"]["p95"],
            "p99": paced["ours"]["p99"] / paced["floor"]["p99"],
            "burst": burst["ours"] / burst["floor"],
            "popup_p50": popups["ours"]["p50"] / popups["floor"]["p50"],
            "popup_p99": popups["ours"]["p99"] / popups["floor"]["p99"],
        },
    }


def targets(figures: dict[str, Any]) -> list[Target]:
    """The figures beside their promised limits."""
    ratios = figures["ratios"]
    return [
        Target("submit to provider, p50 ratio", ratios["p50"], 2.0, at_most=True),
        Target("submit to provider, p99 ratio", ratios["p99"], 3.0, at_most=True),
        Target("burst, ratio of dials per second", ratios["burst"], 0.4, at_most=False),
        lives_target(figures["lives"]),
        Target("memory (PSS) after it, MiB", figures["memory_mib"]["pss"], 450, at_most=True),
        *reports.targets(figures["reports"]),
        *boards.targets(figures["boards"]),
        *sizes.targets(figures["sizes"]),
    ]


def lives_target(found: dict[str, Any]) -> Target:
    """The target for the processor time of a lead's whole life."""
    ratio = found["paced_ratio"]
    return Target("processor ms per lead, ratio", ratio, 2.2, at_most=True)


def table(figures: dict[str, Any]) -> str:
    """For a person."""
    plan, paced, burst = figures["plan"], figures["paced_ms"], figures["burst_dials_per_second"]
    rows = [
        (f"{what}, ms", paced["floor"][what], paced["ours"][what])
        for what in ("p50", "p95", "p99", "max")
    ]
    rows.append(("burst, dials/s", burst["floor"], burst["ours"]))
    popup = figures["popup_ms"]
    rows += [
        (f"pop-up {what}, ms", popup["floor"][what], popup["ours"][what])
        for what in ("p50", "p95", "p99", "max")
    ]
    memory = figures["memory_mib"]
    done = (
        f"{plan['rounds']} x {plan['paced']} leads at {plan['per_second']:g} a second, "
        f"{plan['rounds']} x {plan['burst']} at once; every lead called exactly once.\n"
        f"{plan['rounds']} x {len(STATUSES) * plan['ringing']} pop-up requests at that pace about "
        f"{plan['ringing']} calls under way; every one answered with the lead's name and page."
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
            "call's end to next call: "
            + "  ".join(f"{what} {ms:.1f} ms" for what, ms in figures["wake_up_ms"].items()),
            "",
            *(target.line() for target in targets(figures)),
            "",
            lives.table(figures["lives"]),
            "",
            claims.table(figures["claims"]),
            "",
            reports.table(figures["reports"]),
            "",
            sizes.table(figures["sizes"]),
            *([_BUSY.format(figures["machine"]["load_average_before"])] if busy else []),
        ]
    )
