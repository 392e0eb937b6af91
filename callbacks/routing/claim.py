"""Which extension for this lead: the claim. Its rules are in callbacks.routing.rules.

A claim is one round trip to a database function (claim.sql, next to this module). The function
locks the lead and the extension with row locks that nobody waits for (`FOR UPDATE SKIP LOCKED`) and
writes the attempt. The partial unique indexes on live attempts are a second safeguard: if two
claims still collide, one of them gets an IntegrityError and takes another extension.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction

from callbacks.common.db_errors import violated
from callbacks.models import CallAttempt
from callbacks.routing.availability import shifts
from callbacks.routing.number_limits import bounds
from callbacks.routing.rules import Owner, TeamOffer
from callbacks.spending import limits

# The machines that store a lead and that call it may have slightly different clocks. Without this
# tolerance, the lead would wait for the next sweep.
CLOCK_TOLERANCE = timedelta(seconds=1)

# Columns that the claim does not return: those that only the admin reads, and those that the
# database writes itself (spending/spend.sql). Django loads them when somebody reads them, and never
# overwrites them.
_LEFT_OUT = {"routing_trace", "counted_limits", "counted_set_up", "counted_per_minute"}
# An attempt's columns in their order, with the defaults that the claim leaves unchanged.
_UNTOUCHED = {
    field.attname: field.get_default()
    for field in CallAttempt._meta.concrete_fields
    if field.attname not in _LEFT_OUT
}

# The claim's text, and the function it creates. A changed text gets a new name and a migration.
SQL_FILE = Path(__file__).with_name("claim.sql")
FUNCTION = "callbacks_claim_v5"
_PARAMETERS = {
    "lead": "bigint",
    "extension": "bigint",
    "now": "timestamptz",
    "due": "timestamptz",
    "sent_at": "timestamptz",
    "hold_until": "timestamptz",
    "teams": "bigint[]",
    "strategies": "text[]",
    "any_language": "boolean[]",
    "has_languages": "boolean[]",
    "owner_since": "timestamptz[]",
    "an_owner_since": "timestamptz",
    "holds_for_owner": "boolean[]",
    "closed": "bigint[]",
    "opens": "timestamptz[]",
    "gap": "interval",
    "calls_a_day": "bigint",
    "a_day": "interval",
}
_CLAIM = "SELECT * FROM {}({})".format(  # noqa: S608  # put together from constants only
    FUNCTION,
    ", ".join(f"given_{name} => %({name})s::{type_}" for name, type_ in _PARAMETERS.items()),
)

# After losing to other claims this often, the lead waits: all extensions are being taken.
_TRIES = 5


@dataclass(frozen=True)
class Claim:
    """A lead and an extension reserved for each other by a committed, live attempt."""

    attempt: CallAttempt
    extension_kind: str


def claim(
    lead_id: int,
    asked: Sequence[TeamOffer],
    now: datetime,
    hold: timedelta,
    closed: Mapping[int, datetime | None] | None = None,
) -> Claim | None:
    """Reserves the lead and the extension whose turn it is; commits the attempt.

    `asked`: the teams that are asked, in order (rules.offers). `closed`: the extensions' schedules
    that are closed now, and when each opens (RoutingConfig.closed_shifts). `hold`: the longest time
    that the extension is kept if no record of the call arrives.

    Returns None if the lead is not waiting, not due or locked by somebody else, if no extension is
    free, or if the lead's number is on a call or may not be called yet. The caller has to send the
    attempt at once. Raises LimitReachedError if a spending limit forbids the call, and RuntimeError
    inside a transaction.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a claim has to be committed before anything is sent")
    terms = _terms(asked) | {"sent_at": now, **shifts(closed or {})}
    for _ in range(_TRIES):
        try:
            # A single statement is its own transaction, without round trips for BEGIN and COMMIT.
            return _claim(lead_id, now, hold, terms)
        except IntegrityError as error:
            if limits.is_reached(error):
                raise limits.LimitReachedError from error
            match violated(error):
                case "attempt_one_live_per_extension" | "attempt_one_live_per_salesperson":
                    continue
                case "attempt_one_live_per_lead" | "attempt_one_live_per_number":
                    return None
            raise
    return None


