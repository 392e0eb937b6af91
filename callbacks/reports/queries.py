"""How fast leads are called back: queries in, frozen dataclasses out.

What is counted, in words; DEFINITIONS says the same to the reader of the page:

- A lead belongs to the day on which it was submitted.
- Duplicates (the number had an open lead already), cancelled leads, and leads that are still held
  for a person to look at are not counted: nobody was to be called for them.
- The time to dial runs from the start of the lead's clock to the first call that the provider
  accepted; a call before the clock started counts as zero. It is known only of called leads, so the
  percentiles say nothing of those that still wait: these stand under "overdue", and closed leads
  that no call was ever accepted for under "never called".
- A lead is judged against its target once it was called or its due time is over. One that was not
  called and is still inside its target is neither a hit nor a miss; one that is overdue and was not
  called is a miss, also when it is closed by now.
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
from leads.models import OPEN_STATUSES, Lead, LeadStatus

NOT_COUNTED = (LeadStatus.DUPLICATE, LeadStatus.CANCELLED, LeadStatus.HELD)

DEFINITIONS: dict[str, Text] = {
    "Leads": _(
        "Submitted on these days, by the time zone named above. Duplicates, cancelled "
        "leads and leads held for a person to look at are not counted."
    ),
    "Called": _("The provider accepted at least one call to the lead."),
    "Connected": _("The lead's phone was answered and the two talked."),
    "Time to dial": _(
        "From the start of the lead's clock to the first accepted call, over called "
        "leads only. p90 is the time that 9 of 10 called leads did not exceed."
    ),
    "Time to talk": _(
        "From the start of the lead's clock to the moment the lead's phone was "
        "answered, over connected leads only."
    ),
    "Within target": _(
        "Leads first called by their due time, out of all that were called or whose due"
        " time is over. A lead that still has time left is not judged yet."
    ),
    "Overdue": _(
        "The due time is over, no call was accepted so far, and the lead still waits: the same "
        "leads as on the overview. They count as misses, and are not part of the times to dial."
    ),
    "Never called": _(
        "The due time is over, and the lead was closed without an accepted call. They count as "
        "misses, and are not part of the times to dial."
    ),
}


@dataclass(frozen=True)
class CallbackTimes:
    """One row of the report; times in seconds. None where there is nothing to compute it from."""

    source_id: int | None
    source: str | None
    leads: int
    called: int
    connected: int
    not_counted: int
    overdue: int
    never_called: int
    judged: int
    within_target: int
    dial_p50: float | None
    dial_p90: float | None
    dial_p95: float | None
    talk_p50: float | None

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
        .values("source_id", "source__name")
        .annotate(**figures)
    )
    return Report(
        start=start,
        end=end,
        now=now,
        total=_row(leads.aggregate(**figures)),
        by_source=tuple(_row(dict(values)) for values in by_source),
    )


def overdue(now: datetime) -> Q:
    """Leads that somebody is still to call, that should have been called by now and were not.

    The same for the report, the overview and the list of leads.
    """
    return Q(status__in=_TO_BE_CALLED, first_dialed_at__isnull=True, due_at__lt=now)


_TO_BE_CALLED = [status for status in OPEN_STATUSES if status not in NOT_COUNTED]


def _figures(now: datetime) -> dict[str, Any]:
    counted = ~Q(status__in=NOT_COUNTED)
    called = counted & Q(first_dialed_at__isnull=False)
    missed = counted & Q(first_dialed_at__isnull=True, due_at__lt=now)
    connected = counted & Q(connected_at__isnull=False)
    to_dial, to_talk = _seconds_to("first_dialed_at"), _seconds_to("connected_at")
    return {
        "counted_leads": Count("pk", filter=counted),
        "called_leads": Count("pk", filter=called),
        "connected_leads": Count("pk", filter=connected),
        "left_out": Count("pk", filter=~counted),
        "overdue_leads": Count("pk", filter=overdue(now)),
        "never_called_leads": Count("pk", filter=missed & ~Q(status__in=_TO_BE_CALLED)),
        "judged_leads": Count("pk", filter=called | missed),
        "in_time": Count("pk", filter=called & Q(first_dialed_at__lte=F("due_at"))),
        "dial_p50": PercentileCont(to_dial, 0.5, filter=called),
        "dial_p90": PercentileCont(to_dial, 0.9, filter=called),
        "dial_p95": PercentileCont(to_dial, 0.95, filter=called),
        "talk_p50": PercentileCont(to_talk, 0.5, filter=connected),
    }


def _seconds_to(field: str) -> Any:
    """Clock start -> `field`, in seconds; 0 where a manager had it called before the clock ran."""
    # GREATEST skips NULLs in PostgreSQL; the aggregates' filters keep these rows out.
    waited = ExpressionWrapper(
        Greatest(F(field), F("clock_started_at")) - F("clock_started_at"),
        output_field=DurationField(),
    )
    return Func(Value("epoch"), waited, function="date_part", output_field=FloatField())


def _row(values: dict[str, Any]) -> CallbackTimes:
    return CallbackTimes(
        source_id=values.get("source_id"),
        source=values.get("source__name"),
        leads=values["counted_leads"],
        called=values["called_leads"],
        connected=values["connected_leads"],
        not_counted=values["left_out"],
        overdue=values["overdue_leads"],
        never_called=values["never_called_leads"],
        judged=values["judged_leads"],
        within_target=values["in_time"],
        dial_p50=values["dial_p50"],
        dial_p90=values["dial_p90"],
        dial_p95=values["dial_p95"],
        talk_p50=values["talk_p50"],
    )
