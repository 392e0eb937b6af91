"""What the provider's ledger proves by itself about calls. Pure.

A ledger entry is what docs/simulator.md says. Times are epoch seconds of one clock, the
simulator's own, so that orders can be compared.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from callbacks.policy.rules import OPENING, Policy

Call = Mapping[str, Any]

# From the policy's defaults: seconds to the first retry, and one more call than waits.
_WAITS = Policy().after_no_answer
AFTER_NO_ANSWER = min(it.total_seconds() for it in _WAITS if it != OPENING)
MOST_NO_ANSWER = len(_WAITS) + 1


def calls(ledger: Iterable[Call]) -> list[Call]:
    """The accepted calls, in order of arrival."""
    return [entry for entry in ledger if entry["accepted"] and entry["action"] == "call"]


def was_answered(call: Call) -> bool:
    """Whether the lead's phone was picked up: they talked."""
    return bool(call["leg2"] and call["leg2"]["answered_at"])


def more_calls_than_allowed(ledger: Iterable[Call]) -> dict[str, str]:
    """Numbers that were called when the policy forbade it, and why.

    After a call in which they talked: never. While one is on: never. After one that the
    salesperson did not take: at once. After one that the lead did not answer: later, a few times.
    """
    found = {}
    for number, made in _grouped(calls(ledger), "target").items():
        for before, after in itertools.pairwise(made):
            if problem := _forbidden(before, after):
                found[number] = problem
        unanswered = sum(bool(call["leg2"]) and not was_answered(call) for call in made)
        if unanswered > MOST_NO_ANSWER:
            found[number] = f"rung {unanswered} times without an answer"
    return found


def two_calls_at_once(ledger: Iterable[Call]) -> dict[str, str]:
    """Extensions that got a call while they were in another one."""
    found = {}
    for extension, made in _grouped(calls(ledger), "phone").items():
        for before, after in itertools.pairwise(made):
            if after["at"] < _end(before):
                found[extension] = f"{before['call_id']} and {after['call_id']}"
    return found


def never_submitted(ledger: Iterable[Call], numbers: Iterable[str]) -> list[str]:
    """Numbers (of `+972...`) that were called and that nobody submitted."""
    return sorted({"+" + call["target"] for call in calls(ledger)} - set(numbers))


def first_after(ledger: Iterable[Call], moment: float) -> float | None:
    """Seconds from `moment` to the next accepted call; None when there was none."""
    return min(
        (call["at"] - moment for call in calls(ledger) if call["at"] >= moment), default=None
    )


def _forbidden(before: Call, after: Call) -> str:
    if after["at"] < _end(before):
        return "called while a call was on"
    if was_answered(before):
        return "called again after they had talked"
    if before["leg2"] and after["at"] - _end(before) < AFTER_NO_ANSWER:
        return "called again too soon"
    return ""


def _end(call: Call) -> float:
    """When the call ended; infinity if it is on, or has not begun to ring."""
    legs = [leg for leg in (call["leg1"], call["leg2"]) if leg]
    if not legs or not all(leg["ended_at"] for leg in legs):
        return float("inf")
    return max(float(leg["ended_at"]) for leg in legs)


def _grouped(made: Sequence[Call], by: str) -> dict[str, list[Call]]:
    groups: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(made, key=itemgetter("at")):
        groups[str(call[by])].append(call)
    return groups
