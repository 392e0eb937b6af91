"""The machines' clocks are minutes wrong, each by a different amount, while leads come in."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from tests.chaos.arena import Arena, Product
from tests.chaos.client import Visitors, until
from tests.chaos.result import Result, percentile
from tests.chaos.witness import calls
from tests.support.skew import skewed

# Minutes. More than a scenario has to settle, so that a lead that is late by this much is found
# unsettled.
LEAST, MOST = 6, 20
# Seconds. When the provider fails a try, others follow after 5 s and 30 s.
CALLED_WITHIN = 60.0


def run(arena: Arena, result: Result) -> None:
    """In rounds, every process starts again with a clock 6 to 20 minutes ahead or behind."""
    plan, rng, product = arena.plan, arena.rng("clocks"), arena.product()
    product.begin(
        faults=[
            {"kind": "delay", "rate": 0.3, "seconds": 2},
            {"kind": "application_error", "rate": 0.1},
        ]
    )
    names = ["web", *product.workers, "beat"]
    said = 0
    try:
        with product.visitors(rng) as visitors:
            for number in range(1, plan.clock_rounds + 1):
                for name in names:
                    minutes = rng.choice((-1, 1)) * rng.uniform(LEAST, MOST)
                    _start_again(product, name, skewed(name, 60 * minutes))
                arena.say(f"  clocks set wrong {number} times, {len(visitors.receipts)} leads")
                said += until(lambda: _says_so(product), within=60)
                time.sleep(plan.clock_round)
        product.settle()
        ledger = product.simulator.ledger()
        product.judge(result, [visitors], ledger)
    finally:
        product.commands.clear()
        for name in names:
            _start_again(product, name)
    result.must("/readyz says it, each time", said == plan.clock_rounds, f"{said} times")
    result.must(
        "and says nothing of clocks that are right",
        until(lambda: not _says_so(product), within=180),
        "it is quiet again",
    )
    waits = _waits([visitors], ledger)
    result.figures["from the submission to the call, median and longest (s)"] = [
        round(percentile(waits, share) or 0.0, 2) for share in (0.5, 1.0)
    ]
    if plan.judges_times:
        result.at_most("from the submission to the call", max(waits, default=None), CALLED_WITHIN)


def _start_again(product: Product, name: str, command: str = "") -> None:
    if command:
        product.commands[name] = command
    product.stop(name)
    product.start(name)
    if name == "web":
        until(product.answers, within=60)
    elif name != "beat":
        product.restart_missing_workers()


def _says_so(product: Product) -> bool:
    """Whether /readyz reports a wrong clock."""
    try:
        with urllib.request.urlopen(f"{product.url}/readyz", timeout=10) as answer:
            body = json.load(answer)
    except urllib.error.HTTPError as error:
        body = json.load(error)
    except OSError:
        return False
    return not body["checks"]["clocks"]["ok"]


def _waits(visitors: Sequence[Visitors], ledger: Sequence[dict[str, Any]]) -> list[float]:
    """Seconds from the end of each accepted submission to the first call to its number."""
    first: dict[str, float] = {}
    for call in calls(ledger):
        first.setdefault(call["target"], call["at"])
    return [
        first[one.phone.lstrip("+")] - (one.at + one.seconds)
        for shift in visitors
        for one in shift.tries
        if one.taken and one.phone.lstrip("+") in first
    ]
