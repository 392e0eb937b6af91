"""How a call ended, from the records of its two legs. Pure.

The records come in any order, and either may be lost. The disposition depends on which records are
here, not on which came first. A record that contradicts an earlier disposition comes too late.
"""

from enum import Enum

from callbacks.voicenter.values.leg_outcome import OUTCOMES, LegOutcome

# The phone was called, and nobody talked.
_NOT_REACHED = frozenset({LegOutcome.BUSY, LegOutcome.NO_ANSWER, LegOutcome.VOICEMAIL})


class Disposition(Enum):
    """How a call ended, as far as its records tell."""

    BRIDGED = "bridged"
    AGENT_NO_ANSWER = "agent_no_answer"
    LEAD_NO_ANSWER = "lead_no_answer"
    UNCLEAR = "unclear"  # both records are here, and neither says that anybody was reached
    OPEN = "open"  # the other leg's record may still tell


def leg_outcome(status: str | None) -> LegOutcome | None:
    """Our outcome for the provider's status; None without a record. An unknown status is OTHER."""
    return None if status is None else OUTCOMES.get(status, LegOutcome.OTHER)


def disposition(leg1_status: str | None, leg2_status: str | None) -> Disposition:
    """How the call ended, from the provider's status of each leg; None: no record of it yet."""
    leg1, leg2 = leg_outcome(leg1_status), leg_outcome(leg2_status)
    if leg2 is LegOutcome.ANSWERED:
        return Disposition.BRIDGED
    if leg1 in _NOT_REACHED or leg1 is LegOutcome.FAILED:
        return Disposition.AGENT_NO_ANSWER
    # The lead's phone rings only after the salesperson has answered.
    if leg2 in _NOT_REACHED or (leg2 and leg1 is LegOutcome.ANSWERED):
        return Disposition.LEAD_NO_ANSWER
    return Disposition.UNCLEAR if leg1 and leg2 else Disposition.OPEN
