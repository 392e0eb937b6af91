"""The policy's numbers, from the settings. The rules and their bounds are callbacks.outcomes'."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings

from callbacks.outcomes import OPENING, Policy, Wait


def policy() -> Policy:
    """The policy in force. Raises ValueError when a list of waits cannot be read."""
    return Policy(
        offline_for=timedelta(seconds=settings.OFFLINE_COOLDOWN),
        missed_for=timedelta(seconds=settings.MISSED_COOLDOWN),
        missed_in_a_row=settings.MISSED_IN_A_ROW,
        after_error=[timedelta(seconds=float(it)) for it in settings.RETRY_AFTER_ERROR],
        after_no_answer=waits(settings.RETRY_AFTER_NO_ANSWER),
        gap=timedelta(seconds=settings.CALL_GAP),
        calls_a_day=settings.CALLS_A_DAY,
    )


def waits(words: Sequence[str]) -> list[Wait]:
    """["120", "opening"] -> waits, of seconds or until the next opening. Raises ValueError."""
    return [OPENING if it == OPENING else timedelta(seconds=float(it)) for it in words]
