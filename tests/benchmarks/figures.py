"""Turns what was submitted and what reached the provider into figures. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.benchmarks.load import Submitted


class NotOnce(AssertionError):  # noqa: N818  # said of the leads
    """Leads that were not called, called twice, or refused by the provider."""


@dataclass(frozen=True)
class Round:
    """One batch of leads: milliseconds from submission to provider, and dials per second."""

    milliseconds: tuple[float, ...]
    dials_per_second: float


@dataclass(frozen=True)
class Target:
    """A figure and its limit."""

    name: str
    value: float
    limit: float
    at_most: bool

    @property
    def is_reached(self) -> bool:
        """Whether the figure is within its limit."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def line(self) -> str:
        """For a person."""
        sign = "<=" if self.at_most else ">="
        word = "reached" if self.is_reached else "NOT REACHED"
        return f"{self.name:32} {self.value:8.2f}   {sign} {self.limit:<6g}  {word}"


def match(submitted: Sequence[Submitted], ledger: Iterable[Mapping[str, Any]]) -> Round:
    """Finds each lead's call in the provider's ledger.

    Raises NotOnce unless every lead has exactly one accepted call, and every call is a lead's.
    """
    calls = list(ledger)
    refused = [call for call in calls if not call["accepted"]]
    accepted = {"+" + call["target"]: call["at"] for call in calls if call["accepted"]}
    counts = Counter("+" + call["target"] for call in calls if call["accepted"])
    sent = {lead.phone: lead.at for lead in submitted}
    problems = {
        "never called": len(sent.keys() - accepted.keys()),
        "called more than once": sum(count > 1 for count in counts.values()),
        "called and never submitted": len(accepted.keys() - sent.keys()),
        "refused by the provider": len(refused),
    }
    if any(problems.values()):
        words = ", ".join(f"{count} {what}" for what, count in problems.items() if count)
        raise NotOnce(f"of {len(sent)} leads: {words}")
    waits = tuple(sorted((accepted[phone] - at) * 1000 for phone, at in sent.items()))
    return Round(waits, len(sent) / (max(accepted.values()) - min(sent.values())))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank: the least value that `share` (0 to 1) of all do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def latencies(rounds: Iterable[Sequence[float]]) -> dict[str, float]:
    """p50, p95, p99 and the longest of all rounds' milliseconds together."""
    ordered = sorted(wait for one in rounds for wait in one)
    return {
        "p50": percentile(ordered, 0.50),
        "p95": percentile(ordered, 0.95),
        "p99": percentile(ordered, 0.99),
        "max": ordered[-1],
    }


def wake_ups(ledger: Iterable[Mapping[str, Any]], since: float) -> tuple[float, ...]:
    """Milliseconds from the end of a call to the next one through the same extension.

    Of extensions for which leads always wait, and of calls that end after `since` (epoch seconds).
    A call ends when its longer leg does.
    """
    by_extension: dict[str, list[Mapping[str, Any]]] = {}
    for call in ledger:
        by_extension.setdefault(call["phone"], []).append(call)
    found = []
    for calls in by_extension.values():
        for call, following in pairwise(sorted(calls, key=lambda one: one["at"])):
            ends = [leg["ended_at"] for leg in (call["leg1"], call["leg2"]) if leg]
            if max(ends) > since:
                found.append((following["at"] - max(ends)) * 1000)
    return tuple(found)
