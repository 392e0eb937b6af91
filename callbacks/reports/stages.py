"""Where leads' time goes, by source: sums of stored columns, no replay.

- Leads are counted as in callbacks.reports.queries, by the day of submission.
- Leads who have talked have means of their own. The others still wait or were never reached, and
  one mean over both groups would describe neither.
- A lead that waits counts with what it has waited so far; a call that is on, when it has ended.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, DurationField, F, Q, Sum, Value, When
from django.db.models.expressions import RawSQL

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind
from callbacks.reports.time_breakdown import CALLS, STAGES, WAITS, Part, Stage, parts
from leads import sla, wait_accounting
from leads.models import OPEN_STATUSES, Lead, LeadStatus

_NOTHING = timedelta(0)
_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)
# Of a lead that is being called, the wait has ended with the claim.
_UNTIL = f"""
    CASE leads_lead.status WHEN '{LeadStatus.CALLING}' THEN (
        SELECT live.claimed_at FROM callbacks_callattempt live
        WHERE live.lead_id = leads_lead.id AND live.kind = '{AttemptKind.CALL}'
            AND live.state IN ({_LIVE})
    ) ELSE %s::timestamptz END
"""  # noqa: S608  # put together from constants only


@dataclass(frozen=True)
class StageTimes:
    """One row: the mean of each stage over so many leads, in seconds by column."""

    source: str | None
    leads: int
    means: Mapping[str, float]

    @property
    def total(self) -> float:
        """The mean of all of it."""
        return sum(self.means.values())

    @property
    def parts(self) -> tuple[Part, ...]:
        """As a bar."""
        return parts(self.means)

    def share(self, stage: Stage) -> float | None:
        """0 ... 1 of all time; None where there is none."""
        return self.means[stage.column] / self.total if self.total else None


@dataclass(frozen=True)
class Group:
    """Leads that have come to the same: all of them, None where there are none, and by source."""

    total: StageTimes | None
    by_source: tuple[StageTimes, ...]


@dataclass
class _Sums:
    leads: int = 0
    name: str = ""
    times: dict[str, timedelta] | None = None

    def add(self, leads: int, times: Mapping[str, timedelta | None]) -> None:
        so_far = self.times or {}
        self.leads += leads
        self.times = {
            it.column: so_far.get(it.column, _NOTHING) + (times.get(it.column) or _NOTHING)
            for it in STAGES
        }

    def row(self, source: str | None) -> StageTimes:
        means = {name: it.total_seconds() / self.leads for name, it in (self.times or {}).items()}
        return StageTimes(source, self.leads, means)


def stage_times(start: datetime, end: datetime, now: datetime) -> tuple[Group, Group]:
    """Of leads submitted in [start, end): the connected ones, and the others. Two queries."""
    sums: dict[tuple[bool, int], _Sums] = {}
    for values in _leads(start, end, now):
        key = (values["is_connected"], values["source_id"])
        sums[key] = _Sums(name=values["source__name"])
        sums[key].add(values["leads"], values)
    for values in _calls(start, end):
        # A lead may have come to its end between the two questions.
        if found := sums.get((values["is_connected"], values["source"])):
            found.add(0, values)
    return _group(sums, connected=True), _group(sums, connected=False)


def _group(sums: Mapping[tuple[bool, int], _Sums], *, connected: bool) -> Group:
    rows = [it for (is_connected, _), it in sums.items() if is_connected == connected]
    if not rows:
        return Group(None, ())
    total = _Sums()
    for row in rows:
        total.add(row.leads, row.times or {})
    by_name = sorted(rows, key=lambda row: row.name)
    return Group(total.row(None), tuple(row.row(row.name) for row in by_name))


def _leads(start: datetime, end: datetime, now: datetime) -> Iterable[Any]:
    """What they have waited, by source and whether they are connected."""
    until = RawSQL(_UNTIL, [now])  # noqa: S611  # constants only
    nothing = Value(_NOTHING, output_field=DurationField())
    running = wait_accounting.divided(until)
    waited = {
        stage.column: Sum(
            F(stage.column)
            + Case(
                When(status__in=OPEN_STATUSES, then=next(
                    more for what, more in running.items() if what == stage.key
                )),
                default=nothing,
            )
        )
        for stage in WAITS
    }  # fmt: skip
    return (
        Lead.objects.filter(sla.counted(), submitted_at__gte=start, submitted_at__lt=end)
        .order_by()
        .values("source_id", "source__name", is_connected=_has_talked(""))
        .annotate(leads=Count("pk"), **waited)
    )


def _calls(start: datetime, end: datetime) -> Iterable[Any]:
    """What their calls took."""
    return (
        CallAttempt.objects.filter(
            kind=AttemptKind.CALL,
            lead__in=Lead.objects.filter(
                sla.counted(), submitted_at__gte=start, submitted_at__lt=end
            ),
        )
        .order_by()
        .values(source=F("lead__source_id"), is_connected=_has_talked("lead__"))
        .annotate(**{stage.column: Sum(stage.column) for stage in CALLS})
    )


def _has_talked(prefix: str) -> Any:
    """As in the table of callback times: also of a lead that is called again since."""
    talked = Q(**{f"{prefix}connected_at__isnull": False})
    return Case(When(talked, then=Value(True)), default=Value(False))
