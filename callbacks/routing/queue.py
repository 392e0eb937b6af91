"""Which lead is next: the most urgent leads that the free extensions could call.

Leads are ordered by the promised moment (a new lead's due time, a retry's call time), moved forward
by the minutes of the source's priority; then by arrival. A source's overdue leads come first, read
in that order from an index (lead_waiting_by_promise), and PostgreSQL stops as soon as it has enough
of them. Only if there are too few does it read all due leads (lead_waiting_by_time). So neither a
long queue nor many leads that are due another day slow the query down, which no single index could
ensure.
"""

# ruff: noqa: S608  # put together from constants only

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from callbacks.common import sql
from callbacks.models import Team
from callbacks.routing import config
from callbacks.routing.availability import COMES_BACK, IS_FREE, LIVE, shifts
from callbacks.routing.claim import CLOCK_TOLERANCE
from callbacks.routing.config import RoutingConfig

# Lead.has_owner.
_HAS_OWNER = "lead.follow_up_of_id IS NOT NULL OR lead.assigned_to_id IS NOT NULL"
# Leads that a free extension of this team could take. Other leads (another language is wanted, an
# owner is waited for, the team is not asked yet) must not block the queue.
_CAN_BE_CALLED = f"""
    lead.source_id = answered.source_id AND lead.status = 'waiting'
    AND lead.id <> ALL(%(taken)s::bigint[])
    AND lead.call_after <= %(due)s::timestamptz - answered.overflow_after
    AND (
        free.anybody OR lead.language = ''
        OR split_part(lower(lead.language), '-', 1) = ANY(free.languages)
        OR (lead.call_after <= %(now)s::timestamptz - %(language_wait)s::interval) IS TRUE
    )
    -- A number on a call cannot be dialled. An unsent message gives way.
    AND NOT EXISTS (
        SELECT FROM callbacks_callattempt live
        WHERE live.phone = lead.phone AND live.state IN ({LIVE})
            AND (live.sent_at IS NOT NULL OR live.kind <> 'message')
        OFFSET 0
    )
    -- Nor a lead that is kept for its owner, in any team.
    AND (
        lead.call_after <= %(now)s::timestamptz - CASE WHEN {_HAS_OWNER}
            THEN %(longest_owned_wait)s::interval ELSE %(longest_wait)s::interval END
        OR NOT EXISTS (
            SELECT FROM (
                SELECT NULL::bigint AS extension_id, lead.assigned_to_id::bigint AS salesperson_id,
                    'infinity'::timestamptz AS claimed_at
                WHERE lead.assigned_to_id IS NOT NULL
                UNION ALL (
                    SELECT talk.extension_id, talk.salesperson_id, talk.claimed_at
                    FROM callbacks_callattempt talk
                    WHERE lead.assigned_to_id IS NULL
                        AND talk.phone = lead.phone AND talk.state = 'bridged'
                        AND talk.claimed_at > %(an_owner_since)s::timestamptz
                    ORDER BY talk.claimed_at DESC LIMIT 1
                )
            ) talked
            JOIN callbacks_extension extension ON extension.user_id = talked.salesperson_id
                OR talked.salesperson_id IS NULL AND extension.id = talked.extension_id
            JOIN waiting_for ON waiting_for.source_id = lead.source_id
                AND waiting_for.team_id = extension.team_id
            WHERE waiting_for.for_owned = ({_HAS_OWNER})
                AND talked.claimed_at > waiting_for.owner_since
                AND lead.call_after <= %(now)s::timestamptz - waiting_for.steps_in
                AND lead.call_after > %(now)s::timestamptz - waiting_for.waits
                AND NOT EXISTS (
                    SELECT FROM callbacks_callattempt refused
                    WHERE refused.lead_id = lead.id AND refused.outcome = 'invalid'
                        AND refused.extension_id = extension.id
                )
                AND {COMES_BACK}
        )
    )
"""
_NEXT_LEADS = f"""
    WITH up_to AS MATERIALIZED (
        SELECT languages FROM callbacks_extension extension
        WHERE extension.team_id = %(team)s AND {IS_FREE}
        LIMIT %(at_most)s
    ), free AS MATERIALIZED (
        SELECT count(*) AS extensions,
            COALESCE(bool_or(cardinality(languages) = 0), false) AS anybody,
            ARRAY(
                SELECT DISTINCT split_part(lower(spoken), '-', 1)
                FROM up_to, unnest(languages) spoken
            ) AS languages
        FROM up_to
    ), answered AS MATERIALIZED (
        SELECT * FROM unnest(
            %(sources)s::bigint[], %(overflow_after)s::interval[], %(priorities)s::int[]
        ) AS answered (source_id, overflow_after, priority)
    ), waiting_for AS MATERIALIZED (
        SELECT * FROM unnest(
            %(held_sources)s::bigint[], %(held_teams)s::bigint[], %(held_since)s::timestamptz[],
            %(held_steps_in)s::interval[], %(held_waits)s::interval[],
            %(held_owned)s::boolean[]
        ) AS waiting_for (source_id, team_id, owner_since, steps_in, waits, for_owned)
    )
    SELECT lead.id
    FROM answered, free, LATERAL (
        (
            SELECT lead.id, GREATEST(lead.due_at, lead.call_after) AS urgency FROM leads_lead lead
            WHERE {_CAN_BE_CALLED} AND GREATEST(lead.due_at, lead.call_after) <= %(due)s
            ORDER BY GREATEST(lead.due_at, lead.call_after), lead.id
            LIMIT (SELECT extensions FROM free)
        )
        UNION ALL
        (
            SELECT lead.id, lead.due_at AS urgency FROM leads_lead lead
            WHERE {_CAN_BE_CALLED} AND lead.call_after <= %(due)s AND lead.due_at > %(due)s
            ORDER BY lead.due_at, lead.id
            LIMIT (SELECT extensions FROM free)
        )
        LIMIT (SELECT extensions FROM free)
    ) lead
    -- A source's priority: as if its leads had waited that many minutes longer.
    ORDER BY lead.urgency - make_interval(mins => answered.priority), answered.priority DESC,
        lead.id
    LIMIT (SELECT extensions FROM free)
"""

