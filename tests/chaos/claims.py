"""Many processes claim few extensions; then the same without one guard after the other."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.chaos.arena import Arena
from tests.chaos.result import Result
from tests.support.stack import ROOT

# The index is the second lock on the door and should rarely be reached: on two busy cores by 2 to 6
# of 100 claims, and without the row locks by 18 to 27.
INDEX_HITS = 0.1


def run(arena: Arena, result: Result) -> None:
    """With all guards nothing may overlap; without any one of them, an overlap must be seen."""
    plan = arena.plan
    seen = _claimers(arena, plan.claims, plan.sleepers)
    arena.say(f"  {seen}")
    _judge(result, seen)
    if plan.judges_times:
        enough = seen["claims"] >= plan.claims
        result.must("all claims were made in the time there is", enough, f"{seen['claims']:,}")
    if plan.sleepers:
        result.must("leases ran out under sleepers", seen["asleep"] > 0, seen["asleep"])
    result.figures |= seen | {"claims asked for": plan.claims}
    for guard in plan.guards:
        without = Result(f"without the {guard}")
        seen = _claimers(arena, plan.unguarded_claims, plan.unguarded_sleepers, guard)
        arena.say(f"  without the {guard}: {seen}")
        _judge(without, seen)
        red = [check.what for check in without.checks if not check.ok]
        result.must(f"it is red without the {guard}", bool(red), "; ".join(red) or "green")
        result.figures[f"without the {guard}"] = seen


def _judge(result: Result, seen: dict[str, int]) -> None:
    claims = seen["claims"]
    result.must("every process ran to its end", seen["failed"] == 0, f"{seen['failed']} failed")
    result.must("overlaps: 0", seen["overlaps"] == 0, f"{seen['overlaps']} of {claims:,} claims")
    result.must("leads called twice: 0", seen["twice"] == 0, f"{seen['twice']} of {claims:,}")
    result.at_most(
        "claims that met the index", 100 * seen["index_hits"] / claims, 100 * INDEX_HITS, "%"
    )


def _claimers(arena: Arena, claims: int, sleepers: float, without: str = "") -> dict[str, int]:
    """A run of tests.chaos.claimers on a database of its own."""
    url = arena.database(f"claims_{without or 'all'}")
    options: dict[str, Any] = {
        "processes": arena.plan.claimers,
        "extensions": arena.plan.contested,
        "claims": claims,
        "seed": arena.seed,
        "sleepers": sleepers,
        "without": without,
        "seconds": arena.plan.claims_within,
    }
    settings = arena.settings(url) | {
        "DJANGO_SETTINGS_MODULE": "callbacks.config.settings",
        "DATABASE_POOL_SIZE": "1",
        # No provider may be asked, and nobody called.
        "VOICENTER_URL": "http://127.0.0.1:1/ForwardDialer/click2call.aspx",
        "LOG_LEVEL": "ERROR",
    }
    # In its own session, so that its claimers end with it.
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.claimers", json.dumps(options)],
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stderr
        for number, line in enumerate(process.stderr, 1):
            if number % 60 == 0 or not line.startswith("{"):
                arena.say(f"  {line.rstrip()}")
        words, _ = process.communicate()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    assert process.returncode == 0, f"the claimers ended with {process.returncode}: {words[-500:]}"
    seen: dict[str, int] = json.loads(words)
    return seen
