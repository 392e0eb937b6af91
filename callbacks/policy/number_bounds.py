"""Until when a number may not be called again: the gap after a call, the calls of a day. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from callbacks.policy.rules import A_DAY, Policy


class RungCall(NamedTuple):
    """A call that rang a number, or may have. `ended_at` None: it has not ended."""

    rung_at: datetime
    ended_at: datetime | None


def narrowed(rules: Policy, own: int | None) -> Policy:
    """The rules for leads of a source whose number may be called `own` times a day.

    None: as often as the settings say. The smaller bound applies. In SQL:
    callbacks/routing/calls_a_day.sql.
    """
    return rules if own is None or own >= rules.calls_a_day else replace(rules, calls_a_day=own)


def limited_until(calls: Sequence[RungCall], rules: Policy) -> datetime | None:
    """Until when a number may not be called after these calls, oldest first; None: no limit.

    `rules`: `narrowed` to the lead's source. For the preview and the replay;
    callbacks.routing.number_limits has the same rule in SQL.
    """
    last = calls[-rules.calls_a_day :]
    bounds = [it.ended_at + rules.gap for it in last if it.ended_at]
    if len(last) == rules.calls_a_day:
        bounds.append(min(it.rung_at for it in last) + A_DAY)
    return max(bounds, default=None)