def claim_chosen(lead_id: int, extension_id: int, now: datetime, hold: timedelta) -> Claim | None:
    """Reserves the lead and one extension in the caller's transaction, to be sent after it.

    None if either is not available. The sender takes the attempt on first (CallAttempt.take_on).
    """
    terms = _terms([]) | {"sent_at": None, **shifts({}), "extension": extension_id}
    try:
        with transaction.atomic():
            return _claim(lead_id, now, hold, terms)
    except IntegrityError as error:
        if violated(error).startswith("attempt_one_live_"):
            return None
        raise


def _terms(asked: Sequence[TeamOffer]) -> dict[str, Any]:
    """The teams that are asked, as SQL parameters: one array for each of their terms."""
    return {
        "extension": None,
        "teams": [turn.team_id for turn in asked],
        "strategies": [turn.strategy for turn in asked],
        "any_language": [turn.any_language for turn in asked],
        "has_languages": [turn.has_languages for turn in asked],
        "owner_since": [turn.owner_since for turn in asked],
        "holds_for_owner": [turn.holds_for_owner for turn in asked],
        # None if no team has sticky agents: no owner is looked up.
        "an_owner_since": min(
            (turn.owner_since for turn in asked if turn.owner_since), default=None
        ),
    }


def _claim(lead_id: int, now: datetime, hold: timedelta, terms: dict[str, Any]) -> Claim | None:
    """Calls the database function: a claim for the attempt it wrote, or None."""
    sent_at, hold_until = terms["sent_at"], now + hold
    parameters = {
        "lead": lead_id,
        "now": now,
        "due": now + CLOCK_TOLERANCE,
        "hold_until": hold_until,
        **terms,
        **bounds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        found = cursor.fetchone()
    if found is None:
        return None
    pk, public_id, extension_id, number, kind, phone, salesperson_id, claimed_at = found
    columns = _UNTOUCHED | {
        "id": pk,
        "public_id": public_id,
        "lead_id": lead_id,
        "extension_id": extension_id,
        "salesperson_id": salesperson_id,
        "extension_number": number,
        "phone": phone,
        "claimed_at": claimed_at,
        "sent_at": sent_at,
        "hold_until": hold_until,
    }
    # The columns are in Django's order: passing them by name would take longer than all the rest.
    attempt = CallAttempt.from_db(DEFAULT_DB_ALIAS, columns, list(columns.values()))
    return Claim(attempt, kind)


def is_installed() -> bool:
    """Whether the database has the claim's function, i.e. `migrate` was run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc(%s) IS NOT NULL", [FUNCTION])
        return bool(cursor.fetchone()[0])


def whose(phone: str, asked: Sequence[TeamOffer], assigned_to: int | None = None) -> Owner | None:
    """The owner of a lead of this number, as the claim finds it.

    The person it is assigned to, or else whoever last talked with the number, within the longest
    period of the teams that are asked.
    """
    if assigned_to is not None:
        return Owner(salesperson=assigned_to)
    since = min((offer.owner_since for offer in asked if offer.owner_since), default=None)
    return owner_of(phone, since) if since else None


def owner_of(phone: str, since: datetime) -> Owner | None:
    """Who last talked with this number after `since`, as the claim finds it."""
    talk = (
        CallAttempt.objects.filter(phone=phone, state="bridged", claimed_at__gt=since)
        .order_by("-claimed_at")
        .values_list("extension_id", "claimed_at", "salesperson_id")
        .first()
    )
    return Owner(talk[0], talk[1], talk[2]) if talk and talk[0] is not None else None
