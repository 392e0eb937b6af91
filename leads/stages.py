"""What a lead waits for, second by second. Pure.

A lead that waits does so since `waiting_since`: until `gap_until` for its chosen time or for the
gap before another try, from then until `closed_until` for opening hours, and after that for an
extension. The other half of its time, while it is being called, is
callbacks.models.time_accounting.
"""

from datetime import datetime, timedelta
from enum import StrEnum


class Wait(StrEnum):
    """What a lead may wait for. The column of each is Lead.waited_<value>."""

    CLOSED = "closed"
    CHOSEN = "chosen"
    RETRY = "retry"
    EXTENSION = "extension"


def is_chosen(gap_until: datetime | None, chosen_at: datetime | None) -> bool:
    """Whether the gap is the wait for the visitor's chosen time; any other is one between tries."""
    return gap_until is not None and gap_until == chosen_at


def waited(
    waiting_since: datetime,
    gap_until: datetime | None,
    closed_until: datetime | None,
    at: datetime,
    *,
    chosen: bool,
) -> dict[Wait, timedelta]:
    """The time from `waiting_since` to `at`, divided; the parts add up to all of it.

    `chosen`: the gap is the wait for the visitor's chosen time. None of the parts is negative: an
    `at` before the wait began, by a clock that is behind, is its beginning. The same in SQL:
    leads.wait_accounting.
    """
    until = max(at, waiting_since)
    gap_ends = min(max(gap_until or waiting_since, waiting_since), until)
    opens = min(max(closed_until or gap_ends, gap_ends), until)
    gap = gap_ends - waiting_since
    return {
        Wait.CLOSED: opens - gap_ends,
        Wait.CHOSEN: gap if chosen else timedelta(0),
        Wait.RETRY: timedelta(0) if chosen else gap,
        Wait.EXTENSION: until - opens,
    }
