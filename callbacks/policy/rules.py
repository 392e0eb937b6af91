"""What an outcome means for the lead and for the extension. Pure; one table.

`next_step` is the whole policy; its table is `_by_table`, one branch a row. Numbers live in
`Policy`, and the bounds that no number can lift stand above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final, Literal, TypeVar

# --- hard bounds: a Policy is always within them, whatever it was made from ----------------------

# Tries of one lead. Those that ended with the extension (offline, blocked, nobody picked up) do
# not count: they say nothing of the lead, its phone has not rung, and each takes its extension out.
MAX_ATTEMPTS = 20
# Calls that ring, or may ring, one number within A_DAY, whatever leads they are made for: anybody
# can type anybody's number, again and again.
MAX_CALLS_A_DAY = 10
A_DAY = timedelta(hours=24)
# From the end of a call that rang a number, or may have, to the next one.
LEAST_GAP = timedelta(minutes=1)
LONGEST_GAP = timedelta(days=1)
# No lead is put off for longer by one outcome; opening hours come on top.
LONGEST_WAIT = timedelta(days=1)
# How often the provider, and an extension that did not take a call, are asked again.
LEAST_ERROR_WAIT = timedelta(seconds=1)
LEAST_COOLDOWN = timedelta(seconds=10)
LONGEST_COOLDOWN = timedelta(days=1)
MAX_MISSED = 10

# In `Policy.after_no_answer`: wait until a team opens anew.
OPENING: Final = "opening"
Wait = timedelta | Literal["opening"]

# What stands on an extension with ExtensionStep.FLAGGED, for the manager.
FLAGGED_REASON = "invalid parameters with different leads: check its number"
_T = TypeVar("_T", int, timedelta)


class Outcome(Enum):
    """How an attempt ended, in our words."""

    OFFLINE = "offline"
    BLOCKED = "blocked"
    INVALID = "invalid"
    MISCONFIGURED = "misconfigured"  # the extension, by our own check of the call
    PROVIDER_ERROR = "provider_error"  # error 2, other codes, HTTP 401/403: surely not placed
    NOT_SENT = "not_sent"  # and what turned out never to have been placed
    AGENT_NO_ANSWER = "agent_no_answer"
    LEAD_NO_ANSWER = "lead_no_answer"
    BRIDGED = "bridged"
    NO_RECORD = "no_record"
    NEVER_KNOWN = "never_known"


# What each outcome says of the two phones, and of the lead's tries.
_ENDED_WITH_THE_EXTENSION = frozenset(
    {Outcome.OFFLINE, Outcome.BLOCKED, Outcome.MISCONFIGURED, Outcome.AGENT_NO_ANSWER}
)
_RANG_THE_LEAD = frozenset(
    {Outcome.BRIDGED, Outcome.LEAD_NO_ANSWER, Outcome.NO_RECORD, Outcome.NEVER_KNOWN}
)
_MAY_HAVE_TALKED = frozenset({Outcome.BRIDGED, Outcome.NO_RECORD, Outcome.NEVER_KNOWN})
_ERRORS = frozenset({Outcome.PROVIDER_ERROR, Outcome.NOT_SENT})


def rang_the_lead(outcome: Outcome) -> bool:
    """Whether the lead's phone rang, or may have: it counts for the limits of its number."""
    return outcome in _RANG_THE_LEAD


def rang_the_salesperson(outcome: Outcome) -> bool:
    """Whether the salesperson's phone rang, or may have: it counts as a call of the extension."""
    return outcome in _RANG_THE_LEAD or outcome is Outcome.AGENT_NO_ANSWER


def may_have_talked(outcome: Outcome) -> bool:
    """Whether the two talked, or may have: a turn of the salesperson, where turns are talks."""
    return outcome in _MAY_HAVE_TALKED


def counts_as_try(outcome: Outcome) -> bool:
    """Whether it counts towards MAX_ATTEMPTS of its lead."""
    return outcome not in _ENDED_WITH_THE_EXTENSION


def counted_together(outcome: Outcome) -> frozenset[Outcome]:
    """The outcomes that count as the same one: an outage is an outage, however it shows."""
    return _ERRORS if outcome in _ERRORS else frozenset({outcome})


class LeadStep(Enum):
    """What happens to the lead."""

    CALL_AGAIN = "call_again"  # waiting, at Step.after
    CONNECTED = "connected"
    CALLED = "called"
    UNREACHED = "unreached"
    FAILED = "failed"


class ExtensionStep(Enum):
    """What happens to the extension."""

    FREE = "free"
    OUT = "out"  # not rung for Step.out_for
    MISSED = "missed"  # the same, and counted; paused when it happens too often in a row
    PAUSED = "paused"
    BLOCKED = "blocked"
    FLAGGED = "flagged"  # rung as before; a manager is told to look at it


