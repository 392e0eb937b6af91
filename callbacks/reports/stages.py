"""Where leads' time goes, by group: sums of stored columns, no replay.

- Leads are counted and grouped as in callbacks.reports.queries.
- Leads that somebody talked with have their own means. The others still wait or were never reached,
  and one mean over both would describe neither.
- A waiting lead counts with its wait so far. A live call counts only once it has ended.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DurationField, F, Q, Value, When
from django.db.models.expressions import RawSQL

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind
from callbacks.reports.filters import Asked
from callbacks.reports.grouped_sql import KEY, grouped
from callbacks.reports.groupings import Grouping, Key
from callbacks.reports.time_breakdown import CALLS, STAGES, WAITS, Part, Stage, parts
from leads import sla, wait_accounting
from leads.models import OPEN_STATUSES, LeadStatus

_NOTHING = timedelta(0)
_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)
# The wait of a lead that is being called ended with the claim.
_UNTIL = f"""
    CASE leads_lead.status WHEN '{LeadStatus.CALLING}' THEN (
        SELECT live.claimed_at FROM callbacks_callattempt live
        WHERE live.lead_id = leads_lead.id AND live.kind = '{AttemptKind.CALL}'
            AND live.state IN ({_LIVE})
    ) ELSE %s::timestamptz END
"""  # noqa: S608  # put together from constants only


@dataclass(frozen=True)
class StageTimes:
    """One row: the mean of each stage over `leads`, in seconds by column.

    For all leads together, `key` is None and `label` empty.
    """

    key: Key | None
    label: str
    leads: int
    means: Mapping[str, float]

    @property
    def total(self) -> float:
        """The mean of all stages together."""
        return sum(self.means.values())

    @property
    def parts(self) -> tuple[Part, ...]:
        """The stages as a bar."""
        return parts(self.means)

    def share(self, stage: Stage) -> float | None:
        """The stage's share of all time, 0 ... 1; None if there was no time."""
        return self.means[stage.column] / self.total if self.total else None


@dataclass(frozen=True)
class Group:
    """Leads that were reached, or those that were not. `total` is None if there are none."""

    total: StageTimes | None
    rows: tuple[StageTimes, ...]


@dataclass
class _Sums:
    leads: int
    times: dict[str, timedelta]

    def row(self, key: Key | None, label: str) -> StageTimes:
        means = {name: it.total_seconds() / self.leads for name, it in self.times.items()}
        return StageTimes(key, label, self.leads, means)


def stage_times(asked: Asked, grouping: Grouping, now: datetime) -> tuple[Group, Group]:
    """For leads that were reached, and for the others. Two queries, and one for the names.

    Groups without leads have no row.
    """
    sums: dict[bool, dict[Key | None, _Sums]] = {True: {}, False: {}}
    for values in _leads(asked, grouping, now):
        if values["leads"]:
            times = {stage.column: values.get(stage.column) or _NOTHING for stage in STAGES}
            sums[values["is_reached"]][values[KEY]] = _Sums(values["leads"], times)
    for values in _calls(asked, grouping):
        # A lead may have been closed or reached between the two queries.
        if found := sums[values["is_reached"]].get(values[KEY]):
            for stage in CALLS:
                found.times[stage.column] = values[stage.column] or _NOTHING
    return _group(sums[True], grouping, asked), _group(sums[False], grouping, asked)


def _group(sums: dict[Key | None, _Sums], grouping: Grouping, asked: Asked) -> Group:
    total = sums.pop(None, None)
    labels = grouping.in_order(sums, asked)
    return Group(
        total.row(None, "") if total else None,
        tuple(sums[key].row(key, label) for key, label in labels.items()),
    )


def _leads(asked: Asked, grouping: Grouping, now: datetime) -> Iterable[Any]:
    """The leads' waits, by group and whether they were reached."""
    until = RawSQL(_UNTIL, [now])  # noqa: S611  # constants only
    nothing = Value(_NOTHING, output_field=DurationField())
    running = wait_accounting.divided(until)
    waited = {
        f"{stage.key}_so_far": F(stage.column)
        + Case(
            When(status__in=OPEN_STATUSES, then=next(
                more for what, more in running.items() if what == stage.key
            )),
            default=nothing,
        )
        for stage in WAITS
    }  # fmt: skip
    rows = (
        asked.leads()
        .filter(sla.counted())
        .annotate(is_reached=_is_reached(""), **{KEY: grouping.expression(asked)}, **waited)
        .values(KEY, "is_reached", *waited)
    )
    sums = {stage.column: f"sum({stage.key}_so_far)" for stage in WAITS}
    return grouped(rows, {"leads": "count(*)", **sums}, ["is_reached"])


def _calls(asked: Asked, grouping: Grouping) -> Iterable[Any]:
    """The times of their calls, by group and whether the leads were reached."""
    columns = [stage.column for stage in CALLS]
    rows = (
        CallAttempt.objects.filter(
            kind=AttemptKind.CALL, lead__in=asked.leads().filter(sla.counted())
        )
        .annotate(is_reached=_is_reached("lead__"), **{KEY: grouping.expression(asked, "lead__")})
        .values(KEY, "is_reached", *columns)
    )
    return grouped(rows, {column: f"sum({column})" for column in columns}, ["is_reached"])


def _is_reached(prefix: str) -> Any:
    """Like leads.sla.reached, also for leads that are being called again."""
    reached = Q(**{f"{prefix}connected_at__isnull": False})
    return Case(When(reached, then=Value(True)), default=Value(False))
