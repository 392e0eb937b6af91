"""What salespeople are doing now, counted by team: people, not phones. One statement."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from callbacks.common import sql
from callbacks.models import Team
from callbacks.models.extensions import ON_ANOTHER_CALL
from callbacks.routing import availability, config, rules

# Why a phone cannot be rung -> what its person is doing. If a person's phones differ, the first of
# these counts.
FREE, ON_CALL, WRAP_UP, PAUSED, AWAY, OFF_SHIFT = (
    "free",
    "on_call",
    "wrap_up",
    "paused",
    "away",
    "off_shift",
)
IN_ORDER = (FREE, ON_CALL, WRAP_UP, PAUSED, AWAY, OFF_SHIFT)
_DOING = {
    rules.ON_CALL: ON_CALL,
    rules.RESTING: WRAP_UP,
    rules.PAUSED: PAUSED,
    rules.OFF_SHIFT: OFF_SHIFT,
    rules.OUT: AWAY,
    rules.CAPPED: AWAY,
    rules.BLOCKED: AWAY,
    rules.SEEN_BUSY: AWAY,
}
_CASES = " ".join(f"WHEN '{reason}' THEN '{doing}'" for reason, doing in _DOING.items())
_PLACES = ", ".join(f"'{doing}'" for doing in IN_ORDER)

# An extension without a login counts as a person. Counted by team: a person with phones in two
# teams counts in each.
_COUNTED = f"""
    SELECT team_id, doing, count(*) AS people FROM (
        SELECT DISTINCT ON (team_id, person) team_id, doing FROM (
            SELECT team_id, person, CASE
                WHEN reason IS NULL THEN '{FREE}'
                WHEN reason = '{rules.SEEN_BUSY}' AND is_on_another_call THEN '{ON_CALL}'
                ELSE CASE reason {_CASES} END
            END AS doing FROM (
                SELECT team_id, COALESCE(user_id, -id) AS person,
                    provider_busy_as = '{ON_ANOTHER_CALL}' AS is_on_another_call,
                    {availability.WHY_NOT} AS reason
                FROM callbacks_extension extension
                WHERE is_active AND team_id = ANY(%(teams)s::bigint[])
                OFFSET 0  -- asked once for each row
            ) phones
        ) doings
        ORDER BY team_id, person, array_position(ARRAY[{_PLACES}], doing)
    ) people
    GROUP BY team_id, doing
"""  # noqa: S608  # put together from constants only


@dataclass(frozen=True)
class TeamNow:
    """How many people of one team are doing what. `away`: blocked, out, or at their limit."""

    team_id: int
    name: str
    free: int = 0
    on_call: int = 0
    wrap_up: int = 0
    paused: int = 0
    away: int = 0
    off_shift: int = 0


def by_team(teams: Collection[Team], now: datetime) -> list[TeamNow]:
    """The teams, in the given order.

    While a team is closed, all its people who are not on a call are off shift.
    """
    current = config.current()
    ids = [team.pk for team in teams]
    closed = current.closed_shifts(ids, now)
    counted: dict[int, Counter[str]] = {team_id: Counter() for team_id in ids}
    for row in sql.rows(_COUNTED, {"teams": ids, "now": now, **availability.shifts(closed)}):
        counted[row["team_id"]][row["doing"]] += row["people"]
    for team in teams:
        if not current.is_open(team, now):
            here = counted[team.pk]
            counted[team.pk] = Counter(
                {ON_CALL: here[ON_CALL], OFF_SHIFT: here.total() - here[ON_CALL]}
            )
    return [TeamNow(team.pk, team.name, **counted[team.pk]) for team in teams]
