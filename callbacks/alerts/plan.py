"""Which alerts a receiver is sent now: pure rules of its settings, the alerts and the time.

An alert is sent once after it has lasted N minutes (or once N of its kind are open), and once when
it is over. Some cannot be sent at once: it is outside the receiver's hours, the kind was sent a
moment ago, or a digest collects them. They are sent together later, both those that still hold and
those that are over by then. An alert that lasted less than N minutes is never sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from callbacks.opening_hours import calendar as opening_hours
from callbacks.opening_hours.calendar import Calendar

# How far back to look for the beginning of the current hours; an earlier beginning does not matter.
_LOOKED_BACK = timedelta(days=2)


@dataclass(frozen=True)
class Threshold:
    """When an alert of a kind is sent: after `minutes`, once `open_together` are open, or once its
    measured value reaches `least`.

    `always`: even if it is already over and the receiver does not want ends.
    """

    minutes: int = 0
    open_together: int = 1
    always: bool = False
    least: int = 0


@dataclass(frozen=True)
class Digest:
    """Messages are sent only at certain times: every `every` since midnight, or daily at `at`."""

    every: timedelta | None = None
    at: time | None = None


@dataclass(frozen=True)
class Wishes:
    """What a receiver chose. `hours` None: at any hour. `digest` None: at once."""

    thresholds: Mapping[str, Threshold]
    time_zone: str
    hours: Calendar | None = None
    digest: Digest | None = None
    tells_end: bool = True


@dataclass(frozen=True)
class Seen:
    """An alert for a receiver. `told`: the receiver was sent its beginning. `number`: its measured
    value.
    """

    pk: int
    kind: str
    began_at: datetime
    ended_at: datetime | None = None
    told: bool = False
    number: int = 0


@dataclass(frozen=True)
class Plan:
    """Which alerts are sent now. `begun`: alerts that hold. `over`: the end of alerts that were
    sent before. `was`: ended alerts that were never sent; `held_back`: some of these must wait.
    """

    begun: frozenset[int] = frozenset()
    over: frozenset[int] = frozenset()
    was: frozenset[int] = frozenset()
    held_back: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is sent."""
        return not (self.begun or self.over or self.was)


@dataclass(frozen=True)
class _Due:
    alert: Seen
    since: datetime  # when it became due for sending


def plan(
    wishes: Wishes, alerts: Iterable[Seen], rests_until: Mapping[str, datetime], now: datetime
) -> Plan:
    """What is sent at `now`. `rests_until`: kinds that were sent recently, and the time until which
    they are not sent again.
    """
    due = [
        _Due(it.alert, max(it.since, rests_until.get(it.alert.kind, it.since)))
        for it in _due(wishes, alerts)
        if it.since <= now
    ]
    told = [it for it in due if it.since <= now]
    is_open = wishes.hours is None or opening_hours.is_open(wishes.hours, now)
    if not is_open or (told and min(it.since for it in told) > _last_turn(wishes, now)):
        told = []
    chosen = {it.alert.pk for it in told}
    return Plan(
        begun=frozenset(it.alert.pk for it in told if it.alert.ended_at is None),
        over=frozenset(it.alert.pk for it in told if it.alert.ended_at and it.alert.told),
        was=frozenset(it.alert.pk for it in told if it.alert.ended_at and not it.alert.told),
        held_back=any(
            it.alert.ended_at and not it.alert.told and it.alert.pk not in chosen for it in due
        ),
    )


def _due(wishes: Wishes, alerts: Iterable[Seen]) -> Iterator[_Due]:
    by_kind: dict[str, list[Seen]] = defaultdict(list)
    for alert in alerts:
        by_kind[alert.kind].append(alert)
    for kind, found in by_kind.items():
        if threshold := wishes.thresholds.get(kind):
            yield from _due_of_kind(threshold, found, wishes.tells_end)


def _due_of_kind(threshold: Threshold, alerts: list[Seen], tells_end: bool) -> Iterator[_Due]:
    alerts = [it for it in alerts if it.told or it.number >= threshold.least]
    begins = sorted(it.began_at for it in alerts if it.ended_at is None)
    enough_at = begins[threshold.open_together - 1 :][:1]
    wait = timedelta(minutes=threshold.minutes)
    for alert in alerts:
        if alert.ended_at is None:
            if not alert.told and enough_at:
                yield _Due(alert, max(alert.began_at + wait, *enough_at))
        elif alert.told:
            if tells_end:
                yield _Due(alert, alert.ended_at)
        elif (
            (tells_end or threshold.always)
            and threshold.open_together == 1
            and alert.ended_at - alert.began_at >= wait
        ):
            yield _Due(alert, alert.ended_at)


def _last_turn(wishes: Wishes, now: datetime) -> datetime:
    """The last moment, at or before `now`, at which a message could be sent."""
    if wishes.digest is None:
        return now
    today = opening_hours.local_day(wishes.time_zone, now)
    if wishes.digest.at is not None:
        days = (today - timedelta(days=n) for n in (0, 1, 2))
        turns = (opening_hours.instant(it, wishes.digest.at, wishes.time_zone) for it in days)
        return next(it for it in turns if it <= now)
    every = wishes.digest.every or timedelta(hours=1)
    midnight = opening_hours.instant(today, time(0), wishes.time_zone)
    turn = midnight + (now - midnight) // every * every
    return max(turn, _hours_began(wishes.hours, now) or turn)


def _hours_began(hours: Calendar | None, now: datetime) -> datetime | None:
    """When the current hours began: everything that came before is sent then."""
    if hours is None:
        return None
    until = now + timedelta(seconds=1)  # includes hours that begin at this moment
    intervals = opening_hours.open_intervals(hours, now - _LOOKED_BACK, until)
    return max((start for start, _end in intervals if start <= now), default=None)
