"""What reports count and measure: one table of all measures.

Each measure is over the leads of one condition (leads.sla), so that a number and the list of leads
behind it cannot disagree.

- A lead belongs to the day on which it was submitted.
- Times are those of the source's clock, as stored when they became known
  (callbacks.calling.visitor_clock): a target in opening hours counts opening hours, others all
  hours. Wall-clock times stand beside them, for sources whose clock stops outside opening hours.
- A value that cannot be known is None, never zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from typing import Any

from django.db.models import (
    Case,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from callbacks.access import others_calls
from callbacks.access.scope import Scope
from callbacks.common.translation import Text
from callbacks.reports.percentiles import seconds_of
from leads import sla

# Percentiles and means of fewer leads than this say little, so they are marked where shown.
SMALL_SAMPLE = 20

Condition = Callable[[datetime], Q]


class Unit(Enum):
    """How to read a value."""

    LEADS = auto()
    SHARE = auto()  # 0 ... 1
    SECONDS = auto()
    NUMBER = auto()


@dataclass(frozen=True)
class Measure:
    """`leads`: the condition of the leads behind it, given the time now.

    `value`: of a lead; the measure is its percentile `fraction`, or its mean without one. None:
    the measure is the number of leads. `out_of`: for a share, the leads it is a share of.
    `better`: 1 if more is better, -1 if less is, else 0.

    `counts`: the rows behind it, if they are not leads (reports.salespeople). `listed`: the list
    that its number links to; empty: none. `added`: the values are added up. `distinct`: counts the
    different values of this, not rows. `told`: limits the leads to those whose value the user may
    see (callbacks.access.scope).
    """

    key: str
    name: Text
    definition: Text
    leads: Condition
    unit: Unit = Unit.LEADS
    value: Any = None
    fraction: float | None = None
    out_of: Condition | None = None
    better: int = 0
    counts: str = "leads"
    listed: str = "leads"
    added: bool = False
    distinct: Any = None
    told: Callable[[Scope], Q] = lambda _seen: Q()

    def rows(self, now: datetime, seen: Scope) -> Q:
        """The condition of the leads behind it, for a user who sees `seen`."""
        return self.leads(now) & self.told(seen)


def _always(condition: Callable[[], Q]) -> Condition:
    return lambda _now: condition()


def _between(start: Any, end: str) -> Any:
    """From one moment to another, in seconds; 0 if the second comes first."""
    # GREATEST skips NULLs in PostgreSQL; the conditions keep these rows out.
    took = Greatest(F(end), start) - start
    return seconds_of(ExpressionWrapper(took, output_field=DurationField()))


# When the visitor asked to be called: at once, or at a chosen time. For a lead that a later request
# moved (leads.joining), only the start of its clock tells.
_ASKED_FOR = Case(
    When(
        first_source__isnull=True,
        then=Least("clock_started_at", Coalesce("chosen_at", "submitted_at")),
    ),
    default=F("clock_started_at"),
)
_TIMES = {
    "ring": seconds_of(F("time_to_ring")),
    "talk": seconds_of(F("time_to_talk")),
    "ring_wall": _between(_ASKED_FOR, "rang_at"),
    "talk_wall": _between(_ASKED_FOR, "connected_at"),
    "accepted": _between(F("clock_started_at"), "first_dialed_at"),
}


def _with_ring(_now: datetime) -> Q:
    return sla.rang() & Q(time_to_ring__isnull=False)


def _with_talk(_now: datetime) -> Q:
    return sla.reached() & Q(time_to_talk__isnull=False)


_TIMED: dict[str, tuple[Text, Text, Condition]] = {
    "ring": (
        _("Time to ring"),
        _(
            "From the start of the lead's clock until the visitor's phone "
            "first rang, for leads whose phone rang. It is the same clock that "
            "measures the source's target."
        ),
        _with_ring,
    ),
    "talk": (
        _("Time to talk"),
        _(
            "From the start of the lead's clock until the two first talked, on "
            "the same clock, for leads who talked with somebody."
        ),
        _with_talk,
    ),
    "ring_wall": (
        _("Time to ring, wall clock"),
        _(
            "From the submission, or the time the visitor chose, until the "
            "visitor's phone first rang, including nights and days off."
        ),
        _with_ring,
    ),
    "talk_wall": (
        _("Time to talk, wall clock"),
        _(
            "From the submission, or the time the visitor chose, until the two "
            "first talked, including nights and days off."
        ),
        _with_talk,
    ),
    "accepted": (
        _("Time to acceptance"),
        _(
            "A technical figure: the time from the start of the lead's clock "
            "until the provider accepted the first call, counted round the "
            "clock. The visitor's phone has not rung at that point."
        ),
        _always(sla.called),
    ),
}
_P50 = _("Half of the leads took this long or less; interpolated between two leads.")
_P90 = _("9 of 10 leads took this long or less; interpolated between two leads.")
_P95 = _("19 of 20 leads took this long or less; interpolated between two leads.")
_P99 = _("99 of 100 leads took this long or less; interpolated between two leads.")
_MEAN = _("The total divided by the number of leads. A single very late lead can change it a lot.")
_FRACTIONS = {"p50": (0.5, _P50), "p90": (0.9, _P90), "p95": (0.95, _P95), "p99": (0.99, _P99)}


def _times() -> list[Measure]:
    found = []
    for what, (name, definition, leads) in _TIMED.items():
        for key, (fraction, meaning) in _FRACTIONS.items():
            found.append(
                Measure(
                    f"{what}_{key}",
                    format_lazy(_("{name}, {fraction}"), name=name, fraction=key),
                    format_lazy(
                        _("{definition} {meaning}"), definition=definition, meaning=meaning
                    ),
                    leads,
                    Unit.SECONDS,
                    _TIMES[what],
                    fraction,
                    better=-1,
                )
            )
        found.append(
            Measure(
                f"{what}_mean",
                format_lazy(_("{name}, mean"), name=name),
                format_lazy(_("{definition} {meaning}"), definition=definition, meaning=_MEAN),
                leads,
                Unit.SECONDS,
                _TIMES[what],
                better=-1,
            )
        )
    return found


# How soon phones rang: key, limit and name. pictures.SPREAD uses them too.
LIMITS = (
    ("within_30_s", timedelta(seconds=30), _("Within 30 s")),
    ("within_1_min", timedelta(minutes=1), _("Within 1 min")),
    ("within_5_min", timedelta(minutes=5), _("Within 5 min")),
    ("within_15_min", timedelta(minutes=15), _("Within 15 min")),
    ("within_1_h", timedelta(hours=1), _("Within 1 h")),
)


def _within() -> list[Measure]:
    definition = _(
        "Leads whose phone rang within this time on the source's clock, as "
        "a share of all leads whose phone rang or whose due time has "
        "passed."
    )
    return [
        Measure(
            key, name, definition, partial(_rang_within, limit), Unit.SHARE,
            out_of=sla.judged, better=1,
        )
        for key, limit, name in LIMITS
    ]  # fmt: skip


# The ranges between the limits, which add up. LIMITS[0] is the first range.
SLICES = (
    ("from_30_s", 0, _("30 s to 1 min")),
    ("from_1_min", 1, _("1 to 5 min")),
    ("from_5_min", 2, _("5 to 15 min")),
    ("from_15_min", 3, _("15 min to 1 h")),
)


def _slices() -> list[Measure]:
    definition = _("Leads whose phone rang within this range of time on the source's clock.")
    return [
        Measure(key, name, definition, partial(_rang_between, LIMITS[at][1], LIMITS[at + 1][1]))
        for key, at, name in SLICES
    ]


def _rang_between(after: timedelta, until: timedelta, _now: datetime) -> Q:
    return sla.rang_after(after) & sla.rang_within(until)


def _rang_within(limit: timedelta, _now: datetime) -> Q:
    return sla.rang_within(limit)


def _rang_later(_now: datetime) -> Q:
    return sla.rang_after(LIMITS[-1][1])


MEASURES = {
    it.key: it
    for it in (
        Measure(
            "leads", _("Leads"),
            _(
                "Leads submitted on these days, in the time zone shown above. "
                "Duplicates, leads held for review and leads cancelled before "
                "their due time are not counted."
            ),
            _always(sla.counted),
        ),
        Measure(
            "not_counted", _("Not counted"),
            _(
                "Duplicates (the lead they joined is counted), leads held for "
                "review, leads cancelled before their due time, and follow-up "
                "calls."
            ),
            _always(lambda: ~sla.counted()),
        ),
        Measure(
            "follow_ups", _("Follow-ups"),
            _("Calls that salespeople planned after a talk. They are not counted "
              "as leads."),
            _always(sla.follow_ups),
        ),
        Measure(
            "called", _("Called"),
            _(
                "The provider accepted at least one call. The salesperson's phone "
                "rings first, so the visitor's phone may not have rung."
            ),
            _always(sla.called),
        ),
        Measure(
            "rang", _("Phone rang"),
            _(
                "The visitor's phone rang at least once according to the call "
                "records. If a call has no such record, it counts as rung because "
                "the salesperson picked up."
            ),
            _always(sla.rang),
        ),
        Measure(
            "reached", _("Talked"),
            _("The lead's phone was answered and the two talked."),
            _always(sla.reached),
        ),
        Measure(
            "not_reached", _("Not talked"),
            _("Leads nobody has talked with, whether still open or closed."),
            _always(sla.not_reached),
        ),
        Measure(
            "reached_share", _("Reached"),
            _("Leads somebody talked with, as a share of all leads."),
            _always(sla.reached), Unit.SHARE, out_of=_always(sla.counted), better=1,
        ),
        *_times(),
        Measure(
            "in_time", _("Within target"),
            _(
                "Leads whose phone rang by their due time, as a share of all leads "
                "whose phone rang or whose due time has passed. A lead that still "
                "has time left does not count yet."
            ),
            _always(sla.in_time), Unit.SHARE, out_of=sla.judged, better=1,
        ),
        *_within(),
        *_slices(),
        Measure(
            "later", _("Later than 1 h"),
            _(
                "Leads whose phone rang after more than an hour on the source's "
                "clock, as a share of all leads whose phone rang or whose due time "
                "has passed."
            ),
            _rang_later, Unit.SHARE, out_of=sla.judged, better=-1,
        ),
        Measure(
            "never", _("Never"),
            _(
                "Closed leads whose due time has passed and whose phone never "
                "rang, as a share of all leads whose phone rang or whose due time "
                "has passed."
            ),
            sla.never_rang, Unit.SHARE, out_of=sla.judged, better=-1,
        ),
        Measure(
            "attempts", _("Tries per talk"),
            _("The number of calls made to leads somebody talked with, divided "
              "by the number of those leads."),
            _always(sla.reached), Unit.NUMBER, F("attempts"), better=-1,
        ),
        Measure(
            "helped", _("Did it help?"),
            _(
                "The mean of visitors' answers after the talk, on the page of "
                "their request, from 1 (not at all) to 5 (very much)."
            ),
            _always(sla.answered), Unit.NUMBER, F("helped"), better=1,
            told=others_calls.answer_is_told,
        ),
        Measure(
            "answers", _("Answers"),
            _("Leads whose visitor answered whether the talk helped."),
            _always(sla.answered), told=others_calls.answer_is_told,
        ),
        Measure(
            "overdue", _("Overdue"),
            _("Leads still to be called whose due time has passed. They also "
              "count as missed."),
            sla.overdue, better=-1,
        ),
        Measure(
            "missed", _("Missed"),
            _(
                "Leads whose due time passed without their phone ringing, "
                "including those closed or cancelled since. They are not part of "
                "the times to ring."
            ),
            sla.missed, better=-1,
        ),
        Measure(
            "judged", _("Judged"),
            _("Leads whose phone rang or whose due time has passed, so the "
              "target was either met or missed."),
            sla.judged,
        ),
    )
}  # fmt: skip
