"""An extension's place in its team's queue, and what moves it.

The end of a call sets the place, the wrap-up, and whether the calls of the day are used up. The
last two are computed in limits.sql, the first place of an extension in positions.sql.
"""

from datetime import datetime

from callbacks.common import sql
from callbacks.policy.rules import Outcome, may_have_talked, rang_the_salesperson
from callbacks.routing import rules

_LIMITS = """(capped_until, wrap_up_until) = (
            SELECT limits.capped_until, limits.wrap_up_until FROM callbacks_limits_v1(
                extension.id, extension.team_id, extension.daily_cap, extension.wrap_up,
                %(now)s::timestamptz
            ) limits
        )"""

# rules.position_after, in the same statement that ends the call for the extension.
_AFTER = f"""
    UPDATE callbacks_extension extension SET
        queue_position = CASE
            WHEN team.strategy = '{rules.LONGEST_IDLE}'
            THEN EXTRACT(epoch FROM %(now)s::timestamptz)
            WHEN team.strategy = '{rules.WEIGHTED}' AND NOT %(rang)s
                OR team.strategy = '{rules.FAIR}' AND NOT %(talked)s
            THEN queue_position - 1.0 / weight
            ELSE queue_position END,
        {_LIMITS}
    FROM callbacks_team team
    WHERE extension.id = %(extension)s AND team.id = extension.team_id
"""  # noqa: S608  # put together from constants only

_CORRECTED = f"""
    UPDATE callbacks_extension extension SET
        queue_position = queue_position + CASE team.strategy
            WHEN '{rules.WEIGHTED}' THEN %(rang)s WHEN '{rules.FAIR}' THEN %(talked)s ELSE 0
            END / weight::float,
        {_LIMITS}
    FROM callbacks_team team
    WHERE extension.id = %(extension)s AND team.id = extension.team_id
"""  # noqa: S608  # put together from constants only


def after_call(extension_id: int, outcome: Outcome, now: datetime) -> None:
    """Moves the extension after a call. In the transaction that ends the attempt."""
    parameters = {
        "extension": extension_id,
        "now": now,
        "rang": rang_the_salesperson(outcome),
        "talked": may_have_talked(outcome),
    }
    sql.run(_AFTER, parameters)


def after_correction(extension_id: int, was: Outcome, outcome: Outcome, now: datetime) -> None:
    """Corrects the extension's turn and its calls of the day after an outcome was corrected."""
    parameters = {
        "extension": extension_id,
        "now": now,
        "rang": rang_the_salesperson(outcome) - rang_the_salesperson(was),
        "talked": may_have_talked(outcome) - may_have_talked(was),
    }
    sql.run(_CORRECTED, parameters)
