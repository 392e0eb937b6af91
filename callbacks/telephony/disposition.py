"""How a call ended, from the records of its two legs. Pure.

Every word of the provider has one meaning for each leg: here, by way of `OUTCOMES`. What follows
from a disposition is in callbacks.policy.rules. The records come in any order, and either may be
lost. The disposition depends on which records are here, not on which came first. A record that
contradicts an earlier disposition comes too late, unless it is a talk's.
"""

from dataclasses import dataclass
from enum import Enum

from callbacks.voicenter.values.leg_outcome import OUTCOMES, RANG, LegOutcome

# The phone was called, and nobody talked.
_NOT_REACHED = frozenset({LegOutcome.NO_ANSWER, LegOutcome.VOICEMAIL})
# Nothing is said of who was called: the phone was engaged, or the call did not get through to it.
_NOT_ASKED = frozenset(
    {LegOutcome.BUSY, LegOutcome.UNREACHABLE, LegOutcome.NETWORK, LegOutcome.NOT_CALLED}
)
# Seconds. A salesperson who was gone sooner has not waited until the lead's phone had rung.
_BRIEF = 10


class Disposition(Enum):
    """How a call ended, as far as its records tell."""

    BRIDGED = "bridged"
    SHORT_TALK = "short_talk"  # answered, and over before it can have been a conversation
    AGENT_NO_ANSWER = "agent_no_answer"
    AGENT_UNREACHED = "agent_unreached"  # the phone was engaged or the network failed
    LEAD_NO_ANSWER = "lead_no_answer"
    LEAD_BUSY = "lead_busy"
    BAD_NUMBER = "bad_number"  # the lead's number is wrong, or not to be reached
    LEAD_NOT_RUNG = "lead_not_rung"  # the salesperson picked up, and the lead's phone stayed silent
    UNCLEAR = "unclear"  # both records are here, and neither says that anybody was reached
    OPEN = "open"  # the other leg's record may still tell


@dataclass(frozen=True)
class Leg:
    """The record of one leg: the provider's word; seconds of talk and of ringing, where told."""

    status: str
    talk_time: int | None = None
    dial_time: int | None = None

    @property
    def outcome(self) -> LegOutcome:
        """Ours for the provider's word. With one that we do not know, talk tells of an answer."""
        found = leg_outcome(self.status)
        talked = found is LegOutcome.OTHER and (self.talk_time or 0) > 0
        return LegOutcome.ANSWERED if talked else found

    @property
    def rang(self) -> bool:
        """Whether its phone rang for sure: by the seconds, since some words come by default."""
        return (self.dial_time or 0) > 0 or self.status == RANG[0]


def leg_outcome(status: str) -> LegOutcome:
    """Our outcome for the provider's status. An unknown status is OTHER."""
    return OUTCOMES.get(status, LegOutcome.OTHER)


def disposition(
    leg1: Leg | None, leg2: Leg | None, *, least_talk: int = 0, is_over: bool = False
) -> Disposition:
    """How the call ended, by the record of each leg; None: it is not here.

    `least_talk`: seconds that the two must have talked to count as reached. `is_over`: no other
    record is waited for.
    """
    lead = leg2.outcome if leg2 else None
    if leg2 and lead is LegOutcome.ANSWERED:
        short = leg2.talk_time is not None and leg2.talk_time < least_talk
        return Disposition.SHORT_TALK if short else Disposition.BRIDGED
    sales = leg1.outcome if leg1 else None
    # The lead's phone rings only after the salesperson has answered, whatever leg 1 says.
    if not (leg2 and leg2.rang):
        if sales in _NOT_REACHED:
            return Disposition.AGENT_NO_ANSWER
        if sales in _NOT_ASKED:
            return Disposition.AGENT_UNREACHED
    if lead is not None:
        return _by_leg_2(lead, sales, is_over)
    if is_over and leg1 and sales is LegOutcome.ANSWERED and _was_brief(leg1):
        return Disposition.LEAD_NOT_RUNG
    return Disposition.OPEN


def _by_leg_2(lead: LegOutcome, sales: LegOutcome | None, is_over: bool) -> Disposition:
    """`sales`: what leg 1 says, None without a record. It did not say that nobody picked up."""
    if lead in _NOT_REACHED:
        return Disposition.LEAD_NO_ANSWER
    if lead is LegOutcome.BUSY:
        return Disposition.LEAD_BUSY
    if sales is None and not is_over:
        return Disposition.OPEN  # it may say that nobody picked up
    match lead:
        case LegOutcome.UNREACHABLE:
            return Disposition.BAD_NUMBER
        case LegOutcome.NETWORK | LegOutcome.NOT_CALLED:
            return Disposition.LEAD_NOT_RUNG
    if sales is LegOutcome.ANSWERED:
        return Disposition.LEAD_NO_ANSWER
    return Disposition.UNCLEAR if sales else Disposition.OPEN


def _was_brief(leg1: Leg) -> bool:
    """Whether the salesperson was gone before anybody can have been reached."""
    return leg1.talk_time is not None and leg1.talk_time < _BRIEF
