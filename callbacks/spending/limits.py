"""How much of each spending limit is used, and reopening a limit.

spend.sql does the counting, in the transaction that makes or takes on a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.common import sql
from callbacks.common.db_errors import violated
from callbacks.common.formatting import percent, when
from callbacks.models.spending import MINUTES, SpendScope, SpendSpan
from leads import countries

# A limit is near from this share on.
NEAR = 0.8
_CONSTRAINT = "spend_limit_reached"

_STANDINGS = """
    SELECT limits.id, limits.scope, limits.country, source.name AS source_name, limits.source_id,
        spans.span, its.began_at,
        CASE spans.span WHEN 'hour' THEN its.began_at + interval '1 hour'
            ELSE (its.began_at AT TIME ZONE limits.time_zone + interval '1 day')
                AT TIME ZONE limits.time_zone END AS ends_at,
        CASE spans.span WHEN 'hour' THEN limits.calls_an_hour ELSE limits.calls_a_day END
            AS set_calls,
        CASE spans.span WHEN 'hour' THEN limits.cost_an_hour ELSE limits.cost_a_day END AS set_cost,
        COALESCE(counted.calls, 0) AS calls, COALESCE(counted.cost, 0) AS cost,
        COALESCE(counted.opened, 0) AS opened,
        COALESCE((
            SELECT min(price.set_up + COALESCE(price.per_minute, 0) * %(minutes)s)
            FROM callbacks_callprice price
            WHERE limits.scope <> 'country' OR price.country = limits.country
        ), 0) AS least_cost
    FROM callbacks_spendlimit limits
    CROSS JOIN (VALUES ('hour'), ('day')) spans (span)
    CROSS JOIN LATERAL (SELECT date_trunc(
        spans.span, %(now)s::timestamptz AT TIME ZONE limits.time_zone
    ) AT TIME ZONE limits.time_zone AS began_at) its
    LEFT JOIN callbacks_spendcount counted ON counted.limit_id = limits.id
        AND counted.span = spans.span AND counted.began_at >= its.began_at
    LEFT JOIN leads_leadsource source ON source.id = limits.source_id
    ORDER BY limits.scope, source.name, limits.country, limits.id, spans.span DESC
"""

_OF_A_CALL = """
    SELECT its_country AS country,
        its_set_up + its_per_minute * callbacks_minutes_v2() AS cost
    FROM callbacks_price_v2(%(phone)s)
"""
_RECOUNT = "SELECT callbacks_recount_v2(%(attempt)s, %(counted)s, %(minutes)s) AS more"
_UNSPEND = "SELECT callbacks_unspend_v2(%(attempt)s, %(counted)s)"

_OPEN = """
    INSERT INTO callbacks_spendcount AS counted (limit_id, span, began_at, calls, cost, opened)
    SELECT limits.id, %(span)s, date_trunc(
        %(span)s, %(now)s::timestamptz AT TIME ZONE limits.time_zone
    ) AT TIME ZONE limits.time_zone, 0, 0, 1
    FROM callbacks_spendlimit limits WHERE limits.id = %(limit)s
    ON CONFLICT (limit_id, span) DO UPDATE SET
        began_at = GREATEST(counted.began_at, EXCLUDED.began_at),
        calls = CASE WHEN counted.began_at < EXCLUDED.began_at THEN 0 ELSE counted.calls END,
        cost = CASE WHEN counted.began_at < EXCLUDED.began_at THEN 0 ELSE counted.cost END,
        opened = 1 + CASE WHEN counted.began_at < EXCLUDED.began_at THEN 0
            ELSE counted.opened END
