"""How one leg of a call ended: the provider's words, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Outcome(StrEnum):
    """How a leg ended, in our words."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    FAILED = "failed"
    OTHER = "other"


# The provider's words; one that is not here is OTHER, and stands in the record's `.status`.
OUTCOMES: Mapping[str, Outcome] = {
    "ANSWER": Outcome.ANSWERED,
    "BUSY": Outcome.BUSY,
    "NOANSWER": Outcome.NO_ANSWER,
    "CANCEL": Outcome.NO_ANSWER,
    "ABANDONE": Outcome.NO_ANSWER,
    "TIMEOUT": Outcome.NO_ANSWER,
    "VOICEMAIL": Outcome.VOICEMAIL,
    "NOTCALLED": Outcome.FAILED,
    "NOTDIALED": Outcome.FAILED,
    "CONGESTION": Outcome.FAILED,
    "CHANUNAVAIL": Outcome.FAILED,
    "INVALIDARGS": Outcome.FAILED,
    "SSWPREAUTH": Outcome.FAILED,
    # Of queues and menus; a click2call has neither, so they say nothing about it.
    "FULL": Outcome.OTHER,
    "EXIT": Outcome.OTHER,
    "JOINEMPTY": Outcome.OTHER,
    "VOEND": Outcome.OTHER,
    "TE": Outcome.OTHER,
}


def talk_time(talked: int | None, status: str, duration: int | None) -> int | None:
    """Seconds of talk: as told apart by the sender, else the duration of an answered leg."""
    if talked is None and OUTCOMES.get(status) is Outcome.ANSWERED:
        return duration
    return talked
