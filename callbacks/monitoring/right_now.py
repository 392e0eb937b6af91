"""Who waits, which calls are on and what people do now, for the wallboard and the overview."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.common import sql
from callbacks.models import Team
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.monitoring import people
from callbacks.routing import config
from callbacks.scheduling.promise import Promise, promise_to
from leads.models import Lead

# How many waiting leads are listed; the others are only counted.
MOST_WAITING = 8

_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)

# Leads whose phone has not rung come first, by due time; then those that are called again.
# `longest`: over all of them, the lead whose phone has not rung and whose clock runs longest.
_SEEN = """(%(all)s OR lead.source_id = ANY(%(sources)s::bigint[])
        OR lead.by_team = ANY(%(teams)s::bigint[]))"""
_WAITING = f"""
    SELECT lead.name, source.name AS source, lead.rang_at IS NOT NULL AS has_rung,
        CASE WHEN lead.rang_at IS NULL THEN lead.clock_started_at ELSE lead.call_after END AS since,
        lead.due_at, count(*) OVER () AS waiting,
        first_value(lead.id) OVER longest AS longest_id,
        first_value(lead.rang_at) OVER longest AS longest_rang_at,
        first_value(lead.clock_started_at) OVER longest AS longest_since,
        first_value(lead.due_at) OVER longest AS longest_due_at,
        first_value(COALESCE(lead.sla_source_id, lead.source_id)) OVER longest AS longest_source,
        first_value(lead.sla_target) OVER longest AS longest_target,
        first_value(lead.sla_clock) OVER longest AS longest_clock
    FROM leads_lead lead JOIN leads_leadsource source ON source.id = lead.source_id
    WHERE lead.status = 'waiting' AND lead.call_after <= %(now)s AND {_SEEN}
    WINDOW longest AS (ORDER BY lead.rang_at IS NOT NULL, lead.clock_started_at, lead.id)
    ORDER BY lead.rang_at IS NOT NULL, lead.due_at, lead.id
    LIMIT %(most)s
"""  # noqa: S608  # put together from constants only

_CALLS = f"""
    SELECT count(*) FILTER (WHERE kind = 'call') AS on,
        count(picked_up_at) FILTER (WHERE kind = 'call') AS picked_up,
        count(*) FILTER (WHERE state = 'unknown') AS unknown
    FROM callbacks_callattempt attempt WHERE state IN ({_LIVE}) AND (%(all)s OR EXISTS (
        SELECT FROM leads_lead lead WHERE lead.id = attempt.lead_id AND {_SEEN}))
"""  # noqa: S608  # put together from constants only


@dataclass(frozen=True)
class Waiting:
    """A person to be called now. `due_at` None: their phone has rung before."""

    name: str
    source: str
    since: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class LongestWait:
    """The lead whose clock runs longest, among due leads whose phone has not rung.

    `promise`: what it was promised, and by which source.
    """

    lead_id: int
    since: datetime
    due_at: datetime
    promise: Promise


@dataclass(frozen=True)
class Now:
    """`waiting`: how many; `first`: the first to be called.

    `calls`: live calls; `picked_up`: those that the salesperson answered. `unknown`: live attempts
    whose answer was lost and is being looked for.
    """

    now: datetime
    waiting: int
    first: list[Waiting]
    longest: LongestWait | None
    calls: int
    picked_up: int
    unknown: int
    teams: list[people.TeamNow]


def read(now: datetime, seen: Scope = EVERYTHING) -> Now:
    """What the given scope may see of it. Four statements; none of them reads closed leads."""
    its = {
        "all": not seen.is_limited,
        "sources": sorted(seen.sources),
        "teams": sorted(seen.teams or ()),
    }
    waiting = sql.rows(_WAITING, {"now": now, "most": MOST_WAITING, **its})
    calls = sql.rows(_CALLS, its)[0]
    its_teams = Team.objects.filter(seen.of_teams("pk"), is_active=True)
    teams = [*its_teams.order_by("name", "pk")]
    longest = None
    if waiting and waiting[0]["longest_rang_at"] is None:
        longest = _longest(waiting[0])
    return Now(
        now=now,
        waiting=waiting[0]["waiting"] if waiting else 0,
        first=[
            Waiting(
                name=row["name"],
                source=row["source"],
                since=row["since"],
                due_at=None if row["has_rung"] else row["due_at"],
            )
            for row in waiting
        ],
        longest=longest,
        calls=calls["on"],
        picked_up=calls["picked_up"],
        unknown=calls["unknown"],
        teams=people.by_team(teams, now),
    )


def _longest(any_row: dict[str, Any]) -> LongestWait:
    lead = Lead(
        pk=any_row["longest_id"],
        source_id=any_row["longest_source"],
        sla_target=any_row["longest_target"],
        sla_clock=any_row["longest_clock"],
    )
    promise = promise_to(config.current(), lead)
    return LongestWait(lead.pk, any_row["longest_since"], any_row["longest_due_at"], promise)
