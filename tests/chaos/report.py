"""What all scenarios found: one table for a person, all figures for a program."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from tests.chaos.plan import Plan
from tests.chaos.result import Result, bound
from tests.support.measuring import machine


def report(
    seed: int, begun: datetime, plan: Plan, results: list[Result], stopped: str
) -> dict[str, Any]:
    """All figures."""
    return {
        "at": begun.isoformat(timespec="seconds"),
        "seed": seed,
        "machine": machine(),
        "plan": asdict(plan),
        "stopped": stopped,
        "ok": bool(results) and not stopped and all(result.ok for result in results),
        "scenarios": [
            {
                "name": result.scenario,
                "ok": result.ok,
                "seconds": round(result.seconds, 1),
                "checks": [asdict(check) for check in result.checks],
                "figures": result.figures,
            }
            for result in results
        ],
    }


def table(results: list[Result]) -> str:
    """One line per scenario; below it the checks that failed. `share <` is by the rule of three."""
    lines = [
        f"{'scenario':12}{'seconds':>8}{'leads':>8}{'calls':>8}{'unknown':>9}{'share <':>9}  result"
    ]
    for result in results:
        figures = result.figures
        share = bound(figures.get("leads", 0))
        held = f"{len(result.checks)} checks held"
        lines.append(
            f"{result.scenario:12}{result.seconds:8.0f}{figures.get('leads', '-'):>8}"
            f"{figures.get('accepted calls', '-'):>8}{figures.get('attempts ever unknown', '-'):>9}"
            f"{f'{share:.2%}' if share else '-':>9}  {held if result.ok else 'FAILED'}"
        )
        lines += [f"    {check.line()}" for check in result.checks if not check.ok]
    return "\n".join(lines)
