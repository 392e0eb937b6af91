"""How long visitors of a source waited for their phone to ring, in the last hour.

The clock is that of the reports (leads.sla): from the request until the visitor's phone rings.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock

from django.db.models.functions import Coalesce

from callbacks.routing.config import RoutingConfig
from leads import sla
from leads.models import Lead

LOOKS_BACK = timedelta(hours=1)
# Fewer requests say too little.
LEAST = 5
# The share of them that waited no longer than the figure.
SHARE = 0.8
# A longer wait is not shown, because it is nothing to look forward to.
LONGEST = timedelta(minutes=30)
# Only the newest ones; more would not change the figure.
_MOST = 500
# How long a figure is kept, so that the pages of many visitors share it.
KEPT_FOR = timedelta(seconds=20)

# One request: how long its phone took to ring (None if it has not), and for how many seconds it has
# not rung. The latter is infinite if it never will.
Wait = tuple[timedelta | None, float]

_kept: dict[int, tuple[datetime, timedelta | None]] = {}
_lock = Lock()


def usual_wait(current: RoutingConfig, source_id: int, now: datetime) -> timedelta | None:
    """The time within which most phones rang, for requests of the last hour; None if there is too
    little to say, or it takes too long.

    For the source itself; if it had too few requests, for all sources that its teams answer.
    Visitors who chose a time did not wait, and do not count. One query; none for 20 seconds after
    it.
    """
    with _lock:
        known = _kept.get(source_id)
    if known and timedelta() <= now - known[0] < KEPT_FOR:
        return known[1]
    found = _read(current, source_id, now)
    with _lock:
        _kept[source_id] = (now, found)
    return found


def forget() -> None:
    """Makes the next call read from the database."""
    with _lock:
        _kept.clear()


def _read(current: RoutingConfig, source_id: int, now: datetime) -> timedelta | None:
    teams = {team.pk for team in current.teams_for(source_id)}
    together = [
        pk
        for pk, answering in current.teams_by_source.items()
        if teams & {team.pk for team in answering}
    ]
    asked = Lead.objects.filter(
        sla.counted(),
        source__in=together,
        submitted_at__gt=now - LOOKS_BACK,
        submitted_at__lte=now,
        chosen_at=None,
    ).order_by("-submitted_at")
    rows = list(
        asked.values_list(
            "source",
            "time_to_ring",
            Coalesce("rang_at", "connected_at"),
            "closed_at",
            "clock_started_at",
        )[:_MOST]
    )
    # If a phone rang at an unknown time, the request tells nothing.
    by_source = [
        (source, (took, _silent_for(took, closed_at, started_at, now)))
        for source, took, rang_at, closed_at, started_at in rows
        if took is not None or rang_at is None
    ]
    own = [wait for source, wait in by_source if source == source_id]
    return within(own) or (within([wait for _source, wait in by_source]) if _few(own) else None)


def _silent_for(
    took: timedelta | None, closed_at: datetime | None, started_at: datetime, now: datetime
) -> float:
    """Seconds that the phone of a request has not rung; infinite if the request is closed."""
    if took is not None or closed_at is None:
        return (now - started_at).total_seconds()
    return math.inf


def _few(waits: list[Wait]) -> bool:
    return sum(took is not None for took, _silent in waits) < LEAST


def within(waits: Iterable[Wait]) -> timedelta | None:
    """The shortest time within which SHARE of these rang, rounded up to what people say.

    A request that has not rung yet counts against each time shorter than its wait so far. A request
    that has just come says nothing yet, and does not count.
    """
    waits = list(waits)
    if _few(waits):
        return None
    rang = sorted(took.total_seconds() for took, _silent in waits if took is not None)
    silent = [for_ for took, for_ in waits if took is None]
    for place, seconds in enumerate(rang, start=1):
        counted = len(rang) + sum(for_ > seconds for for_ in silent)
        if place >= SHARE * counted:
            usual = _rounded_up(seconds)
            return usual if usual <= LONGEST else None
    return None


def _rounded_up(seconds: float) -> timedelta:
    """To ten seconds up to a minute, to a minute up to ten minutes, to five minutes beyond."""
    step = 10 if seconds <= 60 else 60 if seconds <= 600 else 300
    return timedelta(seconds=max(math.ceil(seconds / step), 1) * step)
