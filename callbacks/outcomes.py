"""What an outcome means for the lead and for the extension. Pure; one table.

`next_step` is the whole policy: DESIGN.md's table, one branch a row. Numbers live in `Policy`.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

# No setting can lift a lead past this many attempts. Those that ended with the extension (offline,
# blocked, nobody picked up) do not count: they say nothing of the lead, its phone has not rung, and
# each takes its extension out.
MAX_ATTEMPTS = 20


class Outcome(Enum):
    """How an attempt ended, in our words."""

    OFFLINE = "offline"
    BLOCKED = "blocked"
    INVALID = "invalid"
    MISCONFIGURED = "misconfigured"  # the extension, by our own check of the call
    PROVIDER_ERROR = "provider_error"  # error 2, other codes, HTTP 401/403: surely not placed
    NOT_SENT = "not_sent"
    AGENT_NO_ANSWER = "agent_no_answer"
    LEAD_NO_ANSWER = "lead_no_answer"
    BRIDGED = "bridged"
    NO_RECORD = "no_record"
    NEVER_KNOWN = "never_known"


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


@dataclass(frozen=True)
class Policy:
    """The numbers of the table."""

    offline_for: timedelta = timedelta(minutes=2)
    missed_for: timedelta = timedelta(minutes=1)
    missed_in_a_row: int = 3
    after_error: tuple[timedelta, ...] = (
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
    )
    after_no_answer: tuple[timedelta, ...] = (
        timedelta(minutes=2),
        timedelta(minutes=15),
        timedelta(hours=2),
    )
    invalid_tries: int = 2


@dataclass(frozen=True)
class Step:
    """The consequence of one outcome.

    `message` is for the manager, on a lead that needs a person.
    """

    lead: LeadStep
    extension: ExtensionStep = ExtensionStep.FREE
    after: timedelta = timedelta(0)
    out_for: timedelta = timedelta(0)
    message: str = ""


def next_step(outcome: Outcome, same_before: int, attempts: int, policy: Policy) -> Step:
    """What follows `outcome`.

    `same_before`: earlier attempts of this lead that ended with the same outcome (for errors: any
    of PROVIDER_ERROR and NOT_SENT). `attempts`: all that count (see MAX_ATTEMPTS), this included.
    """
    step = _by_table(outcome, same_before, policy)
    blameless = step.extension is not ExtensionStep.FREE
    if step.lead is LeadStep.CALL_AGAIN and attempts >= MAX_ATTEMPTS and not blameless:
        return Step(
            LeadStep.FAILED,
            step.extension,
            out_for=step.out_for,
            message=f"Given up after {attempts} attempts.",
        )
    return step


def _by_table(  # noqa: C901  # a table: one row a case
    outcome: Outcome, same_before: int, policy: Policy
) -> Step:
    again = LeadStep.CALL_AGAIN
    match outcome:
        case Outcome.OFFLINE:
            return Step(again, ExtensionStep.OUT, out_for=policy.offline_for)
        case Outcome.BLOCKED:
            return Step(again, ExtensionStep.BLOCKED)
        case Outcome.MISCONFIGURED:
            return Step(again, ExtensionStep.PAUSED)
        case Outcome.INVALID if same_before + 1 < policy.invalid_tries:
            return Step(again)
        case Outcome.INVALID:
            return Step(LeadStep.FAILED)
        case Outcome.PROVIDER_ERROR | Outcome.NOT_SENT:
            # An outage is not the lead's fault: the last wait repeats until MAX_ATTEMPTS.
            return Step(again, after=policy.after_error[: same_before + 1][-1])
        case Outcome.AGENT_NO_ANSWER:
            return Step(again, ExtensionStep.MISSED, out_for=policy.missed_for)
        case Outcome.LEAD_NO_ANSWER if same_before < len(policy.after_no_answer):
            return Step(again, after=policy.after_no_answer[same_before])
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
                "Ask whether they talked before you call again.",
            )
