"""Workers are killed with -9 while leads come in."""

import signal

from tests.chaos.arena import Arena
from tests.chaos.client import until
from tests.chaos.result import Result


def run(arena: Arena, result: Result) -> None:
    """A kill after every so many leads; some salespeople are busy, some extensions offline."""
    plan, rng, product = arena.plan, arena.rng("kills"), arena.product()
    product.begin(
        # Half of the dials take a while, so that kills meet them between request and answer.
        faults=[{"kind": "delay", "rate": 0.5, "seconds": 0.5}],
        answers={"101": "busy", "102": "busy"},
        extensions={"103": "offline"},
    )
    kills = 0
    with product.visitors(rng, plan.leads) as visitors:
        for kills in range(1, plan.kills + 1):
            share = kills / (plan.kills + 1)
            until(lambda share=share: visitors.begun >= share * plan.leads, within=60, every=0.02)
            ready = until(
                lambda: [name for name in product.workers if product.is_ready(name)], within=60
            )
            victim = rng.choice(ready)
            product.stop(victim, signal.SIGKILL)
            product.start(victim)
            if kills % 10 == 0:
                product.say(f"  {kills} kills, {visitors.begun} leads")
    product.restart_missing_workers()
    product.settle()
    ledger = product.simulator.ledger()
    product.judge(result, [visitors], ledger)
    result.figures["kills"] = kills