"""


class LimitReachedError(Exception):
    """A spending limit keeps a call from being dialled now. Nothing was reserved."""


@dataclass(frozen=True)
class Standing:
    """How much of a limit is used in the present hour or day.

    `most_calls`, `most_cost`: including what a manager has reopened; None: no bound. `cost` is an
    estimate in the currency of the account.
    """

    limit_id: int
    scope: SpendScope
    source_id: int | None
    name: str
    country: str
    span: SpendSpan
    ends_at: datetime
    calls: int
    most_calls: int | None
    cost: Decimal
    most_cost: Decimal | None
    opened: int
    least_cost: Decimal  # of the cheapest call

    @property
    def is_bounded(self) -> bool:
        """Whether a limit is set for this span."""
        return self.most_calls is not None or self.most_cost is not None

    @property
    def used(self) -> float:
        """The used share, 0 to 1: of calls or of cost, whichever is more; 1 if nothing may be
        dialled at all.
        """
        used = [
            1.0 if not most else float(spent) / float(most)
            for spent, most in ((self.calls, self.most_calls), (self.cost, self.most_cost))
            if most is not None
        ]
        return min(max(used, default=0.0), 1.0)

    @property
    def is_used_up(self) -> bool:
        """Whether not even the cheapest call may be dialled."""
        return self.is_bounded and (self.used >= 1 or self.is_used_up_for(self.least_cost))

    def is_used_up_for(self, cost: Decimal) -> bool:
        """Whether one more call at this cost would exceed it."""
        return (self.most_calls is not None and self.calls >= self.most_calls) or (
            self.most_cost is not None and self.cost + cost > self.most_cost
        )

    def concerns(self, source_id: int | None, country: str) -> bool:
        """Whether calls of this source to this country count towards it."""
        return (
            self.scope == SpendScope.ALL
            or (self.scope == SpendScope.SOURCE and self.source_id == source_id is not None)
            or (self.scope == SpendScope.COUNTRY and self.country == country)
        )

    def sentence(self, now: datetime, zone: tzinfo) -> str:
        """For a manager: which limit is reached, and when calls continue."""
        values = {"limit": self.name, "when": when(self.ends_at, now, zone)}
        if self.span == SpendSpan.HOUR:
            return (
                gettext(
                    "The spending limit for this hour is reached (%(limit)s). No more of "
                    "these calls are dialled until %(when)s or until somebody reopens the "
                    "limit."
                )
                % values
            )
        return (
            gettext(
                "The spending limit for today is reached (%(limit)s). No more of these "
                "calls are dialled until %(when)s or until somebody reopens the limit."
            )
            % values
        )


def of_its_use(standing: Standing) -> str:
    """For a manager: how much of a limit is used, as a sentence."""
    values = {"limit": standing.name, "share": percent(standing.used)}
    if standing.span == SpendSpan.HOUR:
        return (
            gettext("%(share)s of the spending limit for this hour is used (%(limit)s).") % values
        )
    return gettext("%(share)s of the spending limit for today is used (%(limit)s).") % values


def is_reached(error: IntegrityError) -> bool:
    """Whether the database refused a call because of a spending limit."""
    return violated(error) == _CONSTRAINT


def standings(now: datetime) -> list[Standing]:
    """All limits, by hour and by day. One query."""
    return [_standing(row) for row in sql.rows(_STANDINGS, {"now": now, "minutes": MINUTES})]


def used_up_for(source_id: int, phone: str, now: datetime) -> Standing | None:
    """The limit that is used up for a call of this source to this number; of several, the one that
    ends last.
    """
    [call] = sql.rows(_OF_A_CALL, {"phone": phone})
    return _last_that_is_used_up(source_id, call["country"], call["cost"], now)


def why_not(source_id: int | None, country: str, cost: Decimal, now: datetime) -> str:
    """For a manager: the limit that is used up for such a call, as a sentence."""
    found = _last_that_is_used_up(source_id, country, cost, now)
    if found is None:  # somebody has reopened it meanwhile
        return reached()
    return found.sentence(now, timezone.get_current_timezone())


def reached() -> str:
    """For a manager: what `why_not` says if it is not known which limit it was."""
    return gettext("A spending limit was reached, so this call was not dialled.")


def used_up(found: Sequence[Standing]) -> list[Standing]:
    """The limits that allow no further call."""
    return [it for it in found if it.is_used_up]


def near(found: Sequence[Standing]) -> list[Standing]:
    """The limits of which at least NEAR is used, or that are used up."""
    return [it for it in found if it.is_used_up or (it.is_bounded and it.used >= NEAR)]


def open_again(limit_id: int, span: SpendSpan, now: datetime) -> None:
    """Allows the set amount once more, until the hour or day is over."""
    # The trigger counts in the same row, so neither change is lost, whichever comes first.
    sql.run(_OPEN, {"limit": limit_id, "span": span.value, "now": now})


def give_back(attempt_id: int, *, counted: int) -> None:
    """Uncounts a call that was not made; `counted`: the minutes it was counted by. Must not run in
    a transaction that locks anything. A call that is already uncounted stays as it is.
    """
    sql.run(_UNSPEND, {"attempt": attempt_id, "counted": counted})


def recount(attempt_id: int, *, counted: int, minutes: int) -> Decimal:
    """Counts a call by `minutes` instead of `counted` minutes. Must not run in a transaction that
    locks anything. Returns how much the cost rose. An uncounted call is counted again.
    """
    [found] = sql.rows(_RECOUNT, {"attempt": attempt_id, "counted": counted, "minutes": minutes})
    more: Decimal = found["more"]
    return more


def _last_that_is_used_up(
    source_id: int | None, country: str, cost: Decimal, now: datetime
) -> Standing | None:
    found = (
        it for it in standings(now) if it.concerns(source_id, country) and it.is_used_up_for(cost)
    )
    return max(found, key=lambda it: it.ends_at, default=None)


def _standing(row: dict[str, Any]) -> Standing:
    scope, times = SpendScope(row["scope"]), 1 + row["opened"]
    return Standing(
        limit_id=row["id"],
        scope=scope,
        source_id=row["source_id"],
        name=_name(scope, row["source_name"], row["country"]),
        country=row["country"],
        span=SpendSpan(row["span"]),
        ends_at=row["ends_at"],
        calls=row["calls"],
        most_calls=None if row["set_calls"] is None else row["set_calls"] * times,
        cost=row["cost"],
        most_cost=None if row["set_cost"] is None else row["set_cost"] * times,
        opened=row["opened"],
        least_cost=row["least_cost"],
    )


def _name(scope: SpendScope, source_name: str, country: str) -> str:
    match scope:
        case SpendScope.SOURCE:
            return source_name
        case SpendScope.COUNTRY:
            return countries.name(country)
    return str(SpendScope.ALL.label)
