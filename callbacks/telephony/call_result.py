"""How a call ended, from the records of its two legs. Pure.

Every word of the provider has one meaning for each leg: here, by way of `leg_outcome`. What follows
from a result is in callbacks.policy.rules. The records come in any order, and either may be
lost; the end is the same in any order. Leg 1 alone tells that nobody picked up, since nobody may
wait for the next one to be rung; a leg 2 that has rung for seconds, or a talk, disproves it
(callbacks.reconciliation.records). Leg 2 alone tells only if it has rung: else leg 1 may say that
it was never its turn.
"""

from dataclasses import dataclass
from enum import Enum

from callbacks.voicenter.values.leg_outcome import LegOutcome, leg_outcome

# The phone was called, and nobody talked.
_NOT_REACHED = frozenset({LegOutcome.NO_ANSWER, LegOutcome.VOICEMAIL})
# Nothing is said of who was called: the phone was engaged, or the call did not get through to it.
_NOT_ASKED = frozenset(
    {
        LegOutcome.BUSY,
        LegOutcome.UNREACHABLE,
        LegOutcome.NETWORK,
        LegOutcome.NOT_CALLED,
        LegOutcome.NOT_ANSWERED,
    }
)
# Seconds. A salesperson who was gone sooner has not waited until the lead's phone had rung.
_BRIEF = 10


class CallResult(Enum):
    """How a call ended, as far as its records tell."""

    BRIDGED = "bridged"
    SHORT_TALK = "short_talk"  # answered, and over before it can have been a conversation
    AGENT_NO_ANSWER = "agent_no_answer"
    AGENT_UNREACHED = "agent_unreached"  # the phone was engaged or the network failed
    LEAD_NO_ANSWER = "lead_no_answer"
    LEAD_BUSY = "lead_busy"
    BAD_NUMBER = "bad_number"  # the lead's number is wrong, or not to be reached
    LEAD_NOT_RUNG = "lead_not_rung"  # the salesperson picked up, and the lead's phone stayed silent
    UNCLEAR = "unclear"  # the records do not say whether anybody was reached: a person asks
    OPEN = "open"  # the other leg's record may still tell


@dataclass(frozen=True)
class Leg:
    """The record of one leg: the provider's word; seconds of talk, of ringing and in all, and
    whether it was answered, where told.
    """

    status: str
    talk_time: int | None = None
    dial_time: int | None = None
    duration: int | None = None
    is_answered: bool | None = None

    @property
    def outcome(self) -> LegOutcome:
        """Ours for the provider's word, or for what is told beside one that we do not know."""
        return leg_outcome(
            self.status,
            is_answered=self.is_answered,
            talk_time=self.talk_time,
            dial_time=self.dial_time,
            duration=self.duration,
        )

    @property
    def rang(self) -> bool:
        """Whether its phone rang for sure: by the seconds, since some words come by default."""
        seconds = (self.dial_time or 0) + (self.talk_time or 0)
        return seconds > 0 or self.outcome is LegOutcome.ANSWERED


def call_result(
    leg1: Leg | None, leg2: Leg | None, *, least_talk: int = 0, is_over: bool = False
) -> CallResult:
    """How the call ended, by the record of each leg; None: it is not here.

    `least_talk`: seconds that the two must have talked to count as reached. `is_over`: no other
    record is waited for.
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
    """Of a leg 2 that was not answered, and of which leg 1 does not say that it was never its turn.

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
        return CallResult.LEAD_NO_ANSWER  # it is no wrong number, nor did the network fail before
    if leg2.outcome is LegOutcome.UNREACHABLE:
        return CallResult.BAD_NUMBER
    return CallResult.LEAD_NOT_RUNG


def _was_brief(leg1: Leg) -> bool:
    """Whether the salesperson was gone before anybody can have been reached."""
    return leg1.talk_time is not None and leg1.talk_time < _BRIEF
