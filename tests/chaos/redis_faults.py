"""Redis is restarted, emptied and cut off while leads come in by form and API."""

import signal
import time
from urllib.parse import urlsplit

import redis

from tests.chaos.arena import Arena, Product
from tests.chaos.client import Try, Visitors, until
from tests.chaos.result import Result, percentile
from tests.chaos.witness import first_after

RESUMES_WITHIN = 60.0
P99 = 0.5
# The first visitor to meet a dead broker waits for a timeout, and so do visitors who come before it
# ends.
FIRST = 2.0
FIRST_LASTS = 1.0
QUIET = 15.0  # seconds without faults at the beginning, to compare with


def run(arena: Arena, result: Result) -> None:
    """The faults in an order drawn by the seed, each followed by a wait until calls are made."""
    plan, rng, product = arena.plan, arena.rng("redis"), arena.product()
    faults = (
        ["restart"] * plan.redis_restarts
        + ["flush"] * plan.redis_flushes
        + ["hole"] * plan.redis_holes
    )
    rng.shuffle(faults)
    product.begin()
    resumed: dict[str, list[float]] = {"restart": [], "flush": [], "hole": []}
    stuck = []
    holes: list[float] = []
    with product.visitors(rng) as visitors:
        time.sleep(min(QUIET, plan.hole))
        struck_from = time.time()
        for number, fault in enumerate(faults, 1):
            if fault == "hole":
                holes.append(time.time())
            _strike(arena, fault)
            after = _resumes(product, time.time())
            if after is None:
                stuck.append(f"{fault} {number}")
            else:
                resumed[fault].append(after)
            arena.say(f"  {number}/{len(faults)} {fault}: called again after {after} s")
            time.sleep(rng.uniform(0.5, 1.5))
    product.settle()
    product.judge(result, [visitors], product.simulator.ledger())
    result.none("faults after which calls did not resume", stuck, of=len(faults))
    for fault, seconds in resumed.items():
        worst = max(seconds, default=None)
        if plan.judges_times:
            result.at_most(f"calls resume after {fault}", worst, RESUMES_WITHIN)
        result.figures[f"resumed after {fault}, s"] = [round(one, 1) for one in seconds]
    _judge_speed(result, visitors, struck_from, holes, judges=plan.judges_times)


def _strike(arena: Arena, fault: str) -> None:
    match fault:
        case "restart":
            arena.redis.strike(signal.SIGKILL)
            time.sleep(1)
            arena.redis.start()
        case "flush":
            address = urlsplit(arena.urls.redis_url)
            with redis.Redis(port=address.port or 0, password=address.password) as client:
                client.flushall()
        case "hole":
            arena.tunnel.black_hole()
            time.sleep(arena.plan.hole)
            arena.tunnel.open()


def _resumes(product: Product, moment: float) -> float | None:
    known = product.simulator.status()["requests"]

    def look() -> float | None:
        return first_after(product.simulator.ledger(max(0, known - 50)), moment)

    after = until(look, within=2 * RESUMES_WITHIN)
    return None if after is None else round(float(after), 2)


def _judge_speed(
    result: Result, visitors: Visitors, struck_from: float, holes: list[float], *, judges: bool
) -> None:
    def is_first(one: Try) -> bool:
        return any(0 <= one.at - hole < FIRST_LASTS for hole in holes)

    struck = [one for one in visitors.tries if one.at >= struck_from]
    first = [one.seconds for one in struck if is_first(one)]
    others = [one.seconds for one in struck if not is_first(one)]
    quiet = [one.seconds for one in visitors.tries if one.at < struck_from]
    if judges:
        result.at_most("form and API, p99", percentile(others, 0.99), P99)
        result.at_most("the first in a black hole", max(first, default=None), FIRST)
    failed = [one.status or one.problem for one in struck if not one.taken]
    result.none("submissions that failed", failed, of=len(struck))
    result.figures["p99 without faults, s"] = percentile(quiet, 0.99)
    result.figures["p99, s"] = percentile(others, 0.99)
    result.figures["slower than 500 ms"] = sum(seconds > P99 for seconds in others)
    result.figures["first in a hole, longest, s"] = max(first, default=None)
