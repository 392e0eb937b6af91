"""The figures behind /metrics: how many, how late, how fast. Each is one query of bounded cost.

Closed leads and old attempts are many, so nothing here counts them all. Open leads and live
attempts are found by their partial indexes, recent attempts from the newest backwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from callbacks.models.attempt_states import LIVE_STATES
from callbacks.routing import config
from callbacks.scheduling import calling_hours
from leads import sla
from leads.models import OPEN_STATUSES, Lead, LeadStatus

# How far back, and how many, attempts and closed leads are read.
RECENT = timedelta(hours=1)
AT_MOST = 20_000

# As constants, so that PostgreSQL sees that the partial indexes' conditions hold.
_OPEN_STATUSES = ", ".join(f"'{status.value}'" for status in OPEN_STATUSES)
_LIVE_STATES = ", ".join(f"'{state.value}'" for state in LIVE_STATES)

_OPEN = f"""
    SELECT status, count(*) FROM leads_lead WHERE status IN ({_OPEN_STATUSES}) GROUP BY status
"""  # noqa: S608  # put together from constants only

_DUE = """
    SELECT source_id, min(call_after), count(*)
    FROM leads_lead WHERE status = 'waiting' AND call_after <= %(now)s
    GROUP BY source_id
"""

_LIVE = f"""
    SELECT state, count(*), min(claimed_at) FROM callbacks_callattempt
    WHERE state IN ({_LIVE_STATES}) GROUP BY state
"""  # noqa: S608

_RECENT = """
    WITH recent AS (
        SELECT state, error_code, failure_reason, sent_at, answered_at FROM (
            SELECT * FROM callbacks_callattempt ORDER BY id DESC LIMIT %(at_most)s
        ) newest WHERE claimed_at > %(since)s
    )
    SELECT state, coalesce(error_code::text, ''), count(*), NULL::float8[] FROM recent GROUP BY 1, 2
    UNION ALL
    SELECT 'latency', '', count(*),
        percentile_disc(%(quantiles)s) WITHIN GROUP (
            ORDER BY extract(epoch FROM answered_at - sent_at)::float
        )
    -- Without those whose answer never came, or came after the call's record.
    FROM recent WHERE answered_at > sent_at AND failure_reason <> 'worker_lost'
"""

# The status of recent leads; closed leads of all times are never counted.
_NEWEST = """
    SELECT status, count(*) FROM (
        SELECT status, submitted_at FROM leads_lead ORDER BY id DESC LIMIT %(at_most)s
    ) newest WHERE submitted_at > %(since)s GROUP BY status
"""

QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True)
class DueLeads:
    """Due leads of one source."""

    source_id: int
    oldest: datetime
    count: int


@dataclass(frozen=True)
class LiveAttempts:
    """Live attempts in one state."""

    count: int
    oldest: datetime


@dataclass(frozen=True)
class RecentCalls:
    """Attempts of the last hour: counts by (state, ERRORCODE), and seconds to the answer."""

    attempts: Mapping[tuple[str, str], int]
    answers: int
    seconds: Mapping[float, float]


def open_leads() -> dict[str, int]:
    """Leads that still need something done, by status."""
    return {str(status): 0 for status in OPEN_STATUSES} | dict(_ask(_OPEN))


def new_leads(now: datetime) -> dict[str, int]:
    """Leads submitted within the last hour, by their current status."""
    found = _ask(_NEWEST, {"at_most": AT_MOST, "since": now - RECENT})
    return {str(status): 0 for status in LeadStatus} | dict(found)


def due(now: datetime) -> list[DueLeads]:
    """Waiting leads that are due at `now`, by source."""
    return [DueLeads(*row) for row in _ask(_DUE, {"now": now})]


def overdue(now: datetime) -> int:
    """Open leads whose phone should have rung by `now` and has not."""
    return Lead.objects.filter(sla.overdue_and_follow_ups(now)).count()


def oldest_wait(leads: list[DueLeads], now: datetime) -> timedelta:
    """How long the oldest of `leads` has been waiting for an open team.

    Leaves out sources whose teams are all closed, because their leads wait as planned; includes
    sources without any team.
    """
    waiting_since = [entry.oldest for entry in leads if not _is_closed(entry.source_id, now)]
    return now - min(waiting_since, default=now)


def live_attempts() -> dict[str, LiveAttempts]:
    """Attempts that hold a lead and an extension, by state."""
    return {state: LiveAttempts(count, oldest) for state, count, oldest in _ask(_LIVE)}


def recent(now: datetime) -> RecentCalls:
    """How the attempts of the last hour went."""
    rows = _ask(_RECENT, {"at_most": AT_MOST, "since": now - RECENT, "quantiles": list(QUANTILES)})
    attempts = {(state, code): count for state, code, count, _none in rows if state != "latency"}
    answers, seconds = next(
        (count, values or []) for state, _code, count, values in rows if state == "latency"
    )
    return RecentCalls(attempts, answers, dict(zip(QUANTILES, seconds, strict=False)))


def _is_closed(source_id: int, now: datetime) -> bool:
    teams = config.current().teams_for(source_id)
    return bool(teams) and not any(calling_hours.is_open(team, now) for team in teams)


def _ask(question: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return list(cursor.fetchall())
