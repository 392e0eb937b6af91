"""How fast leads are called back: queries in, frozen dataclasses out.

What is counted is in leads.sla, and in words for the reader in DEFINITIONS. Beyond that:

- A lead belongs to the day on which it was submitted.
- Times are what the clock of the lead's source showed, as it was stored when they became known
  (callbacks.calling.visitor_clock): with a target in opening hours, opening hours; else all hours.
- The percentiles say nothing of leads whose phone has not rung: these stand under "missed" once
  their time is over.
- A lead is judged against its target once its phone has rung or its due time is over. One that is
  still inside its target is neither a hit nor a miss.
- What is not known, because there is nothing to know it from, is None; never zero.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, FloatField, Func, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text
from callbacks.reports.percentiles import PercentileCont
from leads import sla
from leads.models import Lead

# Percentiles of fewer leads than this say little: the page marks them.
SMALL_SAMPLE = 20

DEFINITIONS: dict[str, Text] = {
    "Leads": _(
        "Submitted on these days, by the time zone named above. Duplicates and leads held for a "
        "person to look at are not counted, nor are leads cancelled while there was still time."
    ),
    "Phone rang": _(
        "The visitor's phone rang at least once, by the records of the calls; where there is no "
        "record of it, because the salesperson picked up."
    ),
    "Talked": _("The lead's phone was answered and the two talked."),
    "Time to ring": _(
        "From the start of the lead's clock until the visitor's phone first rang, over leads whose "
        "phone rang. p90 is the time that 9 of 10 of them did not exceed; between two leads it is "
        "interpolated. The clock is the one that the source's target is measured by."
    ),
    "Time to talk": _(
        "From the start of the lead's clock until the two first talked, on the same clock, over "
        "leads they talked with."
    ),
    "Within target": _(
        "Leads whose phone rang by their due time, out of all whose phone rang or whose due time "
        "is over. A lead that still has time left is not judged yet."
    ),
    "Missed": _(
        "The due time was over before the phone had rung: also of leads that were closed or "
        "cancelled since. Those still overdue are to be called yet, and stand on the overview. "
        "None of them is part of the times to ring."
    ),
    "Accepted": _(
        "A technical figure: the provider accepted at least one call, and how long after the start "
        "of the lead's clock, in all hours. The visitor's phone has not rung by then."
    ),
}


@dataclass(frozen=True)
class CallbackTimes:
    """One row of the report; times in seconds. None where there is nothing to compute it from.

    `clock`: the rule of the source's clock (leads.models.SlaClock); None for all sources together.
    """

    source_id: int | None
    source: str | None
    clock: str | None
    leads: int
    rang: int
    talked: int
    not_counted: int
    overdue: int
    never_rang: int
    judged: int
    within_target: int
    ring_p50: float | None
    ring_p90: float | None
    ring_p95: float | None
    talk_p50: float | None
    accepted: int
    accepted_p50: float | None
    accepted_p95: float | None

    @property
    def missed(self) -> int:
        """Leads whose time was over before their phone rang: still to be called, or closed."""
        return self.overdue + self.never_rang

    @property
    def share_within_target(self) -> float | None:
        """0 ... 1 of the judged leads; None when none is judged yet."""
        return self.within_target / self.judged if self.judged else None


@dataclass(frozen=True)
class Report:
    """Leads submitted in [start, end), judged at `now`: all of them, and by source."""

    start: datetime
    end: datetime
    now: datetime
    total: CallbackTimes
    by_source: tuple[CallbackTimes, ...]


def callback_times(start: datetime, end: datetime, now: datetime) -> Report:
    """The report on leads submitted in [start, end). Two queries.

    Sources without leads are left out. The percentiles are PostgreSQL's percentile_cont.
    """
    leads = Lead.objects.filter(submitted_at__gte=start, submitted_at__lt=end)
    figures = _figures(now)
    by_source = (
        leads.order_by("source__name", "source_id")
        .values("source_id", "source__name", "source__sla_clock")
        .annotate(**figures)
    )
    return Report(
        start=start,
        end=end,
        now=now,
        total=_row(leads.aggregate(**figures)),
        by_source=tuple(_row(dict(values)) for values in by_source),
    )


def _figures(now: datetime) -> dict[str, Any]:
    counted, rang, missed, overdue = sla.counted(), sla.rang(), sla.missed(now), sla.overdue(now)
    talked = counted & Q(connected_at__isnull=False)
    accepted = counted & Q(first_dialed_at__isnull=False)
    to_ring, to_talk, to_acceptance = (
        _seconds("time_to_ring"),
        _seconds("time_to_talk"),
        _accepted(),
    )
    return {
        "counted_leads": Count("pk", filter=counted),
        "left_out": Count("pk", filter=~counted),
        "rang_leads": Count("pk", filter=rang),
        "talked_leads": Count("pk", filter=talked),
        "overdue_leads": Count("pk", filter=overdue),
        "never_rang_leads": Count("pk", filter=missed & ~overdue),
        "judged_leads": Count("pk", filter=rang | missed),
        "in_time": Count("pk", filter=sla.in_time()),
        "ring_p50": PercentileCont(to_ring, 0.5, filter=rang),
        "ring_p90": PercentileCont(to_ring, 0.9, filter=rang),
        "ring_p95": PercentileCont(to_ring, 0.95, filter=rang),
        "talk_p50": PercentileCont(to_talk, 0.5, filter=talked),
        "accepted_leads": Count("pk", filter=accepted),
        "accepted_p50": PercentileCont(to_acceptance, 0.5, filter=accepted),
        "accepted_p95": PercentileCont(to_acceptance, 0.95, filter=accepted),
    }


def _seconds(duration: Any) -> Any:
    """A duration's column or expression in seconds."""
    return Func(Value("epoch"), duration, function="date_part", output_field=FloatField())


def _accepted() -> Any:
    """Clock start -> the provider's acceptance; 0 where a manager had it called before."""
    # GREATEST skips NULLs in PostgreSQL; the aggregates' filters keep these rows out.
    return _seconds(
        ExpressionWrapper(
            Greatest(F("first_dialed_at"), F("clock_started_at")) - F("clock_started_at"),
            output_field=DurationField(),
        )
    )


def _row(values: dict[str, Any]) -> CallbackTimes:
    return CallbackTimes(
        source_id=values.get("source_id"),
        source=values.get("source__name"),
        clock=values.get("source__sla_clock"),
        leads=values["counted_leads"],
        rang=values["rang_leads"],
        talked=values["talked_leads"],
        not_counted=values["left_out"],
        overdue=values["overdue_leads"],
        never_rang=values["never_rang_leads"],
        judged=values["judged_leads"],
        within_target=values["in_time"],
        ring_p50=values["ring_p50"],
        ring_p90=values["ring_p90"],
        ring_p95=values["ring_p95"],
        talk_p50=values["talk_p50"],
        accepted=values["accepted_leads"],
        accepted_p50=values["accepted_p50"],
        accepted_p95=values["accepted_p95"],
    )
