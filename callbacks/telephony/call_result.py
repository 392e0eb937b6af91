"""How a call ended, from the records of its two legs. Pure.

`leg_outcome` gives each word of the provider one meaning for each leg. What follows from a result
is in callbacks.policy.rules. The records come in any order, and either may be lost; the result does
not depend on the order. Leg 1 alone is enough to say that nobody picked up, so that the next
salesperson is rung without delay; a leg 2 that rang for seconds, or a talk, corrects that
(callbacks.reconciliation.records). Leg 2 alone is enough only if its phone rang: otherwise leg 1
may say that leg 2 was never called.
"""

from dataclasses import dataclass
from enum import Enum

from callbacks.voicenter.values.leg_outcome import LegOutcome, leg_outcome

# The phone was called, and nobody talked.
_NOT_REACHED = frozenset({LegOutcome.NO_ANSWER, LegOutcome.VOICEMAIL})
# Nothing is known about the person: the line was busy, or the call did not get through.
_NOT_ASKED = frozenset(
    {
        LegOutcome.BUSY,
        LegOutcome.UNREACHABLE,
        LegOutcome.NETWORK,
        LegOutcome.NOT_CALLED,
        LegOutcome.NOT_ANSWERED,
    }
)
# Seconds. A salesperson who hung up sooner did not wait until the lead's phone had rung.
_BRIEF = 10


class CallResult(Enum):
    """How a call ended, as far as its records say."""

    BRIDGED = "bridged"
    SHORT_TALK = "short_talk"  # answered, but too short to be a conversation
    AGENT_NO_ANSWER = "agent_no_answer"
    AGENT_UNREACHED = "agent_unreached"  # the phone was busy, or the network failed
    LEAD_NO_ANSWER = "lead_no_answer"
    LEAD_BUSY = "lead_busy"
    BAD_NUMBER = "bad_number"  # the lead's number is wrong, or not reachable
    LEAD_NOT_RUNG = "lead_not_rung"  # the salesperson picked up, but the lead's phone did not ring
    UNCLEAR = "unclear"  # the records do not say whether anybody was reached: a person must ask
    OPEN = "open"  # the other leg's record may still decide


@dataclass(frozen=True)
class Leg:
    """The record of one leg: the provider's word, and what else it says, if known.

    `talk_time`, `dial_time` (ringing) and `duration` (in all) are in seconds.
    """

    status: str
    talk_time: int | None = None
    dial_time: int | None = None
    duration: int | None = None
    is_answered: bool | None = None

    @property
    def outcome(self) -> LegOutcome:
        """Our word for the provider's, or for the other values if that word is unknown."""
        return leg_outcome(
            self.status,
            is_answered=self.is_answered,
            talk_time=self.talk_time,
            dial_time=self.dial_time,
            duration=self.duration,
        )

    @property
    def rang(self) -> bool:
        """Whether the phone certainly rang: judged by seconds, since some words come by default."""
        seconds = (self.dial_time or 0) + (self.talk_time or 0)
        return seconds > 0 or self.outcome is LegOutcome.ANSWERED


def call_result(
    leg1: Leg | None, leg2: Leg | None, *, least_talk: int = 0, is_over: bool = False
) -> CallResult:
    """How the call ended, from the record of each leg; None: the record has not arrived.

    `least_talk`: seconds that the two must have talked to count as reached. `is_over`: no other
    record is expected.
    """
    lead = leg2.outcome if leg2 else None
    if leg2 and lead is LegOutcome.ANSWERED:
        short = leg2.talk_time is not None and leg2.talk_time < least_talk
        return CallResult.SHORT_TALK if short else CallResult.BRIDGED
    sales = leg1.outcome if leg1 else None
    # The lead's phone rings only after the salesperson has answered, whatever leg 1 says.
    if not (leg2 and leg2.rang and lead is not LegOutcome.OTHER):
        if sales in _NOT_REACHED:
            return CallResult.AGENT_NO_ANSWER
        if sales in _NOT_ASKED:
            return CallResult.AGENT_UNREACHED
        if not is_over and not (leg1 and leg2):
            return CallResult.OPEN
    brief = leg1 is not None and sales is LegOutcome.ANSWERED and _was_brief(leg1)
    if leg2:
        return _by_leg_2(leg2, brief)
    if brief:
        return CallResult.LEAD_NOT_RUNG
    return CallResult.UNCLEAR if sales is LegOutcome.OTHER else CallResult.OPEN


def _by_leg_2(leg2: Leg, brief: bool) -> CallResult:
    """The result for an unanswered leg 2, unless leg 1 says that it was never called.

    `brief`: leg 1 was too short for anybody to have talked.
    """
    match leg2.outcome:
        case LegOutcome.NO_ANSWER | LegOutcome.VOICEMAIL | LegOutcome.NOT_ANSWERED:
            return CallResult.LEAD_NO_ANSWER
        case LegOutcome.BUSY:
            return CallResult.LEAD_BUSY
        case LegOutcome.OTHER:
            return CallResult.LEAD_NO_ANSWER if brief else CallResult.UNCLEAR
    if leg2.rang:
        return CallResult.LEAD_NO_ANSWER  # so neither the number nor the network was wrong
    if leg2.outcome is LegOutcome.UNREACHABLE:
        return CallResult.BAD_NUMBER
    return CallResult.LEAD_NOT_RUNG


def _was_brief(leg1: Leg) -> bool:
    """Whether the salesperson was gone before anybody could have been reached."""
    return leg1.talk_time is not None and leg1.talk_time < _BRIEF
