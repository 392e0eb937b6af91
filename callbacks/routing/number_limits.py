"""Until when a number may not be called: callbacks.policy.number_bounds as SQL."""

from datetime import datetime
from typing import Any

from callbacks.common import sql
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.from_settings import policy
from callbacks.policy.number_bounds import RungCall
from callbacks.policy.rules import A_DAY
from callbacks.voicenter.values.leg_outcome import RANG

# States in which the lead's phone is known not to have rung, unless a record of the second leg says
# that it did. Attempts in all other states count.
_DID_NOT_RING = ", ".join(
    f"'{state.value}'"
    for state in (
        AttemptState.NOT_SENT,
        AttemptState.REFUSED,
        AttemptState.AGENT_NO_ANSWER,
        AttemptState.AGENT_UNREACHED,
        AttemptState.BAD_NUMBER,
        AttemptState.LEAD_NOT_RUNG,
        AttemptState.NEVER_PLACED,
    )
)
_RANG = ", ".join(f"'{word}'" for word in RANG)  # statuses of the lead's leg


def _last_calls(phone: str, how_many: str) -> str:
    """SQL: the last calls that rang a number, or may have, newest first."""
    return f"""
            SELECT COALESCE(sent_at, claimed_at) AS rung_at, ended_at
            FROM callbacks_callattempt rung
            WHERE rung.phone = {phone} AND (
                rung.state NOT IN ({_DID_NOT_RING})
                -- The salesperson hung up while it rang: only the lead's record says so.
                OR EXISTS (
                    SELECT FROM callbacks_callrecord record
                    WHERE record.attempt_id = rung.id AND record.leg = 2
                        AND (record.dial_time > 0 OR record.status IN ({_RANG}))
                )
            )
            ORDER BY claimed_at DESC LIMIT {how_many}
    """  # noqa: S608  # put together from constants only


def _rests_until(phone: str, source: str, since: str) -> str:
    """SQL: until when a number may not be called for a lead of a source; NULL: it may be called.

    Calls that ended before `since` cause no gap. The query looks at as many of the last calls as
    are allowed in a day: the earliest of them must be a day ago. In Python: `limited_until`.
    """
    return f"""(
        SELECT (
            SELECT GREATEST(
                max(ended_at) FILTER (WHERE ended_at > {since}) + %(gap)s::interval,
                CASE WHEN count(*) = allowed.calls THEN min(rung_at) + %(a_day)s::interval END
            )
            FROM ({_last_calls(phone, "allowed.calls")}) last_calls
        )
        FROM (SELECT callbacks_calls_a_day_v1({source}, %(calls_a_day)s) AS calls OFFSET 0) allowed
    )"""  # noqa: S608  # put together from constants only


# For a row `lead`, with the parameters of `bounds`. A manager's "Call now" (counted_from later than
# submitted_at) skips the gap, not the daily bound.
LEAD_RESTS_UNTIL = _rests_until(
    "lead.phone",
    "lead.source_id",
    "CASE WHEN lead.counted_from > lead.submitted_at THEN lead.counted_from ELSE '-infinity' END",
)
_OF_NUMBER = "SELECT " + _rests_until(
    "%(phone)s", "%(source)s", "COALESCE(%(since)s::timestamptz, '-infinity')"
) + " AS until"  # fmt: skip
_OF_LEAD = f"SELECT {LEAD_RESTS_UNTIL} AS until FROM leads_lead lead WHERE id = %(lead)s"  # noqa: S608


def bounds() -> dict[str, Any]:
    """The parameters of LEAD_RESTS_UNTIL. `calls_a_day`: the setting; a source may allow fewer."""
    rules = policy()
    return {"gap": rules.gap, "calls_a_day": rules.calls_a_day, "a_day": A_DAY}


def number_limited_until(
    phone: str, source_id: int, now: datetime, since: datetime | None = None
) -> datetime | None:
    """Until when `phone` may not be called for a lead of this source; None if it may be called now.

    By the rule of the claim. Calls that ended before `since` cause no gap, but count for the day.
    """
    return _later_than(now, _OF_NUMBER, {"phone": phone, "source": source_id, "since": since})


def lead_limited_until(lead_id: int, now: datetime) -> datetime | None:
    """Until when a lead's number may not be called, as the claim checks it; None if it may be."""
    return _later_than(now, _OF_LEAD, {"lead": lead_id})


def last_calls(phone: str) -> list[RungCall]:
    """The last calls that rang this number, or may have, oldest first; at most as many as count."""
    found = sql.rows(_last_calls("%(phone)s", "%(calls_a_day)s"), {"phone": phone, **bounds()})
    return [RungCall(row["rung_at"], row["ended_at"]) for row in reversed(list(found))]


def _later_than(now: datetime, statement: str, parameters: dict[str, Any]) -> datetime | None:
    for row in sql.rows(statement, {**parameters, **bounds()}):
        until: datetime | None = row["until"]
        return until if until and until > now else None
    return None
