"""Workers kill themselves at each point between commit, send, answer and record."""

import signal
from collections import Counter

from tests.chaos.arena import Arena, Product
from tests.chaos.failpoints import DIED
from tests.chaos.result import Result
from tests.chaos.tables import AttemptRow

NAME = "failpoints"  # of the process, and of its log
PER_SECOND = 10.0


def run(arena: Arena, result: Result) -> None:
    """One point after the other; workers that die there replace the product's own."""
    plan, rng, product = arena.plan, arena.rng("failpoints"), arena.product()
    product.begin()
    for name in product.workers:
        product.stop(name)
    shifts = []
    for point in plan.points:
        before = _killed(product)
        product.commands[NAME] = (
            "WORKER_THREADS=1 exec python -m tests.chaos.failpoints "
            f"{point} {plan.failpoints} {plan.workers}"
        )
        product.start(NAME)
        # Each armed worker dies at its first dial; the leads beyond are for workers that live on.
        with product.visitors(rng, plan.failpoints + 2 * plan.workers, PER_SECOND) as visitors:
            shifts.append(visitors)
        product.settle()
        product.stop(NAME, signal.SIGTERM)
        killed = _killed(product) - before
        ends = _ends(product.tables.attempts(), set(visitors.phones))
        arena.say(f"  {point}: {killed} kills; {dict(ends)}")
        result.must(f"kills at {point}", killed >= plan.failpoints, killed)
        result.figures[f"kills at {point}"] = killed
        result.figures[f"attempts after {point}"] = dict(ends)
    product.judge(result, shifts, product.simulator.ledger())


def _killed(product: Product) -> int:
    if not (product.directory / f"{NAME}.log").exists():
        return 0
    return product.log(NAME).count(DIED)


def _ends(attempts: list[AttemptRow], phones: set[str]) -> Counter[str]:
    """How many attempts ended in each state; those that were unknown in between are marked."""
    return Counter(
        f"{attempt.state}{', was unknown' if attempt.was_unknown else ''}"
        for attempt in attempts
        if attempt.phone in phones
    )
