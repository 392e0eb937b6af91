"""What a lead waits for, second by second: the rule in Python, and the same rule in SQL.

A wait begins at `waiting_since`. Until `gap_until` the lead waits for its chosen time, for the end
of a spending limit, or for the gap before another call; then until `closed_until` for opening
hours; after that for an extension. A held lead waits for a manager, whatever it would otherwise
wait for. callbacks.models.time_accounting divides the rest of a lead's time, while it is being
called.

The SQL is part of the UPDATE that ends a wait (leads.transitions). The database reads the row that
it changes, so the row need not be read before, and a conditional UPDATE that changes no row adds
nothing. The SQL is text because Django takes two milliseconds to build it from expressions, for
every call that ends. tests/leads/test_wait_accounting.py compares the two rules.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import DateTimeField, DurationField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

from leads.models import LeadStatus


class Wait(StrEnum):
    """What a lead may wait for. Lead.waited_<value> holds the time for each."""

    CLOSED = "closed"
    CHOSEN = "chosen"
    RETRY = "retry"
    EXTENSION = "extension"
    LIMIT = "limit"
    HELD = "held"


def gap_of(
    gap_until: datetime | None, chosen_at: datetime | None, limit_until: datetime | None
) -> Wait:
    """What the gap is for: the visitor's chosen time, a spending limit, or another call."""
    if gap_until is not None and gap_until == chosen_at:
        return Wait.CHOSEN
    if gap_until is not None and gap_until == limit_until:
        return Wait.LIMIT
    return Wait.RETRY


def waited(
    waiting_since: datetime,
    gap_until: datetime | None,
    closed_until: datetime | None,
    at: datetime,
    *,
    gap: Wait,
) -> dict[Wait, timedelta]:
    """Divides the time from `waiting_since` to `at` for a lead that is not held; the parts add up
    to the whole.

    `gap`: what the gap is for (gap_of). No part is negative: an `at` before `waiting_since`, from a
    slow clock, counts as `waiting_since`.
    """
    until = max(at, waiting_since)
    gap_ends = min(max(gap_until or waiting_since, waiting_since), until)
    opens = min(max(closed_until or gap_ends, gap_ends), until)
    return dict.fromkeys(Wait, timedelta(0)) | {
        Wait.CLOSED: opens - gap_ends,
        Wait.EXTENSION: until - opens,
        gap: gap_ends - waiting_since,
    }


# --- the same in SQL ------------------------------------------------------------------------------

_NOTHING = "interval '0'"
# Leads with these statuses wait for a manager, or not at all.
_AT_REST = ", ".join(
    f"'{it.value}'" for it in LeadStatus if it not in (LeadStatus.WAITING, LeadStatus.CALLING)
)

# The parameter: the end of the counted time.
_AT = "%s::timestamptz"
_SINCE = "leads_lead.waiting_since"
_UNTIL = f"GREATEST({_AT}, {_SINCE})"
# GREATEST and LEAST ignore NULL.
_GAP_ENDS = f"LEAST(GREATEST(leads_lead.gap_until, {_SINCE}), {_UNTIL})"
_OPENS = f"LEAST(GREATEST(leads_lead.closed_until, {_GAP_ENDS}), {_UNTIL})"
_GAP_OF = f"""
    CASE leads_lead.gap_until WHEN leads_lead.chosen_at THEN '{Wait.CHOSEN}'
        WHEN leads_lead.limit_until THEN '{Wait.LIMIT}' ELSE '{Wait.RETRY}' END
"""
_DIVIDED = {
    Wait.CLOSED: f"({_OPENS} - {_GAP_ENDS})",
    **{
        what: f"CASE WHEN {_GAP_OF} = '{what}' THEN {_GAP_ENDS} - {_SINCE} ELSE {_NOTHING} END"
        for what in (Wait.CHOSEN, Wait.LIMIT, Wait.RETRY)
    },
    Wait.EXTENSION: f"({_UNTIL} - {_OPENS})",
    Wait.HELD: _NOTHING,
}
# When the part of a lead's time begins that is not accounted for yet. A conversation is not part of
# its wait; a conversation recorded late, when the lead waited again or was on another call, began
# before that wait.
_BEGAN = f"""
    CASE WHEN leads_lead.status = '{LeadStatus.CONNECTED}' AND leads_lead.connected_at >= {_SINCE}
            THEN leads_lead.connected_at
        WHEN leads_lead.status IN ({_AT_REST})
            THEN COALESCE(leads_lead.closed_at, {_SINCE})
        ELSE {_SINCE} END
"""
_END = f"GREATEST({_AT}, {_BEGAN})"
_IS_HELD = f"leads_lead.status = '{LeadStatus.HELD}'"
_AT_REST_TIMES = dict.fromkeys(Wait, _NOTHING) | {
    Wait.HELD: f"CASE WHEN {_IS_HELD} THEN {_END} - {_BEGAN} ELSE {_NOTHING} END",
    Wait.RETRY: f"CASE WHEN {_IS_HELD} THEN {_NOTHING} ELSE {_END} - {_BEGAN} END",
}


def divided(at: datetime | RawSQL) -> dict[Wait, RawSQL]:
    """How long a lead that is not held has waited for each reason in its current wait, until
    `at`.
    """
    return {what: _duration(sql, at) for what, sql in _DIVIDED.items()}


def waiting_until(at: datetime) -> dict[str, RawSQL]:
    """The `waited_*` columns, up to `at`, of a lead that waits or is being called."""
    return {
        f"waited_{what}": _duration(f"leads_lead.waited_{what} + {sql}", at)
        for what, sql in _DIVIDED.items()
        if sql != _NOTHING
    }


def anything_until(at: datetime) -> dict[str, RawSQL]:
    """The `waited_*` columns, up to `at`, of a lead in any status.

    The time of a closed lead counts as time between two calls.
    """
    return {
        f"waited_{what}": _duration(
            f"leads_lead.waited_{what} + CASE WHEN leads_lead.status IN ({_AT_REST})"
            f" THEN {_AT_REST_TIMES[what]} ELSE {sql} END",
            at,
        )
        for what, sql in _DIVIDED.items()
    }


def end_of_anything(at: datetime) -> RawSQL:
    """`at`; or the beginning of the time that ends there, if a clock is slow."""
    return _raw(_END, at, DateTimeField())


def not_before(at: datetime, earliest: Any) -> Greatest:
    """The later of the two, as an expression."""
    return Greatest(Value(at, output_field=DateTimeField()), earliest)


def _duration(sql: str, at: datetime | RawSQL) -> RawSQL:
    return _raw(sql, at, DurationField())


def _raw(sql: str, at: datetime | RawSQL, output_field: Any) -> RawSQL:
    """`sql` with `at` in place of every _AT."""
    places = sql.count(_AT)
    if isinstance(at, RawSQL):
        sql, parameters = sql.replace(_AT, f"({at.sql})"), [*at.params] * places
    else:
        parameters = [at] * places
    return RawSQL(sql, parameters, output_field)  # noqa: S611  # constants only
