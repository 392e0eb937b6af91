"""What a wallboard shows, read from the database once for all boards."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone, translation

from callbacks.common.formatting import percent
from callbacks.monitoring import right_now
from callbacks.reports.percentiles import PercentileCont, seconds_of
from leads import sla
from leads.models import Lead

_LAST_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Today:
    """Leads submitted since midnight, and times to ring of leads submitted in the last hour.

    `p50` and `last_hour_p90`: seconds; None if no phone rang. `judged`: the phone rang, or the due
    time has passed (leads.sla). `share`: the part of these in time, as on the overview. `overdue`:
    now, as on the overview, whatever their day.
    """

    leads: int
    rang: int
    talked: int
    overdue: int
    judged: int
    in_time: int
    share: str
    p50: float | None
    last_hour: int
    last_hour_p90: float | None


@dataclass(frozen=True)
class Board:
    """The whole board as of `here.now`."""

    here: right_now.Now
    today: Today

    def public(self, *, first_names: bool) -> dict[str, Any]:
        """What a board may contain: JSON values. Times are milliseconds since 1970, as in browsers.

        No number, no message, no e-mail; the first name only if the manager allows it.
        """
        return {
            "now": _milliseconds(self.here.now),
            "waiting": self.here.waiting,
            "longest": [
                {
                    "name": first_name(it.name) if first_names else "",
                    "source": it.source,
                    "since": _milliseconds(it.since),
                    "due": _milliseconds(it.due_at) if it.due_at else None,
                }
                for it in self.here.first
            ],
            "calls": self.here.calls,
            "picked_up": self.here.picked_up,
            "teams": [asdict(team) for team in self.here.teams],
            "today": asdict(self.today),
        }


def read(now: datetime) -> Board:
    """The board at `now`. No statement reads closed leads of other days."""
    return Board(here=right_now.read(now), today=_today(now))


def first_name(name: str) -> str:
    """The first word of the name that a visitor typed, at most 20 characters."""
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
        judged=Count("pk", filter=today & sla.judged(now)),
        in_time=Count("pk", filter=today & sla.in_time()),
        p50=PercentileCont(to_ring, 0.5, filter=today & rang),
        last_hour=Count("pk", filter=lately & rang),
        last_hour_p90=PercentileCont(to_ring, 0.9, filter=lately & rang),
    )
    with translation.override("en"):  # read once for boards in all languages
        share = percent(found["in_time"] / found["judged"]) if found["judged"] else "-"
    overdue = Lead.objects.filter(sla.overdue_and_follow_ups(now)).count()
    return Today(share=share, overdue=overdue, **found)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
