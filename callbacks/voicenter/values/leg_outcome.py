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
    UNREACHABLE = "unreachable"  # there is no such phone, or it cannot be reached now
    NETWORK = "network"  # a network fault, which says nothing about the phone or the person
    NOT_CALLED = "not_called"  # the call ended before this leg was called
    NOT_ANSWERED = "not_answered"  # not answered, for an unknown reason
    OTHER = "other"  # nothing says whether it was answered


# The provider's words. A word that is not here is still in the record's `.status`. The words of
# other programs mean the same.
OUTCOMES: Mapping[str, LegOutcome] = {
    "ANSWER": LegOutcome.ANSWERED,
    "ANSWERED": LegOutcome.ANSWERED,
    "BUSY": LegOutcome.BUSY,
    "NOANSWER": LegOutcome.NO_ANSWER,
    "CANCEL": LegOutcome.NO_ANSWER,
    "CANCELED": LegOutcome.NO_ANSWER,
    "CANCELLED": LegOutcome.NO_ANSWER,
    "CALLREJECTED": LegOutcome.NO_ANSWER,
    "ABANDONE": LegOutcome.NO_ANSWER,
    "TIMEOUT": LegOutcome.NO_ANSWER,
    "VOICEMAIL": LegOutcome.VOICEMAIL,
    "CHANUNAVAIL": LegOutcome.UNREACHABLE,
    "INVALIDARGS": LegOutcome.UNREACHABLE,
    "CONGESTION": LegOutcome.NETWORK,
    "NOTDIALED": LegOutcome.NETWORK,
    "SSWPREAUTH": LegOutcome.NETWORK,
    "NOTCALLED": LegOutcome.NOT_CALLED,
    # Used by queues and menus. A click2call has neither, so the words say nothing about it.
    "FULL": LegOutcome.OTHER,
    "EXIT": LegOutcome.OTHER,
    "JOINEMPTY": LegOutcome.OTHER,
    "VOEND": LegOutcome.OTHER,
    "TE": LegOutcome.OTHER,
}

# With these words of the provider, the phone of the leg has rung.
RANG = ("ANSWER", "NOANSWER", "BUSY", "VOICEMAIL")


def leg_outcome(
    status: str,
    *,
    is_answered: bool | None = None,
    talk_time: int | None = None,
    dial_time: int | None = None,
    duration: int | None = None,
) -> LegOutcome:
    """How a leg ended, from the provider's word, whose spaces and punctuation are ignored.

    An unknown or missing word says nothing, and neither does an ANSWER that `isAnswer` contradicts.
    Then the seconds of talk decide, together with `isAnswer`; without either, the whole duration
    compared with the seconds of ringing. OTHER: nothing decides, so nobody may conclude that they
    talked, or that they did not.
    """
    word = "".join(letter for letter in status.upper() if letter.isalnum())
    found = OUTCOMES.get(word, LegOutcome.OTHER)
    denied = found is LegOutcome.ANSWERED and is_answered is False
    if found is not LegOutcome.OTHER and not denied:
        return found
    told = {None if denied else is_answered, None if talk_time is None else talk_time > 0} - {None}
    if not told and duration is not None and (dial_time is not None or duration == 0):
        # A duration equal to the ringing has no talk; any other value includes talk.
        told = {duration not in (0, dial_time)}
    if told == {True}:
        return LegOutcome.ANSWERED
    if told == {False}:
        return LegOutcome.NO_ANSWER if dial_time else LegOutcome.NOT_ANSWERED
    return LegOutcome.OTHER


def talk_time(talked: int | None, outcome: LegOutcome, duration: int | None) -> int | None:
    """Seconds of talk: as sent separately, else the duration of an answered leg."""
    if talked is None and outcome is LegOutcome.ANSWERED:
        return duration
    return talked
