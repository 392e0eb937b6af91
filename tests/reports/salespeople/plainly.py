"""The people report computed again, from raw rows in plain Python, with separate arithmetic.

Times are sums of short intervals. Nothing changes within an interval, so each call, pause and
calendar is checked once for it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from callbacks.models import CallAttempt, Extension, Pause
from callbacks.opening_hours import calendar
from tests.reports.plainly import mean, percentile
from tests.reports.salespeople.random_calls import ANSWERED, Drawn

Values = dict[str, tuple[float | None, int]]
Span = tuple[datetime, datetime]
NOT_OFFERED = ("not_sent", "provider_error", "invalid", "misconfigured")
SILENT = ("stopped", "no_record", "never_known")


def whose(row: CallAttempt | Pause) -> int:
    return row.salesperson_id or -(row.extension_id or 0)


def answered(it: CallAttempt) -> bool:
    told = it.picked_up_at is not None and (it.outcome in SILENT or it.ended_at is None)
    return it.outcome in ANSWERED or told


def on_call(it: CallAttempt) -> Span:
    assert it.provider_time is not None
    assert it.leg1_time is not None
    assert it.leg2_time is not None
    began = it.claimed_at + it.provider_time + it.leg1_time
    if it.connected_at is None:
        return began, began + it.leg2_time
    if it.talk_time is not None:
        return began, it.connected_at + timedelta(seconds=it.talk_time)
    ended = it.hung_up_at or it.ended_at
    assert ended
    return began, ended


def of_calls(every: Iterable[CallAttempt]) -> Values:
    offered = [it for it in every if it.outcome not in NOT_OFFERED]
    up = [it for it in offered if answered(it)]
    missed = [it for it in offered if it.outcome == "agent_no_answer"]
    device = [it for it in offered if it.outcome in ("offline", "blocked")]
    busy = [it for it in offered if it.outcome == "agent_unreached"]
    talks = [it for it in offered if it.outcome == "bridged"]
    lengths = [it.talk_time for it in talks if it.talk_time is not None]
    rings = [
        it.leg1_time.total_seconds()
        for it in up
        if it.leg1_time and (it.leg2_time or it.unknown_time)
    ]
    judged = len(up) + len(missed)
    rejected = sum(it.rejected_leg == 1 for it in missed)
    reached = len({it.lead_id for it in talks})
    rest = len(offered) - judged - len(device) - len(busy)
    return {
        "offered": (len(offered), len(offered)),
        "answered": (len(up), len(up)),
        "answered_share": (len(up) / judged if judged else None, len(up)),
        "calls_missed": (len(missed), len(missed)),
        "rejected": (rejected, rejected),
        "device": (len(device), len(device)),
        "not_put_through": (len(busy), len(busy)),
        "not_told": (rest, rest),
        "pick_up_p50": (percentile(rings, 0.5), len(rings)),
        "talks": (len(talks), len(talks)),
        "talk_time": (sum(lengths) if lengths else None, len(lengths)),
        "talk_length": (mean(lengths), len(lengths)),
        "people_reached": (reached, reached),
    }


@dataclass(frozen=True)
class Plain:
    """The random rows, as of one moment."""

    drawn: Drawn
    zone: ZoneInfo
    now: datetime
    known: dict[tuple[int, datetime], bool] = field(default_factory=dict)
    asked: dict[Span, list[datetime]] = field(default_factory=dict)

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), self.zone)

    def theirs(self, person: int) -> list[Extension]:
        """A person's phones that are not switched off."""
        return [it for it in self.drawn.phones if it.is_active and (it.user_id or -it.pk) == person]

    def is_on_shift(self, person: int, at: datetime) -> bool:
        if (person, at) not in self.known:
            self.known[person, at] = self._is_on_shift(person, at)
        return self.known[person, at]

    def _is_on_shift(self, person: int, at: datetime) -> bool:
        return any(
            _is_open(it, at)
            and not any(
                its.kind == "login" and its.extension_id == it.pk and _holds(its, at)
                for its in self.drawn.pauses
            )
            for it in self.theirs(person)
        )

    def moments(self, span: Span) -> list[datetime]:
        """All moments at which anything may change, in order."""
        if span not in self.asked:
            self.asked[span] = self._moments(*span)
        return self.asked[span]

    def _moments(self, first: datetime, last: datetime) -> list[datetime]:
        found = {first, last}
        for call in self.drawn.calls:
            found |= set(on_call(call)) if call.ended_at else set()
        for pause in self.drawn.pauses:
            found |= {pause.began_at, _end(pause)}
        day = first.astimezone(self.zone).date()
        while day <= last.astimezone(self.zone).date():
            found |= {datetime.combine(day, time(hour), self.zone) for hour in (0, 9, 12, 18, 23)}
            day += timedelta(days=1)
        instants = {it.timestamp(): it for it in found}
        return [instants[at] for at in sorted(instants) if first <= instants[at] <= last]

    def times(self, person: int, span: Span) -> dict[str, float | None]:
        """Seconds on calls, on calls within the shift, of the shift, and paused within it."""
        found = {"on": 0.0, "in": 0.0, "shift": 0.0, "paused": 0.0}
        calls = [on_call(it) for it in self.drawn.calls if whose(it) == person and answered(it)]
        pauses = [it for it in self.drawn.pauses if whose(it) == person and it.kind != "login"]
        moments, knows = self.moments(span), bool(self.theirs(person))
        for at, until in pairwise(moments):
            took = until.timestamp() - at.timestamp()
            shift = knows and at < self.now and self.is_on_shift(person, at)
            if any(a <= at < b for a, b in calls):
                found["on"] += took
                found["in"] += took if shift else 0
            found["shift"] += took if shift else 0
            if (shift or not knows) and at < self.now and any(_holds(it, at) for it in pauses):
                found["paused"] += took
        return {**found, "shift": found["shift"] if knows else None}

    def length(self, pause: Pause, span: Span) -> float:
        """Seconds of the pause within the shift."""
        person, total = whose(pause), 0.0
        moments = [it for it in self.moments(span) if pause.began_at <= it <= _end(pause)]
        for at, until in pairwise(moments):
            counts = not self.theirs(person) or self.is_on_shift(person, at)
            if counts and at < self.now and _holds(pause, at):
                total += until.timestamp() - at.timestamp()
        return total

    def of_pauses(self, people: Sequence[int], span: Span) -> Values:
        lengths = [
            (it, length)
            for it in self.drawn.pauses
            if it.kind != "login" and whose(it) in people and (length := self.length(it, span))
        ]
        found: Values = {"pauses": (len(lengths), len(lengths))}
        within = [it for _pause, it in lengths]
        found["pause_longest"] = (max(within, default=None), len(within))
        paused = sum(self.times(it, span)["paused"] or 0 for it in people)
        found["paused"] = (paused if lengths else None, len(lengths))
        kinds: dict[str, Callable[[str], bool]] = {
            "pauses_own": lambda kind: kind == "own",
            "pauses_others": lambda kind: kind == "manager",
            "pauses_system": lambda kind: kind in ("missed", "fault", ""),
        }
        for key, is_it in kinds.items():
            count = sum(is_it(it.kind) for it, _length in lengths)
            found[key] = (count, count)
        for key, above, up_to in (
            ("pauses_15", 0, 15), ("pauses_30", 15, 30), ("pauses_60", 30, 60),
            ("pauses_more", 60, 1e9),
        ):  # fmt: skip
            count = sum(above * 60 < round(it, 3) <= up_to * 60 for it in within)
            found[key] = (count, count)
        return found

    def of_times(self, people: Sequence[int], span: Span) -> Values:
        by_person = [self.times(it, span) for it in people]
        calls = sum(
            whose(it) in people and answered(it) and it.ended_at is not None
            and _overlaps(on_call(it), span)
            for it in self.drawn.calls
        )  # fmt: skip
        shifts = [it["shift"] for it in by_person if it["shift"] is not None]
        shift = sum(shifts) if shifts else None
        inside = sum(it["in"] or 0 for it in by_person)
        on = sum(it["on"] or 0 for it in by_person)
        return {
            "on_calls": (on if calls else None, calls),
            "shift": (shift, 0),
            "shift_share": (inside / shift if shift else None, calls),
        }

    def figures(self, people: Sequence[int], span: Span) -> Values:
        calls = [
            it for it in self.drawn.calls
            if whose(it) in people and span[0] <= it.claimed_at < span[1]
        ]  # fmt: skip
        return of_calls(calls) | self.of_times(people, span) | self.of_pauses(people, span)


def _overlaps(one: Span, other: Span) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def _is_open(phone: Extension, at: datetime) -> bool:
    schedules = [it for it in (phone.team.schedule, phone.schedule) if it]
    return all(calendar.is_open(it.calendar(), at) for it in schedules)


def _end(pause: Pause) -> datetime:
    assert pause.ended_at
    return pause.ended_at


def _holds(pause: Pause, at: datetime) -> bool:
    return pause.began_at <= at < _end(pause)
