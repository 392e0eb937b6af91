"""What an outcome means for the lead and for the extension. Pure; one table.

`next_step` is the whole policy; its table is `_by_table`, one branch for each row. The numbers are
in `Policy`, within the hard bounds above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final, Literal, TypeVar

# --- hard bounds: a Policy is always within them, whatever its values were -----------------------

# Tries of one lead. Attempts that ended at the extension (offline, blocked, nobody picked up) do
# not count: they say nothing about the lead, the lead's phone did not ring, and each takes its
# extension out. Faults of the provider or the network do not count either, unless other leads were
# reached meanwhile.
MAX_ATTEMPTS = 20
# Calls that ring, or may ring, one number within A_DAY, for any leads: anybody can type anybody's
# number again and again.
MAX_CALLS_A_DAY = 10
A_DAY = timedelta(hours=24)
# From the end of a call that rang a number, or may have, to the next call.
LEAST_GAP = timedelta(minutes=1)
LONGEST_GAP = timedelta(days=1)
# The longest wait after one outcome; opening hours come on top.
LONGEST_WAIT = timedelta(days=1)
# How soon the provider, or an extension that did not take a call, is tried again.
LEAST_ERROR_WAIT = timedelta(seconds=1)
LEAST_COOLDOWN = timedelta(seconds=10)
LONGEST_COOLDOWN = timedelta(days=1)
MAX_MISSED = 10
# How long an extension is paused after too many missed calls. Automatic pauses always end.
LEAST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=1)

# Seconds: the longest talk that may be required for a lead to count as reached.
MOST_LEAST_TALK = 60

# In `Policy.after_no_answer`: wait until a team opens again.
OPENING: Final = "opening"
Wait = timedelta | Literal["opening"]

# The text on an extension with ExtensionStep.FLAGGED, for the manager.
FLAGGED_REASON = "invalid parameters with different leads: check its number"
# The same after UNREACHABLE_CALLS calls in a row that did not reach the phone.
UNREACHABLE_REASON = "cannot be reached: check the phone and its number"
UNREACHABLE_CALLS = 3
FLAGS = (FLAGGED_REASON, UNREACHABLE_REASON)
_T = TypeVar("_T", int, timedelta)


class Outcome(Enum):
    """How an attempt ended, in our words."""

    OFFLINE = "offline"
    BLOCKED = "blocked"
    INVALID = "invalid"
    MISCONFIGURED = "misconfigured"  # the extension, by our own check of the call
    PROVIDER_ERROR = "provider_error"  # error 2, other codes, HTTP 401/403: certainly not placed
    NOT_SENT = "not_sent"  # and calls that turned out never to have been placed
    AGENT_NO_ANSWER = "agent_no_answer"
    AGENT_UNREACHED = "agent_unreached"  # busy, or a network fault: not a missed call
    LEAD_NO_ANSWER = "lead_no_answer"
    LEAD_BUSY = "lead_busy"
    BAD_NUMBER = "bad_number"  # wrong, or not reachable
    LEAD_NOT_RUNG = "lead_not_rung"  # the salesperson picked up, the lead's phone did not ring
    SHORT_TALK = "short_talk"  # answered, but too short to be a conversation
    STOPPED = "stopped"  # by a manager
    BRIDGED = "bridged"
    NO_RECORD = "no_record"
    NEVER_KNOWN = "never_known"


# What each outcome says about the two phones and the lead's tries.
_ENDED_WITH_THE_EXTENSION = frozenset(
    {
        Outcome.OFFLINE,
        Outcome.BLOCKED,
        Outcome.MISCONFIGURED,
        Outcome.AGENT_NO_ANSWER,
        Outcome.AGENT_UNREACHED,
    }
)
_NOT_REACHED = frozenset({Outcome.LEAD_NO_ANSWER, Outcome.LEAD_BUSY, Outcome.SHORT_TALK})
_RANG_THE_LEAD = _NOT_REACHED | {
    Outcome.BRIDGED,
    Outcome.STOPPED,
    Outcome.NO_RECORD,
    Outcome.NEVER_KNOWN,
}
_PICKED_UP = _NOT_REACHED | {Outcome.BRIDGED, Outcome.BAD_NUMBER, Outcome.LEAD_NOT_RUNG}
_MAY_HAVE_TALKED = frozenset({Outcome.BRIDGED, Outcome.NO_RECORD, Outcome.NEVER_KNOWN})
_ERRORS = frozenset({Outcome.PROVIDER_ERROR, Outcome.NOT_SENT})
FAULTS = _ERRORS | {Outcome.LEAD_NOT_RUNG}


def rang_the_lead(outcome: Outcome) -> bool:
    """Whether the lead's phone rang, or may have: counts towards the limits of its number."""
    return outcome in _RANG_THE_LEAD


