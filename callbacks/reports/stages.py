"""Where leads' time goes, by group: sums of stored columns, no replay.

- Leads are counted and grouped as in callbacks.reports.queries.
- Leads who have talked have means of their own. The others still wait or were never reached, and
  one mean over both groups would describe neither.
- A lead that waits counts with what it has waited so far; a call that is on, when it has ended.
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
    """One row: the mean of each stage over so many leads, in seconds by column.

    `key` is None, and `label` empty, for all of them.
    """

    key: Key | None
    label: str
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
    """Leads that have come to the same: all of them, None where there are none, and by group."""

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
    """Of leads that were reached, and of the others. Two queries, and one for the names.

    Groups without leads have no row.
    """
    sums: dict[bool, dict[Key | None, _Sums]] = {True: {}, False: {}}
    for values in _leads(asked, grouping, now):
        if values["leads"]:
            times = {stage.column: values.get(stage.column) or _NOTHING for stage in STAGES}
            sums[values["is_reached"]][values[KEY]] = _Sums(values["leads"], times)
    for values in _calls(asked, grouping):
        # A lead may have come to its end between the two questions.
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
    """What they have waited, by group and whether they are reached."""
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
    """What their calls took."""
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
    """As leads.sla.reached: also of a lead that is called again since."""
    reached = Q(**{f"{prefix}connected_at__isnull": False})
    return Case(When(reached, then=Value(True)), default=Value(False))
