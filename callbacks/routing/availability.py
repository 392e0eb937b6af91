"""Whether an extension is free, and if not, why: the rule in SQL, one copy for all callers.

The SQL is for a row `extension` of callbacks_extension, with the parameters of `shifts` and `now`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from callbacks.common import sql
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.models.extensions import IN_CONFERENCE, LOGGED_OUT, ON_ANOTHER_CALL
from callbacks.routing import rules

# Constants in the statement, as in the condition of the partial index that it needs.
LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)

# OFFSET 0 keeps PostgreSQL from turning the subquery into a join. With statistics from a quieter
# hour, a join would read all attempts once for every extension; this way it looks up one extension
# after another in the small index of live attempts.
IS_ON_CALL = f"""EXISTS (
    SELECT FROM callbacks_callattempt live
    WHERE live.extension_id = extension.id AND live.state IN ({LIVE}) OFFSET 0
)"""
# A call, a pause, a wrap-up, a conference and being seen busy concern the person, so they hold for
# all of a salesperson's phones. Logged out, offline, blocked, off and the calls of the day concern
# one phone alone.
#
# By ended_at, as in the index by salesperson: otherwise PostgreSQL might choose the index by
# extension and read all live attempts for each phone.
_PERSON_IS_ON_CALL = """EXISTS (
    SELECT FROM callbacks_callattempt live
    WHERE live.salesperson_id = extension.user_id AND live.ended_at IS NULL OFFSET 0
)"""
_IS_PAUSED = "{0}.is_paused AND ({0}.paused_until > %(now)s) IS NOT FALSE"
_IN_CONFERENCE = (
    "{0}.unavailable_until > %(now)s AND {0}.unavailable_reason = '" + IN_CONFERENCE + "'"
)
_IS_RESTING = "{0}.wrap_up_until > %(now)s"
_IS_SEEN_BUSY = "{0}.provider_busy_until > %(now)s"
_IS_SEEN_AWAY = _IS_SEEN_BUSY + " AND {0}.provider_busy_as <> '" + LOGGED_OUT + "'"


# A phone that is off, or in a team that is off, says nothing about its person.
_OTHER_COUNTS = """other.is_active AND EXISTS (
            SELECT FROM callbacks_team its WHERE its.id = other.team_id AND its.is_active
        )"""


def _another_phone(condition: str) -> str:
    """SQL: whether the condition holds for another phone of the same salesperson."""
    return f"""EXISTS (
        SELECT FROM callbacks_extension other
        WHERE other.user_id = extension.user_id AND other.id <> extension.id AND {_OTHER_COUNTS}
            AND ({condition.format("other")}) OFFSET 0
    )"""


def _until(own: str, column: str, others: str) -> str:
    """SQL: the later of `own` and `column` of the person's other phones that meet `others`."""
    return f"""GREATEST({own}, (
        SELECT max(COALESCE(other.{column}, 'infinity')) FROM callbacks_extension other
        WHERE other.user_id = seen.user_id AND other.id <> seen.id AND {_OTHER_COUNTS}
            AND ({others.format("other")})
    ))"""  # noqa: S608


