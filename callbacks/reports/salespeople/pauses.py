"""People's pauses within their shifts: how many, how long, and why."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text
from callbacks.models import Pause
from callbacks.models.pauses import HistoryStart, PauseKind, PauseReason
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.intervals import Interval, common, seconds, union
from callbacks.reports.measures import Measure
from callbacks.reports.queries import Figure
from callbacks.reports.salespeople import measures
from callbacks.reports.salespeople.shifts import Shifts, shifts

# The reason is missing, or not one of the words that the desk offers.
NO_REASON, OTHER_WORDS = "none", "other"
REASONS: dict[str, Text] = {
    **{it.value: it.label for it in PauseReason},
    OTHER_WORDS: _("Something else"),
    NO_REASON: _("No reason given"),
    PauseKind.MISSED.value: PauseKind.MISSED.label,
    PauseKind.FAULT.value: PauseKind.FAULT.label,
}
REASON = Grouping(
    "reason", _("Reason"), "", (),
    lambda keys: {key: str(REASONS[key]) for key in keys if key in REASONS}, words=REASONS,
)  # fmt: skip


@dataclass(frozen=True)
class Spent:
    """One pause, and its times within the shift and the days asked for."""

    pause: Pause
    person: int
    times: Sequence[Interval]

    @property
    def length(self) -> float:
        """In seconds."""
        return seconds(self.times)

    def within(self, bounds: Interval) -> "Spent":
        """The part of it between two moments."""
        return Spent(self.pause, self.person, common(self.times, [bounds]))


def reason_of(pause: Pause) -> str:
    """A key of REASONS. People may add to the word: "lunch, back at one"."""
    if pause.kind in (PauseKind.MISSED, PauseKind.FAULT):
        return pause.kind
    word = pause.reason.partition(",")[0].strip().casefold()
    if not word:
        return NO_REASON
    return word if word in PauseReason.values else OTHER_WORDS


def kept_since() -> datetime | None:
    """Since when pauses are kept; None if unknown. One query."""
    return (
        HistoryStart.objects.filter(what=HistoryStart.PAUSES)
        .values_list("since", flat=True)
        .first()
    )


def spent(asked: Asked, theirs: Shifts, now: datetime) -> list[Spent]:
    """The pauses of these days that took some time of the shift of the phone's salesperson.

    For a person without a known shift, all of the time counts. Sources, language and status are
    ignored, because a pause is from all calls. Two queries.
    """
    start, end = asked.bounds
    end = min(end, now)
    rows = Pause.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=start), began_at__lt=end
    ).exclude(kind=PauseKind.LOGIN)
    rows = rows.filter(asked.seen.of_teams("extension__team"))
    if asked.team is not None:
        rows = rows.filter(extension__team=asked.team)
    if (person := asked.salesperson) is not None:
        phone = Q(salesperson__isnull=True, extension=-person.number)
        rows = rows.filter(Q(salesperson=person.number) if person.number > 0 else phone)
    found = []
    for it in rows.order_by("began_at", "pk"):
        whose = it.salesperson_id or -it.extension_id
        times = common([(it.began_at, it.over_at(now))], [(start, end)] if start < end else [])
        if whose in theirs:
            times = common(times, theirs[whose])
        if times:
            found.append(Spent(it, whose, times))
    return found


def pauses_behind(
    asked: Asked, measure: Measure, grouping: Grouping | None, key: Key | None, now: datetime
) -> list[int]:
    """The ids of the pauses behind one number."""
    every = spent(asked, shifts(asked, now), now)
    if grouping is not None and key is not None:
        every = of_group(every, asked, grouping, key)
    return [it.pause.pk for it in every if _counts(measure, it)]


def of_group(every: Iterable[Spent], asked: Asked, grouping: Grouping, key: Key) -> list[Spent]:
    """The pauses of one group, with their times within it."""
    if grouping.days:
        bounds = grouping.days(key, asked).bounds(asked.tz)
        return [part for it in every if (part := it.within(bounds)).times]
    if grouping is REASON:
        return [it for it in every if reason_of(it.pause) == key]
    return [it for it in every if it.person == key]


def figure(measure: Measure, every: Sequence[Spent]) -> Figure:
    """The value of a measure for these pauses; None for a time without any pauses."""
    counted = [it for it in every if _counts(measure, it)]
    value: float | None = len(counted)
    if measure is measures.PAUSED:
        value = paused(counted) if counted else None
    elif measure is measures.LONGEST:
        value = max((it.length for it in counted), default=None)
    return Figure(measure, value, len(counted))


def paused(every: Iterable[Spent]) -> float:
    """In seconds, counting each moment of a person once."""
    people = {it.person for it in every}
    return sum(
        seconds(union(time for it in every if it.person == person for time in it.times))
        for person in people
    )


_KINDS: dict[str, Callable[[str], bool]] = {
    "pauses_own": lambda kind: kind == PauseKind.OWN,
    "pauses_others": lambda kind: kind == PauseKind.MANAGER,
    "pauses_system": lambda kind: kind not in (PauseKind.OWN, PauseKind.MANAGER),
}
_LENGTHS = {key: (above, up_to) for key, above, up_to, _name in measures.LENGTHS}


def _counts(measure: Measure, it: Spent) -> bool:
    if measure.key in _KINDS:
        return _KINDS[measure.key](it.pause.kind)
    if measure.key in _LENGTHS:
        above, up_to = _LENGTHS[measure.key]
        return above < it.length <= up_to
    return True
