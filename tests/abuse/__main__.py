"""`make abuse`: strangers and robots attack the running product. Rules: docs/security.md."""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from callbacks.localrun.errors import CannotStart
from tests.abuse import floods, forms, outage, spending
from tests.abuse.arena import LIMITS, QUICK, AbuseArena, Plan
from tests.chaos.result import Result
from tests.support.measuring import bounded, forget_settings, machine, progress

SCENARIOS: dict[str, Callable[[AbuseArena, Result], None]] = {
    "api": floods.api,
    "address": floods.address,
    "number": floods.number,
    "headers": floods.headers,
    "replays": forms.replays,
    "doubles": forms.doubles,
    "robots": forms.robots,
    "spending": spending.spending,
    "redis": outage.redis,
}
_COLUMNS = (
    "requests",
    "stored",
    "refused",
    "calls",
    "allowed",
    "honest",
    "slowest honest, s",
    "lost",
)


def main() -> int:
    """Returns 0 when every check held, else 1."""
    parser = argparse.ArgumentParser(prog="make abuse", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a little of each: does it work?")
    parser.add_argument("--minutes", type=float, default=40.0, help="stop after (%(default)g)")
    parser.add_argument(
        "--scenario", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), help="only these"
    )
    parser.add_argument(
        "--json", type=Path, default=Path(".artifacts/abuse.json"), help="figures (%(default)s)"
    )
    options = parser.parse_args()
    bounded(options.minutes)
    forget_settings()
    plan = QUICK if options.quick else Plan()
    logs = options.json.parent.absolute() / "abuse-logs"
    begun = datetime.now(UTC)
    results: list[Result] = []
    stopped = ""
    try:
        _run(options.scenario, AbuseArena(plan, options.seed, logs, progress()), results)
    except CannotStart as problem:
        stopped = str(problem)
    except TimeoutError:
        stopped = f"Stopped: not done after {options.minutes:g} minutes."
    except KeyboardInterrupt:
        stopped = "Stopped."
    holds = bool(results) and not stopped and all(result.ok for result in results)
    figures = {
        "at": begun.isoformat(timespec="seconds"),
        "seed": options.seed,
        "machine": machine(),
        "plan": asdict(plan),
        "limits": LIMITS,
        "stopped": stopped,
        "ok": holds,
        "scenarios": [asdict(result) | {"ok": result.ok} for result in results],
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"\n{_table(results)}\n\nAll figures: {options.json}. Logs: {logs}")
    if stopped:
        print(stopped, file=sys.stderr)
    return 0 if holds else 1


def _run(names: list[str], arena: AbuseArena, results: list[Result]) -> None:
    with arena:
        for name in names:
            arena.say(f"{name}: {SCENARIOS[name].__doc__}")
            started = time.monotonic()
            result = Result(name)
            results.append(result)
            arena.forget_counted()
            try:
                SCENARIOS[name](arena, result)
            except (AssertionError, OSError, ValueError, LookupError) as problem:
                traceback.print_exc()
                result.must("it ran to its end", ok=False, found=repr(problem)[:300])
            result.seconds = time.monotonic() - started
            for check in result.checks:
                arena.say(f"  {check.line()}")
            if not result.ok:
                arena.renew()


def _table(results: list[Result]) -> str:
    """One line per scenario, in the format of docs/security.md; below it the checks that failed."""
    lines = [
        f"| attack | {' | '.join(_COLUMNS)} | result |",
        f"|---|{'---|' * (len(_COLUMNS) + 1)}",
    ]
    for result in results:
        found = " | ".join(str(result.figures.get(name, "-")) for name in _COLUMNS)
        held = f"{len(result.checks)} checks held" if result.ok else "FAILED"
        lines.append(f"| {result.scenario} | {found} | {held} |")
    failed = [check for result in results for check in result.checks if not check.ok]
    return "\n".join(lines + [f"    {check.line()}" for check in failed])


if __name__ == "__main__":
    sys.exit(main())