# Reason, condition, and the column that says when the reason ends.
_CASES: tuple[tuple[str, str, str], ...] = (
    (rules.OFF, "NOT extension.is_active", "NULL"),
    (rules.BLOCKED, "extension.is_blocked", "NULL"),
    (
        rules.PAUSED,
        f"{_IS_PAUSED.format('extension')} OR {_another_phone(_IS_PAUSED)}",
        "NULLIF("
        + _until(
            f"CASE WHEN {_IS_PAUSED.format('seen')} "
            "THEN COALESCE(seen.paused_until, 'infinity') END",
            "paused_until",
            _IS_PAUSED,
        )
        + ", 'infinity')",
    ),
    (rules.ON_CALL, f"{IS_ON_CALL} OR {_PERSON_IS_ON_CALL}", "NULL"),
    (
        rules.OFF_SHIFT,
        "(extension.schedule_id = ANY(%(closed)s::bigint[])) IS TRUE",
        "(%(opens)s::timestamptz[])[array_position(%(closed)s::bigint[], seen.schedule_id)]",
    ),
    (
        rules.OUT,
        "(extension.unavailable_until > %(now)s) IS TRUE OR " + _another_phone(_IN_CONFERENCE),
        _until("seen.unavailable_until", "unavailable_until", _IN_CONFERENCE),
    ),
    (rules.CAPPED, "(extension.capped_until > %(now)s) IS TRUE", "seen.capped_until"),
    (
        rules.RESTING,
        f"({_IS_RESTING.format('extension')}) IS TRUE OR {_another_phone(_IS_RESTING)}",
        _until("seen.wrap_up_until", "wrap_up_until", _IS_RESTING),
    ),
    (
        rules.SEEN_BUSY,
        f"({_IS_SEEN_BUSY.format('extension')}) IS TRUE OR {_another_phone(_IS_SEEN_AWAY)}",
        _until("seen.provider_busy_until", "provider_busy_until", _IS_SEEN_AWAY),
    ),
)

# Attempts last: a subquery on another table costs most.
_IN_ORDER_OF_COST = sorted(_CASES, key=lambda case: case[0] == rules.ON_CALL)
IS_FREE = " AND ".join(f"NOT ({condition})" for _, condition, _ in _IN_ORDER_OF_COST)
# Whether the person is on a call and, as far as is known, can be rung after it: for extensions with
# the reason "on a call". The live call counts among the calls of the day: it may be the last.
_LASTS = (rules.OFF, rules.BLOCKED, rules.PAUSED, rules.OFF_SHIFT, rules.OUT, rules.CAPPED)
_NOTHING_LASTS = " AND ".join(f"NOT ({condition})" for why, condition, _ in _CASES if why in _LASTS)
COMES_BACK = f"""CASE
    WHEN {_NOTHING_LASTS}
        AND CASE WHEN extension.user_id IS NULL THEN {IS_ON_CALL} ELSE {_PERSON_IS_ON_CALL} END
    THEN (
        SELECT limits.capped_until IS NULL FROM callbacks_limits_v1(
            extension.id, extension.team_id, extension.daily_cap, extension.wrap_up,
            %(now)s::timestamptz
        ) limits
    )
    ELSE false
END"""  # noqa: S608

_REASONS = " ".join(f"WHEN ({condition}) THEN '{why}'" for why, condition, _ in _CASES)
WHY_NOT = f"CASE {_REASONS} END"
# For a row `seen` with the columns of an extension and WHY_NOT as `reason`.
UNTIL = " ".join(
    ["CASE seen.reason"]
    + [f"WHEN '{why}' THEN {until}" for why, _, until in _CASES if until != "NULL"]
    + ["END"]
)

_LOOK = f"""
    SELECT id, number, name, team_id, tier, weight, queue_position, languages, reason,
        {UNTIL} AS until, user_id AS salesperson, comes_back
    FROM (
        SELECT *, {WHY_NOT} AS reason, {COMES_BACK} AS comes_back
        FROM callbacks_extension extension
        WHERE team_id = ANY(%(teams)s::bigint[])
        OFFSET 0  -- asked once for each row, not once for each column
    ) seen
    ORDER BY tier, queue_position, id
"""  # noqa: S608

_HOW_MANY = f"""
    SELECT team_id, count(*) FROM callbacks_extension extension
    WHERE team_id = ANY(%(teams)s::bigint[]) AND {IS_FREE} GROUP BY team_id
"""  # noqa: S608

