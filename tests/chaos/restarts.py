"""Web and workers are restarted by SIGTERM while leads come in, as a deployment does."""

import time

from tests.chaos.arena import Arena
from tests.chaos.client import by_kind, until
from tests.chaos.result import Result

# A connection that got no answer: the visitor's browser says so, and nothing was begun.
BROKEN = 0


def run(arena: Arena, result: Result) -> None:
    """Web and one worker at a time; many dials are in hand, since the provider is slow."""
    plan, rng, product = arena.plan, arena.rng("restarts"), arena.product()
    product.begin(faults=[{"kind": "delay", "rate": 0.5, "seconds": 0.7}])
    with product.visitors(rng) as visitors:
        time.sleep(2)
        for number in range(1, plan.restarts + 1):
            for name in ("web", rng.choice(product.workers)):
                status = product.stop(name)
                result.must(f"{name} ends well ({number})", status == 0, f"status {status}")
                product.start(name)
            until(product.answers, within=60)
            product.restart_missing_workers()
            arena.say(f"  {number} restarts, {len(visitors.receipts)} leads")
            time.sleep(rng.uniform(0.5, 1) * plan.between_restarts)
    product.settle()
    product.judge(result, [visitors], product.simulator.ledger())
    failed = [one for one in visitors.tries if not one.taken]
    answered = [one.status for one in failed if one.status != BROKEN]
    result.none("failed requests beyond broken connections", answered, of=len(visitors.tries))
    unknown = result.figures["attempts ever unknown"]
    result.must("unknown attempts: 0", unknown == 0, unknown)
    result.figures["broken connections"] = by_kind(failed)
