"""What a wallboard shows, read from the database in four statements for all boards together."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from callbacks.common import sql
from callbacks.models import Team
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.monitoring import people
from callbacks.reports.percentiles import PercentileCont, seconds_of
from leads import sla
from leads.models import Lead

# So many of those who wait are listed; of the others the number is told.
MOST_WAITING = 8

_LAST_HOUR = timedelta(hours=1)
_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)

# Those whose phone has not rung yet come first, by their due time; then those who are called again.
_WAITING = """
    SELECT lead.name, source.name AS source, lead.rang_at IS NOT NULL AS has_rung,
        CASE WHEN lead.rang_at IS NULL THEN lead.clock_started_at ELSE lead.call_after END AS since,
        lead.due_at, count(*) OVER () AS waiting
    FROM leads_lead lead JOIN leads_leadsource source ON source.id = lead.source_id
    WHERE lead.status = 'waiting' AND lead.call_after <= %(now)s
    ORDER BY lead.rang_at IS NOT NULL, lead.due_at, lead.id
    LIMIT %(most)s
"""

_CALLS = f"""
    SELECT count(*) AS on, count(picked_up_at) AS picked_up FROM callbacks_callattempt
    WHERE state IN ({_LIVE}) AND kind = 'call'
"""  # noqa: S608  # put together from constants only


@dataclass(frozen=True)
class Waiting:
    """Somebody who is to be called now. `due_at` None: their phone has rung before."""

    first_name: str
    source: str
    since: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class Today:
    """The leads submitted since midnight, and of the last hour the time to ring.

    `p50` and `p90`: seconds; None where nobody's phone has rung. `judged`: their phone has rung, or
    their time is over (leads.sla).
    """

    leads: int
    rang: int
    talked: int
    overdue: int
    judged: int
    in_time: int
    p50: float | None
    last_hour: int
    last_hour_p90: float | None


@dataclass(frozen=True)
class Board:
    """All of it, as it was at `now`."""

    now: datetime
    waiting: int
    longest: list[Waiting]
    calls: int
    picked_up: int
    teams: list[people.TeamNow]
    today: Today

    def public(self, *, first_names: bool) -> dict[str, Any]:
        """What a board may hold: JSON values. Times in milliseconds since 1970, as browsers count.

        No number, no message, no e-mail; the first name only where the manager allows it.
        """
        return {
            "now": _milliseconds(self.now),
            "waiting": self.waiting,
            "longest": [
                {
                    "name": it.first_name if first_names else "",
                    "source": it.source,
                    "since": _milliseconds(it.since),
                    "due": _milliseconds(it.due_at) if it.due_at else None,
                }
                for it in self.longest
            ],
            "calls": self.calls,
            "picked_up": self.picked_up,
            "teams": [asdict(team) for team in self.teams],
            "today": asdict(self.today),
        }


def read(now: datetime) -> Board:
    """The board at `now`. Four statements; none of them reads closed leads of other days."""
    waiting = sql.rows(_WAITING, {"now": now, "most": MOST_WAITING})
    calls = sql.rows(_CALLS, {})[0]
    teams = [*Team.objects.filter(is_active=True).order_by("name", "pk")]
    return Board(
        now=now,
        waiting=waiting[0]["waiting"] if waiting else 0,
        longest=[
            Waiting(
                first_name=first_name(row["name"]),
                source=row["source"],
                since=row["since"],
                due_at=None if row["has_rung"] else row["due_at"],
            )
            for row in waiting
        ],
        calls=calls["on"],
        picked_up=calls["picked_up"],
        teams=people.by_team(teams, now),
        today=_today(now),
    )


def first_name(name: str) -> str:
    """The first word of what a visitor has typed as their name, at most 20 characters of it."""
    return (name.split() or [""])[0][:20]


def _today(now: datetime) -> Today:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    an_hour_ago = now - _LAST_HOUR
    today, lately = Q(submitted_at__gte=midnight), Q(submitted_at__gte=an_hour_ago)
    rang, to_ring = sla.rang(), seconds_of(F("time_to_ring"))
    found = Lead.objects.filter(submitted_at__gte=min(midnight, an_hour_ago)).aggregate(
        leads=Count("pk", filter=today & sla.counted()),
        rang=Count("pk", filter=today & rang),
        talked=Count("pk", filter=today & sla.counted() & Q(connected_at__isnull=False)),
        judged=Count("pk", filter=today & (rang | sla.missed(now))),
        in_time=Count("pk", filter=today & sla.in_time()),
        p50=PercentileCont(to_ring, 0.5, filter=today & rang),
        last_hour=Count("pk", filter=lately & rang),
        last_hour_p90=PercentileCont(to_ring, 0.9, filter=lately & rang),
    )
    return Today(overdue=Lead.objects.filter(sla.overdue(now)).count(), **found)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