def rang_the_salesperson(outcome: Outcome) -> bool:
    """Whether the salesperson's phone rang, or may have: counts as a call of the extension."""
    return outcome in _RANG_THE_LEAD | _PICKED_UP or outcome is Outcome.AGENT_NO_ANSWER


def picked_up(outcome: Outcome) -> bool:
    """Whether the salesperson certainly picked up: ends the missed calls in a row."""
    return outcome in _PICKED_UP


def may_have_talked(outcome: Outcome) -> bool:
    """Whether the two talked, or may have: uses up the salesperson's turn if turns count talks."""
    return outcome in _MAY_HAVE_TALKED


def counts_as_try(outcome: Outcome) -> bool:
    """Whether the outcome counts towards MAX_ATTEMPTS of the lead. For FAULTS, see `next_step`."""
    return outcome not in _ENDED_WITH_THE_EXTENSION | FAULTS


def counted_together(outcome: Outcome) -> frozenset[Outcome]:
    """The outcomes that count as the same as this one.

    Errors count as one kind of outage; all ways of not reaching a lead count as one.
    """
    return next((it for it in (_ERRORS, _NOT_REACHED) if outcome in it), frozenset({outcome}))


class LeadStep(Enum):
    """What happens to the lead."""

    CALL_AGAIN = "call_again"  # waiting, at Step.after
    CONNECTED = "connected"
    CALLED = "called"
    UNREACHED = "unreached"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExtensionStep(Enum):
    """What happens to the extension."""

    FREE = "free"
    OUT = "out"  # not rung for Step.out_for
    MISSED = "missed"  # the same, and counted; paused after too many in a row
    PAUSED = "paused"  # for Step.out_for
    BLOCKED = "blocked"
    FLAGGED = "flagged"  # still rung; a manager is asked to look at it


@dataclass(frozen=True)
class Policy:
    """The numbers of the table. Values are brought within the hard bounds.

    `after_no_answer`: one wait for each further try; the last waits may be OPENING instead of a
    time. `after_busy`: the same if the line was busy; it gives no more tries and no longer waits.
    `gap` and `calls_a_day` apply to a number, not to a lead.
    """

    offline_for: timedelta = timedelta(minutes=2)
    missed_for: timedelta = timedelta(minutes=1)
    missed_in_a_row: int = 3
    missed_pause: timedelta = timedelta(minutes=15)
    unreached_for: timedelta = timedelta(minutes=1)
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
    after_busy: Sequence[Wait] = (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
    )
    invalid_tries: int = 2
    bad_number_tries: int = 2
    gap: timedelta = LEAST_GAP
    calls_a_day: int = 8

    def __post_init__(self) -> None:
        gap = _within(self.gap, LEAST_GAP, LONGEST_GAP)
        errors = [_within(it, LEAST_ERROR_WAIT, LONGEST_WAIT) for it in self.after_error]
        no_answers, busy = (
            [it if it == OPENING else _within(it, gap, LONGEST_WAIT) for it in waits]
            for waits in (self.after_no_answer, self.after_busy)
        )
        bounded = {
            "offline_for": _within(self.offline_for, LEAST_COOLDOWN, LONGEST_COOLDOWN),
            "missed_for": _within(self.missed_for, LEAST_COOLDOWN, LONGEST_COOLDOWN),
            "missed_in_a_row": _within(self.missed_in_a_row, 1, MAX_MISSED),
            "missed_pause": _within(self.missed_pause, LEAST_PAUSE, LONGEST_PAUSE),
            "unreached_for": _within(self.unreached_for, LEAST_COOLDOWN, LONGEST_COOLDOWN),
            "after_error": tuple(errors) or (LONGEST_WAIT,),
            "after_no_answer": tuple(no_answers[: MAX_ATTEMPTS - 1]),
            "after_busy": tuple(busy[: MAX_ATTEMPTS - 1]),
            "bad_number_tries": _within(self.bad_number_tries, 1, MAX_ATTEMPTS),
            "invalid_tries": _within(self.invalid_tries, 1, MAX_ATTEMPTS),
            "gap": gap,
            "calls_a_day": _within(self.calls_a_day, 1, MAX_CALLS_A_DAY),
        }
        for name, value in bounded.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Step:
    """The consequence of one outcome.

    A lead that is called again waits for `after`, and with `at_opening` then until a team opens
    again. `message` is for the manager, on a lead that needs a person.
    """

    lead: LeadStep
    extension: ExtensionStep = ExtensionStep.FREE
    after: timedelta = timedelta(0)
    at_opening: bool = False
    out_for: timedelta = timedelta(0)
    message: str = ""


