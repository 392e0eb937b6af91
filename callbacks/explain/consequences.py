"""What would follow each outcome of a call, and when: the policy's rules, bounded by hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from callbacks.common.formatting import in_words, when
from callbacks.policy.rules import (
    A_DAY,
    MAX_ATTEMPTS,
    ExtensionStep,
    LeadStep,
    Outcome,
    Policy,
    Step,
    next_step,
)
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours

# Of a lead that is called again and again, so many times are told.
_TOLD = 6

_ROWS = (
    (Outcome.LEAD_NO_ANSWER, "The lead does not answer, or is busy"),
    (Outcome.AGENT_NO_ANSWER, "The salesperson does not pick up"),
    (Outcome.OFFLINE, "The extension is offline (error 3)"),
    (Outcome.BLOCKED, "The extension is blocked (error 4)"),
    (Outcome.INVALID, "Invalid parameters (error 1)"),
    (Outcome.PROVIDER_ERROR, "An error of the provider, or nothing could be sent"),
    (Outcome.NO_RECORD, "Accepted, and no record of the call comes"),
    (Outcome.NEVER_KNOWN, "The provider's answer is lost, and nobody finds out"),
    (Outcome.BRIDGED, "They talk"),
)
_CLOSED = {
    LeadStep.CONNECTED: "connected",
    LeadStep.CALLED: "called",
    LeadStep.UNREACHED: "unreached",
    LeadStep.FAILED: "failed: it needs a person",
}


@dataclass(frozen=True)
class Consequence:
    """An outcome, what becomes of the lead, when it is called again, and of the extension."""

    outcome: str
    lead: str
    again: tuple[datetime, ...]
    extension: str


def consequences(
    setup: RoutingConfig, source_id: int, phone: str, at: datetime, policy: Policy, zone: tzinfo
) -> tuple[Consequence, ...]:
    """A row for each outcome, as if a call at `at` and each further one ended at once."""

    def row(outcome: Outcome, words: str) -> Consequence:
        first = next_step(outcome, 0, 1, policy)
        tries = list(_tries(setup, source_id, phone, at, policy, outcome))
        again = tuple(it for _step, it in tries if it is not None)
        last = tries[-1][0] if tries else first
        return Consequence(words, _lead(first, last, again, at, zone), again, _extension(first))

    return tuple(row(outcome, words) for outcome, words in _ROWS)


def _tries(
    setup: RoutingConfig, source_id: int, phone: str, at: datetime, policy: Policy, outcome: Outcome
) -> Iterator[tuple[Step, datetime | None]]:
    """What each further try of the same outcome leads to, and when; None: not timed, or closed."""
    for n in range(MAX_ATTEMPTS):
        step = next_step(outcome, n, n + 1, policy)
        if step.lead is not LeadStep.CALL_AGAIN:
            yield step, None
            return
        if step.after:
            at = called_again_at(setup, source_id, phone, step, at)
        yield step, at if step.after else None


def called_again_at(
    setup: RoutingConfig, source_id: int, phone: str, step: Step, at: datetime
) -> datetime:
    """When a call that ends at `at` is followed by another, by apply_outcome's rule."""
    earliest = at + step.after
    if step.at_opening:
        teams = setup.teams_for(source_id)
        earliest = calling_hours.next_new_opening(teams, earliest) or at + A_DAY
    return calling_hours.next_time(setup, source_id, phone, earliest) or earliest


def _lead(first: Step, last: Step, again: tuple[datetime, ...], at: datetime, zone: tzinfo) -> str:
    if first.lead is not LeadStep.CALL_AGAIN:
        return _CLOSED[first.lead]
    if not again:
        finally_ = "" if last.lead is LeadStep.CALL_AGAIN else f"; then {_CLOSED[last.lead]}"
        return f"the next extension at once{finally_}"
    told = [when(it, at, zone) for it in again[:_TOLD]]
    more = len(again) - len(told)
    times = ", ".join(told) + (f" and {more} times more" if more else "")
    return f"again at {times}; then {_CLOSED[last.lead]}"


def _extension(step: Step) -> str:
    match step.extension:
        case ExtensionStep.OUT:
            return f"out for {in_words(step.out_for.total_seconds())}"
        case ExtensionStep.MISSED:
            wait = in_words(step.out_for.total_seconds())
            return f"out for {wait}; paused when it happens too often in a row"
        case ExtensionStep.BLOCKED:
            return "not rung until a manager clears it"
        case ExtensionStep.PAUSED:
            return "paused"
        case _:
            return "free"
