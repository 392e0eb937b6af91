"""Counts a call that is made for no lead: into a conference room.

It has no attempt, so its caller counts it here, and uncounts it if it was not made after all. It is
assumed to last as long as other calls (spend.sql), and no record corrects that.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from callbacks.common import sql
from callbacks.spending import limits

_OF_A_CALL = """
    SELECT callbacks_limits_v2(NULL, price.its_country) AS limits, price.its_country AS country,
        price.its_set_up + price.its_per_minute * callbacks_minutes_v2() AS cost
    FROM callbacks_price_v2(%(phone)s) price
"""
_OF_AN_EXTENSION = "SELECT callbacks_limits_v2(NULL, '') AS limits, '' AS country, 0.0 AS cost"
_COUNT = "SELECT callbacks_count_v2(%(limits)s::bigint[], %(at)s::timestamptz, %(cost)s)"
_UNCOUNT = """
    SELECT callbacks_add_to_counts_v2(%(limits)s::bigint[], %(at)s::timestamptz, -1, -%(cost)s)
"""


@dataclass(frozen=True)
class CountedCall:
    """How a call was counted: for which limits, when, and at which estimated cost."""

    limits: list[int]
    at: datetime
    cost: Decimal


def count(phone: str, now: datetime) -> CountedCall:
    """Counts a call to this number (E.164; "": an extension of the account, which costs nothing).

    Raises LimitReachedError, with a sentence for a manager, if it would exceed a limit. The counts
    are locked until the transaction ends, so lock nothing afterwards.
    """
    [call] = sql.rows(_OF_A_CALL if phone else _OF_AN_EXTENSION, {"phone": phone})
    counted = CountedCall(call["limits"], now, call["cost"])
    try:
        with transaction.atomic():
            sql.rows(_COUNT, vars(counted))
    except IntegrityError as error:
        if not limits.is_reached(error):
            raise
        raise limits.LimitReachedError(
            limits.why_not(None, call["country"], call["cost"], now)
        ) from error
    return counted


def uncount(counted: CountedCall) -> None:
    """Uncounts a call that was not made. Must not run in a transaction that locks anything."""
    sql.rows(_UNCOUNT, vars(counted))
