"""Every figure computed again, from raw rows in plain Python, with separate arithmetic."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callbacks.models import CallAttempt
from leads.models import Lead

SMALL = 20


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """Linear interpolation between the two neighbours of rank fraction * (n - 1)."""
    if not values:
        return None
    ordered = sorted(values)
    rank = fraction * (len(ordered) - 1)
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


@dataclass(frozen=True)
class Known:
    """A lead with its calls, as they are stored."""

    lead: Lead
    calls: tuple[CallAttempt, ...]

    @property
    def is_follow_up(self) -> bool:
        """Whether it is a follow-up that no later request has changed."""
        return bool(self.lead.follow_up_of_id) and not self.lead.first_source_id

    @property
    def is_counted(self) -> bool:
        """Whether the lead counts; follow-ups are counted separately."""
        return self.is_promised and not self.is_follow_up

    @property
    def is_promised(self) -> bool:
        """A cancelled lead only if its phone rang, they talked, or it was overdue by then."""
        lead = self.lead
        if lead.status == "cancelled":
            missed = lead.closed_at is not None and lead.closed_at > lead.due_at
            told = bool(lead.rang_at or lead.connected_at)
            return told or (missed and not lead.cancelled_while_held)
        return lead.status not in ("duplicate", "held")

    @property
    def whose(self) -> CallAttempt | None:
        """The first call in which they talked, else the last one that has ended."""
        calls = sorted(self.calls, key=lambda it: it.claimed_at)
        talks = [it for it in calls if it.outcome == "bridged"]
        ended = [it for it in calls if it.ended_at]
        return (talks or ended[-1:] or [None])[0]

    def missed(self, now: datetime) -> bool:
        told = self.lead.rang_at or self.lead.connected_at  # a talk means that the phone rang
        return self.is_counted and not told and self.lead.due_at < now

    def asked_for(self) -> datetime:
        lead = self.lead
        if lead.first_source_id:
            return lead.clock_started_at
        return min(lead.clock_started_at, lead.chosen_at or lead.submitted_at)


Groups = Callable[[Known, ZoneInfo, int], Any]


def _local(it: Known, zone: ZoneInfo) -> datetime:
    return it.lead.submitted_at.astimezone(zone)


def _week(it: Known, zone: ZoneInfo, first: int) -> date:
    day = _local(it, zone).date()
    while day.isoweekday() % 7 != first:
        day -= timedelta(days=1)
    return day


def _person(it: Known, _zone: ZoneInfo, _first: int) -> int:
    call = it.whose
    if call is None:
        return 0
    return call.salesperson_id or -(call.extension_id or 0)


def _team(it: Known, _zone: ZoneInfo, _first: int) -> int:
    return it.whose.extension.team_id if it.whose and it.whose.extension else 0


def _mark_of(name: str) -> Groups:
    return lambda it, _zone, _first: getattr(getattr(it.lead, "attribution", None), name, "")


GROUPS: dict[str, Groups] = {
    "day": lambda it, zone, _first: _local(it, zone).date(),
    "week": _week,
    "month": lambda it, zone, _first: _local(it, zone).date().replace(day=1),
    "hour": lambda it, zone, _first: _local(it, zone).hour,
    "weekday": lambda it, zone, _first: _local(it, zone).isoweekday() % 7,
    "weekday-hour": lambda it, zone, _first: (
        _local(it, zone).isoweekday() % 7 * 24 + _local(it, zone).hour
    ),
    "source": lambda it, _zone, _first: it.lead.source_id,
    **{name: _mark_of(name) for name in ("utm_campaign", "utm_medium", "utm_source")},
    "team": _team,
    "disposition": lambda it, _zone, _first: it.lead.disposition_id or 0,
    "salesperson": _person,
}


def grouped(leads: Iterable[Known], by: str, zone: ZoneInfo, first: int) -> dict[Any, list[Known]]:
    """The leads of each group."""
    found = defaultdict(list)
    for it in leads:
        found[GROUPS[by](it, zone, first)].append(it)
    return found


def figures(every: Sequence[Known], now: datetime) -> dict[str, tuple[float | None, int]]:
    """Each measure's value, and how many leads are behind it."""
    leads = [it for it in every if it.is_counted]
    follow_ups = [it for it in every if it.is_promised and it.is_follow_up]
    rang = [it for it in leads if it.lead.rang_at]
    reached = [it for it in leads if it.lead.connected_at]
    called = [it for it in leads if it.lead.first_dialed_at]
    missed = [it for it in leads if it.missed(now)]
    overdue = [it for it in missed if it.lead.status in ("waiting", "calling")]
    in_time = [it for it in rang if it.lead.rang_at and it.lead.rang_at <= it.lead.due_at]
    answers = [it.lead.helped for it in leads if it.lead.helped]
    judged = len(rang) + len(missed)
    found: dict[str, tuple[float | None, int]] = {
        "leads": (len(leads), len(leads)),
        "not_counted": (len(every) - len(leads), len(every) - len(leads)),
        "follow_ups": (len(follow_ups), len(follow_ups)),
        "called": (len(called), len(called)),
        "rang": (len(rang), len(rang)),
        "reached": (len(reached), len(reached)),
        "not_reached": (len(leads) - len(reached), len(leads) - len(reached)),
        "reached_share": (len(reached) / len(leads) if leads else None, len(reached)),
        "in_time": (len(in_time) / judged if judged else None, len(in_time)),
        "attempts": (mean([it.lead.attempts for it in reached]), len(reached)),
        "helped": (mean(answers), len(answers)),
        "answers": (len(answers), len(answers)),
        "overdue": (len(overdue), len(overdue)),
        "missed": (len(missed), len(missed)),
        "judged": (judged, judged),
    }
    rings = [
        it.lead.time_to_ring.total_seconds() for it in rang if it.lead.time_to_ring is not None
    ]
    buckets = {
        "within_30_s": 30, "within_1_min": 60, "within_5_min": 300, "within_15_min": 900,
        "within_1_h": 3600,
    }  # fmt: skip
    counts = {key: sum(time <= limit for time in rings) for key, limit in buckets.items()}
    counts["later"] = sum(time > 3600 for time in rings)
    counts["never"] = len(missed) - len(overdue)
    slices = {
        "from_30_s": (30, 60), "from_1_min": (60, 300), "from_5_min": (300, 900),
        "from_15_min": (900, 3600),
    }  # fmt: skip
    for key, (after, until) in slices.items():
        count = sum(after < time <= until for time in rings)
        found[key] = (count, count)
    for key, count in counts.items():
        found[key] = (count / judged if judged else None, count)
    talked = [it for it in reached if it.lead.time_to_talk is not None]
    times = {
        "ring": rings,
        "talk": [it.lead.time_to_talk.total_seconds() for it in talked if it.lead.time_to_talk],
        "ring_wall": [_took(it.asked_for(), it.lead.rang_at) for it in rang],
        "talk_wall": [_took(it.asked_for(), it.lead.connected_at) for it in talked],
        "accepted": [_took(it.lead.clock_started_at, it.lead.first_dialed_at) for it in called],
    }
    for what, values in times.items():
        for name, fraction in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
            found[f"{what}_{name}"] = (percentile(values, fraction), len(values))
        found[f"{what}_mean"] = (mean(values), len(values))
    return found


def _took(start: datetime, end: datetime | None) -> float:
    assert end
    return max((end - start).total_seconds(), 0)
