"""What a lead waits for, second by second: as a rule, and the same rule in SQL.

A lead that waits does so since `waiting_since`: until `gap_until` for its chosen time or for the
gap before another try, from then until `closed_until` for opening hours, and after that for an
extension. The other half of its time, while it is being called, is
callbacks.models.time_accounting.

The SQL is for the one UPDATE that ends a wait (leads.transitions). The database reads the row that
it changes, so nobody has to read it before, and a conditional UPDATE that changes nothing adds
nothing. It is text, since each call that ends needs it: expressions of Django's would take two
milliseconds to be put together. tests/leads/test_wait_accounting.py holds the two rules against
each other.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import DateTimeField, DurationField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

from leads.models import LeadStatus


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
    `at` before the wait began, by a clock that is behind, is its beginning.
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


# --- the same in SQL ------------------------------------------------------------------------------

_NOTHING = "interval '0'"
# These wait for nothing of ours: for a manager, or not at all.
_AT_REST = ", ".join(
    f"'{it.value}'" for it in LeadStatus if it not in (LeadStatus.WAITING, LeadStatus.CALLING)
)

# Until when, a timestamptz; each part's names are brought in below.
_AT = "%s::timestamptz"
_SINCE = "leads_lead.waiting_since"
_UNTIL = f"GREATEST({_AT}, {_SINCE})"
# GREATEST and LEAST pass over NULL.
_GAP_ENDS = f"LEAST(GREATEST(leads_lead.gap_until, {_SINCE}), {_UNTIL})"
_OPENS = f"LEAST(GREATEST(leads_lead.closed_until, {_GAP_ENDS}), {_UNTIL})"
_IS_CHOSEN = "leads_lead.gap_until = leads_lead.chosen_at"
_GAP = f"{_GAP_ENDS} - {_SINCE}"
_DIVIDED = {
    Wait.CLOSED: f"({_OPENS} - {_GAP_ENDS})",
    Wait.CHOSEN: f"CASE WHEN {_IS_CHOSEN} THEN {_GAP} ELSE {_NOTHING} END",
    Wait.RETRY: f"CASE WHEN {_IS_CHOSEN} THEN {_NOTHING} ELSE {_GAP} END",
    Wait.EXTENSION: f"({_UNTIL} - {_OPENS})",
}
# Since when nothing of a lead's time is accounted for. A conversation is none of its wait.
_BEGAN = f"""
    CASE WHEN leads_lead.status = '{LeadStatus.CONNECTED}' THEN leads_lead.connected_at
        WHEN leads_lead.status IN ({_AT_REST})
            THEN COALESCE(leads_lead.closed_at, {_SINCE})
        ELSE {_SINCE} END
"""
_END = f"GREATEST({_AT}, {_BEGAN})"
_AT_REST_TIMES = dict.fromkeys(Wait, _NOTHING) | {Wait.RETRY: f"{_END} - {_BEGAN}"}


def divided(at: datetime | RawSQL) -> dict[Wait, RawSQL]:
    """What a lead has waited until `at` for each, this time."""
    return {what: _duration(sql, at) for what, sql in _DIVIDED.items()}


def waiting_until(at: datetime) -> dict[str, RawSQL]:
    """The columns of a lead that waits or is being called: with what it has waited until `at`."""
    return {
        f"waited_{what}": _duration(f"leads_lead.waited_{what} + {sql}", at)
        for what, sql in _DIVIDED.items()
    }


def anything_until(at: datetime) -> dict[str, RawSQL]:
    """The same of a lead in any status; one that is held or closed was between two tries."""
    return {
        f"waited_{what}": _duration(
            f"leads_lead.waited_{what} + CASE WHEN leads_lead.status IN ({_AT_REST})"
            f" THEN {_AT_REST_TIMES[what]} ELSE {sql} END",
            at,
        )
        for what, sql in _DIVIDED.items()
    }


def end_of_anything(at: datetime) -> RawSQL:
    """`at`, or the beginning of what ends there, where a clock is behind."""
    return _raw(_END, at, DateTimeField())


def not_before(at: datetime, earliest: Any) -> Greatest:
    """The later one of the two, as an expression."""
    return Greatest(Value(at, output_field=DateTimeField()), earliest)


def _duration(sql: str, at: datetime | RawSQL) -> RawSQL:
    return _raw(sql, at, DurationField())


def _raw(sql: str, at: datetime | RawSQL, output_field: Any) -> RawSQL:
    """`sql` with `at` in all places where it stands."""
    places = sql.count(_AT)
    if isinstance(at, RawSQL):
        sql, parameters = sql.replace(_AT, f"({at.sql})"), [*at.params] * places
    else:
        parameters = [at] * places
    return RawSQL(sql, parameters, output_field)  # noqa: S611  # constants only
