"""`make bench`: this project beside a floor, in one run. What it does: docs/performance.md."""

import argparse
import json
import sys
from pathlib import Path

from callbacks.localrun.errors import CannotStart
from tests.benchmarks import boards, lives, reports, sizes
from tests.benchmarks.bench import Bench, Plan
from tests.benchmarks.boards import BoardsPlan
from tests.benchmarks.claims import ClaimsPlan
from tests.benchmarks.figures import NotOnce
from tests.benchmarks.load import NotTaken
from tests.benchmarks.report import lives_target, report, table
from tests.benchmarks.reports import ReportsPlan
from tests.support.measuring import bounded, forget_settings, progress

QUICK = Plan(
    paced=20,
    burst=60,
    ringing=5,
    rounds=1,
    warm_up=8,
    per_second=50,
    answer_after=0.1,
    talk=0.1,
    few=2,
    queued=20,
    lives=10,
    lives_at_once=20,
    claims=ClaimsPlan(
        sizes=(5, 20),
        waiting=(0, 40),
        claims=5,
        history=100,
        crowd=2,
        crowds=1,
        crowd_extensions=200,
        crowd_claims=100,
        fair_claims=60,
    ),
    reports=ReportsPlan(leads=500, days=40, rounds=1),
    boards=BoardsPlan(boards=20, seconds=2),
)


def main() -> int:
    """Returns 0 when every lead was called exactly once, whatever the figures; else 1."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few leads: does it work at all?")
    parser.add_argument(
        "--only",
        choices=["boards", "lives", "reports", "sizes"],
        default="",
        help="just the open wallboards, the processor time of whole lives, the reports, or sizes",
    )
    parser.add_argument("--minutes", type=float, default=25.0, help="stop after (%(default)g)")
    parser.add_argument(
        "--json", type=Path, default=Path(".artifacts/bench.json"), help="figures (%(default)s)"
    )
    options = parser.parse_args()
    bounded(options.minutes)
    forget_settings()
    logs = options.json.parent.absolute() / "bench-logs"
    plan = QUICK if options.quick else Plan()
    try:
        results = Bench(plan, logs, progress(), options.only).run()
    except (NotOnce, NotTaken, CannotStart) as problem:
        print(f"The benchmark failed: {problem}. Logs: {logs}", file=sys.stderr)
        return 1
    except TimeoutError:
        print(f"Stopped: not done after {options.minutes:g} minutes.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1
    if options.only == "reports":
        print(f"\n{reports.table(results.reports)}\n")
        print("\n".join(target.line() for target in reports.targets(results.reports)))
        return 0
    if options.only == "boards":
        print("\n".join(target.line() for target in boards.targets(results.boards)))
        return 0
    if options.only == "sizes":
        print(f"{sizes.table(results.sizes)}\n")
        print("\n".join(target.line() for target in sizes.targets(results.sizes)))
        return 0
    if options.only:
        found = lives.figures(results.lives)
        print(f"\n{lives.table(found)}\n\n{lives_target(found).line()}")
        return 0
    figures = report(plan, results)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"\n{table(figures)}\n\nAll figures: {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
