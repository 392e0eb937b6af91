"""The turns of leads that wait for the same opening. Pure; the database side is `pacing`.

The k-th lead (from 0) is called k / rate minutes after the opening. The rate is the sum of
`Team.opening_rate` over the teams that open then; if one of them has no rate, all leads are called
at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callbacks.policy.rules import A_DAY

_MINUTE = 60_000_000  # microseconds
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Turn:
    """When a lead is called, and the opening that it waited for until then."""

    at: datetime
    opening: datetime


@dataclass(frozen=True)
class PacedOpening:
    """An instant at which teams open together at a rate, in calls a minute.

    `sources`: the sources whose leads take turns there. `closes_at`: when the turns end; None:
    never.
    """

    at: datetime
    rate: int
    sources: Sequence[int]
    closes_at: datetime | None

    def moment(self, turn_number: int) -> datetime | None:
        """The time of this turn, from 0; None if the teams have closed by then."""
        at = self.at + timedelta(microseconds=round(turn_number * _MINUTE / self.rate))
        return at if self.closes_at is None or at < self.closes_at else None

    def turn_number(self, moment: datetime) -> int:
        """The number of the turn at a moment, or of the last turn before it."""
        return ((moment - self.at) // _MICROSECOND + 1) * self.rate // _MINUTE


def added_up(rates: Sequence[int | None]) -> int | None:
    """How many calls a minute the teams make together for waiting leads; None: no limit."""
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known and len(known) == len(rates) else None


def next_turn(
    opening: datetime,
    paced: Callable[[datetime], PacedOpening | None],
    last_moment: Callable[[PacedOpening], datetime | None],
    next_time: Callable[[datetime], datetime | None],
) -> Turn:
    """The turn after the last one taken; at a later opening if `opening` is full.

    `paced`: the opening at an instant; None: it has no rate. `last_moment`: the last turn of an
    opening that is taken; None: no turn is taken. `next_time`: when the lead may be called after a
    closing.
    """
    while shared := paced(opening):
        latest = last_moment(shared)
        at = opening if latest is None else shared.moment(shared.turn_number(latest) + 1)
        if at:
            return Turn(at, opening)
        opening = after_it_closes(shared, next_time)
    return Turn(opening, opening)


def after_it_closes(
    shared: PacedOpening, next_time: Callable[[datetime], datetime | None]
) -> datetime:
    """The next opening after `shared` closes."""
    if shared.closes_at is None:
        raise RuntimeError("an opening that never closes has a turn for every lead")
    return next_time(shared.closes_at) or shared.at + A_DAY
