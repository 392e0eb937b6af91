"""How one leg of a call ended: the provider's words, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class LegOutcome(StrEnum):
    """How a leg ended, in our words."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    UNREACHABLE = "unreachable"  # there is no such phone, or it is not to be had now
    NETWORK = "network"  # a fault on the way: it says nothing of the phone or the person
    NOT_CALLED = "not_called"  # the call had ended before it was this leg's turn
    OTHER = "other"


# The provider's words; one that is not here is OTHER, and stands in the record's `.status`.
OUTCOMES: Mapping[str, LegOutcome] = {
    "ANSWER": LegOutcome.ANSWERED,
    "BUSY": LegOutcome.BUSY,
    "NOANSWER": LegOutcome.NO_ANSWER,
    "CANCEL": LegOutcome.NO_ANSWER,
    "ABANDONE": LegOutcome.NO_ANSWER,
    "TIMEOUT": LegOutcome.NO_ANSWER,
    "VOICEMAIL": LegOutcome.VOICEMAIL,
    "CHANUNAVAIL": LegOutcome.UNREACHABLE,
    "INVALIDARGS": LegOutcome.UNREACHABLE,
    "CONGESTION": LegOutcome.NETWORK,
    "NOTDIALED": LegOutcome.NETWORK,
    "SSWPREAUTH": LegOutcome.NETWORK,
    "NOTCALLED": LegOutcome.NOT_CALLED,
    # Of queues and menus; a click2call has neither, so they say nothing about it.
    "FULL": LegOutcome.OTHER,
    "EXIT": LegOutcome.OTHER,
    "JOINEMPTY": LegOutcome.OTHER,
    "VOEND": LegOutcome.OTHER,
    "TE": LegOutcome.OTHER,
}

# With these words of the provider, the phone of the leg has rung.
RANG = ("ANSWER", "NOANSWER", "BUSY", "VOICEMAIL")


def talk_time(talked: int | None, status: str, duration: int | None) -> int | None:
    """Seconds of talk: as told apart by the sender, else the duration of an answered leg."""
    if talked is None and OUTCOMES.get(status) is LegOutcome.ANSWERED:
        return duration
    return talked