@dataclass(frozen=True)
class Policy:
    """The numbers of the table. Whatever is given is brought within the hard bounds.

    `after_no_answer`: one wait for each further try, the last ones may be OPENING. `gap` and
    `calls_a_day` hold for a number, not for a lead.
    """

    offline_for: timedelta = timedelta(minutes=2)
    missed_for: timedelta = timedelta(minutes=1)
    missed_in_a_row: int = 3
    after_error: Sequence[timedelta] = (
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
    )
    after_no_answer: Sequence[Wait] = (
        timedelta(minutes=2),
        timedelta(minutes=15),
        timedelta(hours=2),
        OPENING,
    )
    invalid_tries: int = 2
    gap: timedelta = LEAST_GAP
    calls_a_day: int = 8

    def __post_init__(self) -> None:
        gap = _within(self.gap, LEAST_GAP, LONGEST_GAP)
        errors = [_within(it, LEAST_ERROR_WAIT, LONGEST_WAIT) for it in self.after_error]
        no_answers = [
            it if it == OPENING else _within(it, gap, LONGEST_WAIT) for it in self.after_no_answer
        ]
        bounded = {
            "offline_for": _within(self.offline_for, LEAST_COOLDOWN, LONGEST_COOLDOWN),
            "missed_for": _within(self.missed_for, LEAST_COOLDOWN, LONGEST_COOLDOWN),
            "missed_in_a_row": _within(self.missed_in_a_row, 1, MAX_MISSED),
            "after_error": tuple(errors) or (LONGEST_WAIT,),
            "after_no_answer": tuple(no_answers[: MAX_ATTEMPTS - 1]),
            "invalid_tries": _within(self.invalid_tries, 1, MAX_ATTEMPTS),
            "gap": gap,
            "calls_a_day": _within(self.calls_a_day, 1, MAX_CALLS_A_DAY),
        }
        for name, value in bounded.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Step:
    """The consequence of one outcome.

    A lead that is called again waits `after`, and with `at_opening` from then on until a team
    opens anew. `message` is for the manager, on a lead that needs a person.
    """

    lead: LeadStep
    extension: ExtensionStep = ExtensionStep.FREE
    after: timedelta = timedelta(0)
    at_opening: bool = False
    out_for: timedelta = timedelta(0)
    message: str = ""


def next_step(
    outcome: Outcome, same_before: int, attempts: int, policy: Policy, *, suspect: bool = False
) -> Step:
    """What follows `outcome`.

    `same_before`: earlier attempts of this lead that ended with the same outcome (for errors: any
    of PROVIDER_ERROR and NOT_SENT). `attempts`: all that count (see MAX_ATTEMPTS), this included.
    `suspect`: this extension has met INVALID with another lead before.
    """
    step = _by_table(outcome, same_before, policy, suspect)
    # The lead's own tries end; what ended with the extension says nothing of the lead.
    ended_with_the_extension = step.extension not in (ExtensionStep.FREE, ExtensionStep.FLAGGED)
    if (
        step.lead is LeadStep.CALL_AGAIN
        and attempts >= MAX_ATTEMPTS
        and not ended_with_the_extension
    ):
        return Step(
            LeadStep.FAILED,
            step.extension,
            out_for=step.out_for,
            message=f"Given up after {attempts} attempts.",
        )
    return step


def _by_table(  # noqa: C901  # a table: one row a case
    outcome: Outcome, same_before: int, policy: Policy, suspect: bool
) -> Step:
    again = LeadStep.CALL_AGAIN
    match outcome:
        case Outcome.OFFLINE:
            return Step(again, ExtensionStep.OUT, out_for=policy.offline_for)
        case Outcome.BLOCKED:
            return Step(again, ExtensionStep.BLOCKED)
        case Outcome.MISCONFIGURED:
            return Step(again, ExtensionStep.PAUSED)
        case Outcome.INVALID:
            once_more = same_before + 1 < policy.invalid_tries
            return Step(
                again if once_more else LeadStep.FAILED,
                ExtensionStep.FLAGGED if suspect else ExtensionStep.FREE,
            )
        case Outcome.PROVIDER_ERROR | Outcome.NOT_SENT:
            # An outage is not the lead's fault: the last wait repeats until MAX_ATTEMPTS.
            return Step(again, after=policy.after_error[: same_before + 1][-1])
        case Outcome.AGENT_NO_ANSWER:
            return Step(again, ExtensionStep.MISSED, out_for=policy.missed_for)
        case Outcome.LEAD_NO_ANSWER if same_before < len(policy.after_no_answer):
            return _after_no_answer(same_before, policy)
        case Outcome.LEAD_NO_ANSWER:
            return Step(LeadStep.UNREACHED)
        case Outcome.BRIDGED:
            return Step(LeadStep.CONNECTED)
        case Outcome.NO_RECORD:
            return Step(LeadStep.CALLED)
        case Outcome.NEVER_KNOWN:
            return Step(
                LeadStep.FAILED,
                message="The provider's answer was lost and no record of the call came. "
                "Ask the salesperson whether they talked with the lead before you call again.",
            )


def _after_no_answer(same_before: int, policy: Policy) -> Step:
    wait = policy.after_no_answer[same_before]
    if wait != OPENING:
        return Step(LeadStep.CALL_AGAIN, after=wait)
    # Waits grow: an opening that comes sooner than the last one has been is not waited for.
    timed = [it for it in policy.after_no_answer[:same_before] if it != OPENING]
    return Step(LeadStep.CALL_AGAIN, after=timed[-1] if timed else policy.gap, at_opening=True)


def _within(value: _T, least: _T, most: _T) -> _T:
    return min(max(value, least), most)
