"""`make chaos`: faults on the running product. What must hold: docs/reliability.md."""

import argparse
import json
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from callbacks.localrun.errors import CannotStart
from tests.chaos.arena import Arena
from tests.chaos.plan import QUICK, Plan
from tests.chaos.report import report, table
from tests.chaos.result import Result
from tests.chaos.scenarios import SCENARIOS
from tests.support.measuring import bounded, forget_settings, progress


def main() -> int:
    """Returns 0 when every check held, else 1."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="a few faults: does it work at all?")
    parser.add_argument("--minutes", type=float, default=120.0, help="stop after (%(default)g)")
    parser.add_argument(
        "--scenario", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), help="only these"
    )
    parser.add_argument(
        "--json", type=Path, default=Path(".artifacts/chaos.json"), help="figures (%(default)s)"
    )
    parser.add_argument(
        "--broker-url", default="", help="a broker of yours, amqp://..., in place of that Redis"
    )
    options = parser.parse_args()
    bounded(options.minutes)
    forget_settings()
    plan = QUICK if options.quick else Plan()
    logs = options.json.parent.absolute() / "chaos-logs"
    begun = datetime.now(UTC)
    results: list[Result] = []
    stopped = ""
    try:
        arena = Arena(plan, options.seed, logs, progress(), options.broker_url)
        _run(options.scenario, arena, results)
    except CannotStart as problem:
        stopped = str(problem)
    except TimeoutError:
        stopped = f"Stopped: not done after {options.minutes:g} minutes."
    except KeyboardInterrupt:
        stopped = "Stopped."
    figures = report(options.seed, begun, plan, results, stopped)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"\n{table(results)}\n\nAll figures: {options.json}. Logs: {logs}")
    if stopped:
        print(stopped, file=sys.stderr)
    return 0 if results and not stopped and all(result.ok for result in results) else 1


def _run(names: list[str], arena: Arena, results: list[Result]) -> None:
    with arena:
        for name in names:
            arena.say(f"{name}: {SCENARIOS[name].__doc__}")
            started = time.monotonic()
            result = Result(name)
            results.append(result)
            try:
                SCENARIOS[name].run(arena, result)
            except (AssertionError, OSError, ValueError, LookupError) as problem:
                traceback.print_exc()
                result.must("it ran to its end", ok=False, found=repr(problem)[:300])
            result.seconds = time.monotonic() - started
            for check in result.checks:
                arena.say(f"  {check.line()}")
            if not result.ok:
                arena.renew()


if __name__ == "__main__":
    sys.exit(main())
