"""PostgreSQL is struck down, loses connections and has none left while leads come in."""

import signal
import time
from contextlib import ExitStack, suppress

import psycopg

from tests.chaos.arena import Arena, Product
from tests.chaos.client import Visitors, by_kind, until
from tests.chaos.result import Result
from tests.chaos.tables import NAME
from tests.chaos.witness import first_after

RECOVERS_WITHIN = 30.0
# Connections of the same role, except our own.
_THEIRS = f"FROM pg_stat_activity WHERE usename = current_user AND application_name <> '{NAME}'"


def run(arena: Arena, result: Result) -> None:
    """Immediate restarts, then killed backends, then a server that has no connection left."""
    plan, rng, product = arena.plan, arena.rng("postgres"), arena.product()
    product.begin()
    recovered = []
    with product.visitors(rng) as visitors:
        time.sleep(1)
        for number in range(1, plan.postgres_restarts + 1):
            moment = time.time()
            arena.postgres.strike(signal.SIGQUIT)
            arena.postgres.start()
            recovered.append(recovers(product, visitors, moment))
            arena.say(f"  immediate restart {number}: all well after {recovered[-1]} s")
            time.sleep(rng.uniform(0.5, 2))
        for _ in range(plan.postgres_backends):
            _kill_a_backend(product, rng.random())
            time.sleep(rng.uniform(0.2, 1))
        recovered.append(recovers(product, visitors, time.time()))
        arena.say(f"  {plan.postgres_backends} backends killed: {recovered[-1]} s")
        _exhaust(product, plan.exhausted)
        recovered.append(recovers(product, visitors, time.time()))
        arena.say(f"  no connections for {plan.exhausted:g} s: {recovered[-1]} s")
    product.settle()
    product.judge(result, [visitors], product.simulator.ledger())
    known = [seconds for seconds in recovered if seconds is not None]
    result.must("it recovered every time", len(known) == len(recovered), f"{len(known)} times")
    if plan.judges_times:
        worst = max(known, default=None)
        result.at_most("leads are taken and called again", worst, RECOVERS_WITHIN)
    failed = [one for one in visitors.tries if not one.taken]
    mute = [one.problem or one.status for one in failed if not is_told(one.status, one.said)]
    result.none("failed submissions that were not told so", mute, of=len(visitors.tries))
    again = sum(receipt.tries > 1 for receipt in visitors.receipts)
    result.figures |= {
        "submissions that failed, by kind": by_kind(failed),
        "leads that were sent again": again,
        "recovered, s": recovered,
        "longest answer, s": round(max(one.seconds for one in visitors.tries), 1),
    }


def is_told(status: int, said: str) -> bool:
    """Whether an error status comes with words for a person, or for a program."""
    return status >= 500 and any(
        it in said for it in ("send it again", "Try again", "still here", "kept on this page")
    )


def recovers(product: Product, visitors: Visitors, moment: float) -> float | None:
    """Seconds until a lead submitted after `moment` was taken, and a call was made after it."""
    known = product.simulator.status()["requests"]

    def look() -> float | None:
        taken = visitors.taken_after(moment)
        called = first_after(product.simulator.ledger(known), moment)
        return max(taken, called) if taken and called else None

    seconds = until(look, within=4 * RECOVERS_WITHIN)
    return None if seconds is None else round(seconds, 1)


def _kill_a_backend(product: Product, draw: float) -> None:
    with suppress(psycopg.OperationalError), product.tables.connect() as connection:
        pids = connection.execute(f"SELECT pid {_THEIRS} ORDER BY pid").fetchall()
        if pids:
            connection.execute("SELECT pg_terminate_backend(%s)", pids[int(draw * len(pids))])


def _exhaust(product: Product, seconds: float) -> None:
    """Takes every connection that the server has, the product's too, and keeps them."""
    end = time.monotonic() + seconds
    with ExitStack() as taken:
        first = taken.enter_context(product.tables.connect())
        while time.monotonic() < end:
            first.execute(f"SELECT pg_terminate_backend(pid) {_THEIRS}")
            with suppress(psycopg.OperationalError):
                while time.monotonic() < end:
                    taken.enter_context(product.tables.connect())
            time.sleep(0.2)
