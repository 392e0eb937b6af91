"""Reads the policy's numbers from the settings. The rules and their bounds are in `rules`."""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from django.conf import settings

from callbacks.policy.rules import OPENING, Policy, Wait


def policy() -> Policy:
    """The policy in force. Raises ValueError if a list of waits cannot be read."""
    return _policy(
        settings.OFFLINE_COOLDOWN,
        settings.MISSED_COOLDOWN,
        settings.MISSED_IN_A_ROW,
        tuple(settings.RETRY_AFTER_ERROR),
        tuple(settings.RETRY_AFTER_NO_ANSWER),
        tuple(settings.RETRY_AFTER_BUSY),
        settings.MISSED_PAUSE,
        settings.UNREACHED_COOLDOWN,
        settings.CALL_GAP,
        settings.CALLS_A_DAY,
    )


@lru_cache(maxsize=8)  # called for every claim
def _policy(
    offline: float,
    missed: float,
    missed_in_a_row: int,
    after_error: tuple[str, ...],
    after_no_answer: tuple[str, ...],
    after_busy: tuple[str, ...],
    missed_pause: float,
    unreached: float,
    gap: float,
    calls_a_day: int,
) -> Policy:
    return Policy(
        offline_for=timedelta(seconds=offline),
        missed_for=timedelta(seconds=missed),
        missed_in_a_row=missed_in_a_row,
        after_error=[timedelta(seconds=float(it)) for it in after_error],
        after_no_answer=waits(after_no_answer),
        after_busy=waits(after_busy),
        missed_pause=timedelta(seconds=missed_pause),
        unreached_for=timedelta(seconds=unreached),
        gap=timedelta(seconds=gap),
        calls_a_day=calls_a_day,
    )


def in_settings(values: Sequence[Wait]) -> list[str]:
    """Waits as the settings write them: seconds, or "opening". The inverse of `waits`."""
    return [it if isinstance(it, str) else f"{it.total_seconds():g}" for it in values]


def waits(words: Sequence[str]) -> list[Wait]:
    """["120", "opening"] -> waits: seconds, or until the next opening. Raises ValueError."""
    return [OPENING if it == OPENING else timedelta(seconds=float(it)) for it in words]