# One look into an index (lead_waiting_by_time) for each source: however many leads wait, the first
# one is enough. The ORDER BY keeps a planner without statistics from reading all of them.
_A_LEAD_IS_DUE = """
    (
        SELECT lead.call_after FROM leads_lead lead
        WHERE lead.source_id = SOURCE AND lead.status = 'waiting'
        ORDER BY lead.call_after LIMIT 1
    ) <= %(due)s
"""
_SOURCES_WITH_DUE_LEADS = "SELECT id FROM leads_leadsource source WHERE A_LEAD_IS_DUE".replace(
    "A_LEAD_IS_DUE", _A_LEAD_IS_DUE.replace("SOURCE", "source.id")
)
_TEAM_WITH_DUE_LEADS = """
    SELECT extension.team_id AS id FROM callbacks_extension extension
    JOIN callbacks_team_sources answered ON answered.team_id = extension.team_id
    WHERE extension.id = %(extension)s AND A_LEAD_IS_DUE
    LIMIT 1
""".replace("A_LEAD_IS_DUE", _A_LEAD_IS_DUE.replace("SOURCE", "answered.leadsource_id"))


def next_leads(
    team_id: int, now: datetime, taken: Collection[int] = (), at_most: int = 500
) -> list[int]:
    """The most urgent waiting leads that a team's free extensions could call, one for each.

    Leaves out the leads in `taken`; returns no more than `at_most`.
    """
    current = config.current()
    rules = current.rules_of(team_id)
    if rules is None:
        return []
    answered = current.answered_by(team_id, now)
    parameters: dict[str, Any] = {
        "team": team_id,
        "now": now,
        "due": now + CLOCK_TOLERANCE,
        "taken": list(taken),
        "at_most": at_most,
        "sources": [it.source_id for it in answered],
        "overflow_after": [it.overflow_after for it in answered],
        "priorities": [current.sources[it.source_id].priority for it in answered],
        "language_wait": _seconds(rules.language_wait),
        **_waiting_for(current, [it.source_id for it in answered], now),
        **shifts(current.closed_shifts([team_id], now)),
    }
    return _ids(_NEXT_LEADS, parameters)


class _Kept(NamedTuple):
    """How long leads of a source are kept for owners in a team.

    `for_owned`: for leads with an owner in every team (Lead.has_owner); otherwise for other leads.
    """

    source_id: int
    team_id: int
    owner_since: datetime
    steps_in: timedelta
    waits: timedelta
    for_owned: bool


def _waiting_for(
    current: RoutingConfig, source_ids: Collection[int], now: datetime
) -> dict[str, Any]:
    """For whose owners these sources' leads are kept, as SQL parameters: an array for each term."""
    kept = [
        _Kept(source_id, rules.id, now - owned_for, steps_in, waits, is_owned)
        for source_id in source_ids
        for steps_in, rules in current.steps_in(source_id, now)
        for is_owned in (False, True)
        if (owned_for := rules.owned_for(is_owned=is_owned))
        and (waits := rules.waits_for_owner(is_owned=is_owned))
    ]
    nothing = timedelta(0)
    return {
        "held_sources": [it.source_id for it in kept],
        "held_teams": [it.team_id for it in kept],
        "held_since": [it.owner_since for it in kept],
        "held_steps_in": [it.steps_in for it in kept],
        "held_waits": [it.waits for it in kept],
        "held_owned": [it.for_owned for it in kept],
        "an_owner_since": min((it.owner_since for it in kept), default=now),
        "longest_wait": max((it.waits for it in kept if not it.for_owned), default=nothing),
        "longest_owned_wait": max((it.waits for it in kept), default=nothing),
    }


def team_with_waiting_leads(extension_id: int, now: datetime) -> int | None:
    """The extension's team, if a lead that the team answers waits to be called now."""
    parameters = {"extension": extension_id, "due": now + CLOCK_TOLERANCE}
    return next(iter(_ids(_TEAM_WITH_DUE_LEADS, parameters)), None)


def sources_with_due_leads(now: datetime) -> list[int]:
    """The sources with a lead that waits to be called now."""
    return _ids(_SOURCES_WITH_DUE_LEADS, {"due": now + CLOCK_TOLERANCE})


def teams_with_due_leads(now: datetime) -> list[Team]:
    """The active, open teams that answer a source with a lead waiting to be called now.

    Teams that are asked earlier come first.
    """
    current = config.current()
    teams = {
        team.pk: team
        for source_id in sources_with_due_leads(now)
        for team in current.teams_for(source_id)
    }
    return [team for team in teams.values() if current.is_open(team, now)]


def _seconds(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(seconds=number)


def _ids(statement: str, parameters: dict[str, Any]) -> list[int]:
    return [row["id"] for row in sql.rows(statement, parameters)]
