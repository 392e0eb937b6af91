"""The disk of PostgreSQL fills up while leads come in, and gets room again."""

import tempfile
import time
from pathlib import Path

import requests

from tests.chaos.arena import Arena, Product
from tests.chaos.client import Visitors, by_kind, until
from tests.chaos.postgres_faults import RECOVERS_WITHIN, is_told, recovers
from tests.chaos.result import Result
from tests.support.measuring import new_database
from tests.support.own_postgres import PASSWORD
from tests.support.small_disk import SmallDisk, postgres_on_small_disk

MEGABYTES = 400
# Pages that have room still take rows for a while.
_NOT_TAKEN_WITHIN = 90.0
_SAID_WITHIN = 15.0


def run(arena: Arena, result: Result) -> None:
    """No room for tables and WAL for a while; then room again, and nobody restarts anything."""
    plan, rng = arena.plan, arena.rng("disk")
    arena.renew()
    with (
        tempfile.TemporaryDirectory(prefix="callbacks-chaos-disk-") as directory,
        postgres_on_small_disk(Path(directory), MEGABYTES) as disk,
    ):
        url = new_database(disk.server.url("postgres", PASSWORD, "postgres"), "chaos_disk")
        arena.prepare(url)
        with arena.product_on(url, "disk") as product:
            product.begin()
            with product.visitors(rng) as visitors:
                time.sleep(1)
                said, recovered = [], []
                for number in range(1, plan.full_disks + 1):
                    said.append(_fill(product, visitors, disk, plan.full))
                    disk.make_room()
                    recovered.append(recovers(product, visitors, time.time()))
                    arena.say(f"  full disk {number}: said {said[-1]}, well in {recovered[-1]} s")
                    time.sleep(rng.uniform(0.5, 2))
            product.settle()
            product.judge(result, [visitors], product.simulator.ledger())
            _judge(result, visitors, said, recovered, judges_times=plan.judges_times)
            result.figures["PostgreSQL ended itself, times"] = disk.server.log().count("PANIC")


def _fill(product: Product, visitors: Visitors, disk: SmallDisk, seconds: float) -> str:
    """Leaves no room until leads are refused, and for `seconds` more; returns what /readyz said."""
    moment = time.time()

    def is_refused() -> bool:
        disk.fill()  # fills what a checkpoint has freed, too
        return any(one.at >= moment and not one.taken for one in list(visitors.tries))

    def what_is_said() -> str:
        disk.fill()
        return _wrong(product)

    until(is_refused, _NOT_TAKEN_WITHIN)
    said = until(what_is_said, _SAID_WITHIN) or "nothing"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        disk.fill()
        time.sleep(0.2)
    return said


def _wrong(product: Product) -> str:
    """The check that fails in /readyz: "database" or "store"; "" if neither."""
    try:
        checks = requests.get(f"{product.url}/readyz", timeout=30).json()["checks"]
    except (requests.RequestException, ValueError):
        return ""
    return next((name for name in ("database", "store") if not checks[name]["ok"]), "")


def _judge(
    result: Result,
    visitors: Visitors,
    said: list[str],
    recovered: list[float | None],
    *,
    judges_times: bool,
) -> None:
    failed = [one for one in visitors.tries if not one.taken]
    others = [one.problem or one.status for one in failed if one.status != 503]
    result.none("failed submissions that were not answered 503", others, of=len(visitors.tries))
    mute = [one.status for one in failed if not is_told(one.status, one.said)]
    result.none("failed submissions that were not told so", mute, of=len(visitors.tries))
    result.must("leads were not taken for want of room", bool(failed), by_kind(failed))
    unsaid = [it for it in said if it not in {"store", "database"}]
    result.none("full disks of which /readyz said nothing", unsaid, of=len(said))
    known = [seconds for seconds in recovered if seconds is not None]
    result.must("it recovered every time", len(known) == len(recovered), f"{len(known)} times")
    if judges_times:
        worst = max(known, default=None)
        result.at_most("leads are taken and called again", worst, RECOVERS_WITHIN)
    result.figures |= {
        "submissions that failed, by kind": by_kind(failed),
        "leads that were sent again": sum(it.tries > 1 for it in visitors.receipts),
        "recovered, s": recovered,
    }
