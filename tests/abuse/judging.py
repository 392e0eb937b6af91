"""What must hold under every attack. The provider's ledger is the witness of calls."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.abuse.arena import PROMISED, AbuseArena
from tests.abuse.client import Stranger
from tests.abuse.honest import Honest, Submitted
from tests.chaos.arena import Product
from tests.chaos.result import Result
from tests.chaos.tables import LeadRow
from tests.chaos.witness import calls


def judge(
    arena: AbuseArena,
    product: Product,
    result: Result,
    stranger: Stranger,
    honest: Honest,
    *,
    allowed: int,
    exactly: bool = True,
    away_until: float = 0.0,
) -> dict[str, LeadRow]:
    """Checks what all scenarios share; returns the leads that the stranger's requests became.

    `allowed`: how many calls the limits let the stranger cause. `away_until`: delays count from
    this time at the earliest (epoch seconds), since nobody could be called before.
    """
    product.settle()
    ledger = product.simulator.ledger()
    leads = product.tables.leads()
    called = Counter("+" + str(call["target"]) for call in calls(ledger))
    caused = sum(called[phone] for phone in stranger.phones)
    holds = caused == allowed if exactly else caused <= allowed
    word = "exactly" if exactly else "at most"
    result.must(f"calls that the stranger caused ({word} {allowed})", holds, caused)
    acknowledged = [it.lead for it in stranger.answers if it.lead]
    acknowledged += [it.public_id for it in honest.submitted]
    lost = [public_id for public_id in acknowledged if public_id not in leads]
    result.none("leads lost", lost, of=len(acknowledged))
    result.none("honest visitors who gave up", honest.given_up, of=len(honest.submitted))
    slowest = _judge_delays(arena, result, honest.submitted, leads, ledger, away_until)
    theirs = {it: leads[it] for it in (answer.lead for answer in stranger.answers) if it in leads}
    result.figures |= {
        "requests": len(stranger.answers),
        "stored": len(theirs),
        "refused": stranger.count(429),
        "held": sum(lead.status == "held" for lead in theirs.values()),
        "calls": caused,
        "allowed": allowed,
        "honest": len(honest.submitted),
        "slowest honest, s": slowest,
        "lost": len(lost),
        "answers": dict(Counter(it.status for it in stranger.answers)),
    }
    return theirs


def _judge_delays(
    arena: AbuseArena,
    result: Result,
    submitted: Sequence[Submitted],
    leads: dict[str, LeadRow],
    ledger: Sequence[Any],
    away_until: float,
) -> float | None:
    first: dict[str, float] = {}
    for call in calls(ledger):
        first.setdefault("+" + str(call["target"]), call["at"])
    held = [it.phone for it in submitted if leads[it.public_id].status == "held"]
    result.none("honest leads held", held, of=len(submitted))
    never = [it.phone for it in submitted if it.phone not in first]
    result.none("honest leads never called", never, of=len(submitted))
    waits = {
        it.phone: first[it.phone] - max(it.begun, away_until)
        for it in submitted
        if it.phone in first
    }
    if arena.abuse.judges_times:
        late = [phone for phone, wait in waits.items() if wait > PROMISED]
        result.none(f"honest leads called later than {PROMISED:g} s", late, of=len(submitted))
    return round(max(waits.values()), 1) if waits else None