def next_step(
    outcome: Outcome,
    same_before: int,
    attempts: int,
    policy: Policy,
    *,
    suspect: bool = False,
    of_all: bool = False,
    of_account: timedelta | None = None,
    faults: int = 0,
) -> Step:
    """What follows from `outcome`.

    `same_before`: earlier attempts of this lead that count as the same outcome
    (`counted_together`). `attempts`: all that count (MAX_ATTEMPTS), including this one. `faults`:
    this lead's FAULTS after which other leads were reached: the provider works, but not for this
    lead. `suspect`: this extension had INVALID with another lead before. `of_all`: all recent calls
    had INVALID: no lead is at fault, and it lasts until somebody fixes the cause. `of_account`: the
    provider refuses the account, and no call is made until it accepts the account again
    (calling.account_gate); the lead waits this long without using up a try.
    """
    if of_account is not None:
        return Step(LeadStep.CALL_AGAIN, after=of_account)
    if of_all and outcome is Outcome.INVALID:
        return Step(LeadStep.CALL_AGAIN, after=policy.after_error[: same_before + 1][-1])
    step = _by_table(outcome, same_before, policy, suspect)
    if step.lead is not LeadStep.CALL_AGAIN or outcome in _ENDED_WITH_THE_EXTENSION:
        return step
    used_up = faults if outcome in FAULTS else attempts
    if used_up >= MAX_ATTEMPTS:
        return Step(LeadStep.FAILED, step.extension, message=f"Given up after {used_up} attempts.")
    return step


def _by_table(  # noqa: C901  # a table: one row for each case
    outcome: Outcome, same_before: int, policy: Policy, suspect: bool
) -> Step:
    again = LeadStep.CALL_AGAIN
    match outcome:
        case Outcome.OFFLINE:
            return Step(again, ExtensionStep.OUT, out_for=policy.offline_for)
        case Outcome.BLOCKED:
            return Step(again, ExtensionStep.BLOCKED)
        case Outcome.MISCONFIGURED:
            return Step(again, ExtensionStep.PAUSED, out_for=policy.missed_pause)
        case Outcome.INVALID:
            once_more = same_before + 1 < policy.invalid_tries
            return Step(
                again if once_more else LeadStep.FAILED,
                ExtensionStep.FLAGGED if suspect else ExtensionStep.FREE,
            )
        case Outcome.PROVIDER_ERROR | Outcome.NOT_SENT:
            # An outage is not the lead's fault: the last wait repeats until the outage ends.
            return Step(again, after=policy.after_error[: same_before + 1][-1])
        case Outcome.AGENT_NO_ANSWER:
            return Step(again, ExtensionStep.MISSED, out_for=policy.missed_for)
        case Outcome.AGENT_UNREACHED:
            return Step(again, ExtensionStep.OUT, out_for=policy.unreached_for)
        case Outcome.LEAD_NOT_RUNG if same_before == 0:
            return Step(again)
        case Outcome.LEAD_NOT_RUNG:
            return Step(again, after=policy.after_error[:same_before][-1])
        case Outcome.LEAD_NO_ANSWER | Outcome.SHORT_TALK | Outcome.LEAD_BUSY:
            return _after_no_answer(same_before, policy, busy=outcome is Outcome.LEAD_BUSY)
        case Outcome.BAD_NUMBER if same_before + 1 < policy.bad_number_tries:
            return Step(again, after=max(policy.gap, policy.after_error[-1]))
        case Outcome.BAD_NUMBER:
            return Step(
                LeadStep.FAILED,
                message="The lead's number is wrong or cannot be reached. Check it, or write to "
                "the lead.",
            )
        case Outcome.STOPPED:
            return Step(LeadStep.CANCELLED)
        case Outcome.BRIDGED:
            return Step(LeadStep.CONNECTED)
        case Outcome.NO_RECORD:
            return Step(LeadStep.CALLED)
        case Outcome.NEVER_KNOWN:
            return Step(
                LeadStep.FAILED,
                message="Neither the provider's answer nor a record of the call tells what became "
                "of it. Ask the salesperson whether they talked with the lead before you call "
                "again.",
            )


def _after_no_answer(same_before: int, policy: Policy, *, busy: bool) -> Step:
    if same_before >= len(policy.after_no_answer):
        return Step(LeadStep.UNREACHED)
    wait = policy.after_no_answer[same_before]
    if busy and policy.after_busy:
        engaged = policy.after_busy[: same_before + 1][-1]
        # A person whose line is busy is there, so never wait longer than after no answer.
        timed = [it for it in (engaged, wait) if it != OPENING]
        wait = min(timed) if timed else wait
    if wait != OPENING:
        return Step(LeadStep.CALL_AGAIN, after=wait)
    # Waits never get shorter: an opening sooner than the last timed wait is skipped.
    timed = [it for it in policy.after_no_answer[:same_before] if it != OPENING]
    return Step(LeadStep.CALL_AGAIN, after=timed[-1] if timed else policy.gap, at_opening=True)


def _within(value: _T, least: _T, most: _T) -> _T:
    return min(max(value, least), most)