# A phone seen as busy counts as on a call, unless the provider says that the person is away.
AWAY = "away"
_STATES = f"""
    SELECT team_id, CASE WHEN reason = '{rules.SEEN_BUSY}' AND NOT is_on_another_call
        THEN '{AWAY}' ELSE reason END AS reason, count(*)
    FROM (
        SELECT team_id, {WHY_NOT} AS reason,
            ({_IS_SEEN_BUSY.format("extension")}) IS TRUE
                AND provider_busy_as = '{ON_ANOTHER_CALL}' AS is_on_another_call
        FROM callbacks_extension extension
        WHERE team_id = ANY(%(teams)s::bigint[])
            AND (schedule_id = ANY(%(closed)s::bigint[])) IS NOT TRUE
            AND (
                (team_id = ANY(%(strict)s::bigint[])) IS NOT TRUE
                OR cardinality(languages) = 0 OR %(language)s::text = ''
                OR EXISTS (
                    SELECT FROM unnest(languages) spoken
                    WHERE split_part(lower(spoken), '-', 1) = %(language)s::text
                )
            )
        OFFSET 0
    ) seen
    GROUP BY 1, 2
"""  # noqa: S608


def is_paused(extension: Extension, now: datetime) -> bool:
    """Whether a pause keeps the extension from being rung at `now`; in SQL: PAUSED above."""
    until = extension.paused_until
    return extension.is_paused and (until is None or until > now)


def paused_at(now: datetime) -> Q:
    """`is_paused` as a query condition."""
    return Q(is_paused=True) & (Q(paused_until__isnull=True) | Q(paused_until__gt=now))


def shifts(closed: Mapping[int, datetime | None]) -> dict[str, Any]:
    """The schedules that keep extensions off shift, and when each opens, as SQL parameters."""
    return {
        "closed": list(closed),
        "opens": list(closed.values()),
    }


def look(
    team_ids: Collection[int], closed: Mapping[int, datetime | None], now: datetime
) -> list[rules.ExtensionState]:
    """All extensions of the teams as a claim would see them, in queue order."""
    found = sql.rows(_LOOK, {"teams": list(team_ids), "now": now, **shifts(closed)})
    return [rules.ExtensionState(**{**row, "languages": tuple(row["languages"])}) for row in found]


def how_many(
    team_ids: Collection[int], closed: Mapping[int, datetime | None], now: datetime
) -> dict[int, int]:
    """How many extensions are free, by team; teams without a free one are left out."""
    found = sql.rows(_HOW_MANY, {"teams": list(team_ids), "now": now, **shifts(closed)})
    return {row["team_id"]: row["count"] for row in found}


def states(
    team_ids: Collection[int],
    closed: Mapping[int, datetime | None],
    now: datetime,
    *,
    language: str = "",
    strict: Collection[int] = (),
) -> list[tuple[int, str | None, int]]:
    """How many extensions on shift each team has by reason (None: free), as (team, reason, count).

    The reasons are those of `rules`, and AWAY. Of the teams in `strict`, only extensions that speak
    the language ("": any) are counted.
    """
    parameters = {
        "teams": list(team_ids),
        "now": now,
        "strict": list(strict),
        "language": rules.first_part(language),
        **shifts(closed),
    }
    found = sql.rows(_STATES, parameters)
    return [(row["team_id"], row["reason"], row["count"]) for row in found]


def untold(states: Iterable[rules.ExtensionState]) -> set[int]:
    """The extensions that may be on a call, on this or another phone of their person.

    Nobody knows for sure: the provider's answer was lost.
    """
    if all(it.reason != rules.ON_CALL for it in states):
        return set()
    lost = CallAttempt.objects.filter(state__in=LIVE_STATES, hold_until__isnull=False).filter(
        state=AttemptState.UNKNOWN
    )
    held = list(lost.values_list("extension_id", "salesperson_id"))
    people = {salesperson for _, salesperson in held if salesperson is not None}
    theirs = Extension.objects.filter(user__in=people).values_list("pk", flat=True)
    return {extension for extension, _ in held if extension is not None} | (
        set(theirs) if people else set()
    )
