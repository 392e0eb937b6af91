"""The provider loses, garbles and delays its answers and its records."""

from typing import Any

from tests.chaos.arena import Arena
from tests.chaos.client import until
from tests.chaos.result import Result
from tests.chaos.witness import calls, was_answered

PER_SECOND = 20.0
# After each of these the call is placed and its records come: they say how it ended.
KINDS = (
    *("lost_answer", "stall", "error_500_after", "truncated", "html"),
    *("cdr_duplicate", "cdr_reordered", "cdr_before_answer"),
)


def run(arena: Arena, result: Result) -> None:
    """One kind after the other; it strikes every lead that comes meanwhile."""
    plan, rng, product = arena.plan, arena.rng("provider"), arena.product()
    product.begin()
    kinds = (*KINDS, "cdr_lost") if plan.lost_records else KINDS
    struck: dict[str, int] = {}
    shifts = []
    for kind in kinds:
        known = product.simulator.status()["requests"]
        product.simulator.control(faults=[{"kind": kind, "count": plan.provider_faults}])
        with product.visitors(rng, plan.provider_faults, PER_SECOND) as visitors:
            shifts.append(visitors)
        # Otherwise the next kind would replace the script that the last leads are still to meet.
        until(lambda: not _left(product.simulator.status()), within=120)
        struck[kind] = _how_many(product.simulator.ledger(known), kind)
        arena.say(f"  {kind}: {struck[kind]}")
    product.settle()
    ledger = product.simulator.ledger()
    leads = product.judge(result, shifts, ledger)
    missed = {kind: count for kind, count in struck.items() if count != plan.provider_faults}
    result.none("kinds that did not strike as often as planned", missed, of=len(kinds))
    talked = {"+" + call["target"] for call in calls(ledger) if was_answered(call)}
    without = {"+" + call["target"] for call in calls(ledger) if call["cdr_fault"] == "cdr_lost"}
    wrong = [
        lead.public_id
        for lead in leads
        if lead.status != "connected" and not (lead.status == "called" and lead.phone in without)
    ]
    result.none("leads that talked and are not said to have", wrong, of=len(talked))
    result.figures["faults"] = struck


def _left(status: dict[str, Any]) -> int:
    return sum(fault["count"] for fault in status["faults"])


def _how_many(ledger: list[dict[str, Any]], kind: str) -> int:
    return sum(kind in (entry["fault"], entry["cdr_fault"]) for entry in ledger)
