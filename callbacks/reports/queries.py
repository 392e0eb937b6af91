"""Figures of leads: what was asked, grouped and measured, in one query for each table.

asked = filters.read(request.GET, now)
table = figures(asked, [MEASURES["leads"], MEASURES["ring_p90"]], GROUPINGS["day"], now=now)
table.total["ring_p90"].value, table.rows[0]["leads"].leads
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from callbacks.reports.filters import Asked
from callbacks.reports.groupings import Grouping, Key, by_group
from callbacks.reports.measures import SMALL_SAMPLE, Measure, Unit


@dataclass(frozen=True)
class Figure:
    """One value, and how many leads are behind it.

    `value`: None where there is nothing to tell it from; a share is 0 ... 1, times are seconds.
    `out_of`: of a share, how many leads it is a share of.
    """

    measure: Measure
    value: float | None
    leads: int
    out_of: int | None = None

    @property
    def is_small(self) -> bool:
        """A percentile or mean of so few leads that it says little."""
        is_sample = self.measure.unit in (Unit.SECONDS, Unit.NUMBER)
        return is_sample and 0 < self.leads < SMALL_SAMPLE


@dataclass(frozen=True)
class Row:
    """One group, or all of them: `key` is None, and `label` empty."""

    key: Key | None
    label: str
    figures: Mapping[str, Figure]

    def __getitem__(self, measure: str) -> Figure:
        return self.figures[measure]


@dataclass(frozen=True)
class Table:
    """Figures as they were at `now`: each group's, and of all leads together."""

    asked: Asked
    now: datetime
    measures: tuple[Measure, ...]
    grouping: Grouping | None
    rows: tuple[Row, ...]
    total: Row


def figures(
    asked: Asked,
    measures: Iterable[Measure],
    grouping: Grouping | None = None,
    *,
    now: datetime,
) -> Table:
    """One query, and a small one for the names of sources, teams or people.

    Days, hours and weekdays without leads are rows too. The period before: ask `asked.before()`.
    """
    measures = tuple(measures)
    aggregates = _aggregates(measures, now)
    if grouping is None:
        total = _row(None, "", asked.leads().aggregate(**aggregates), measures)
        return Table(asked, now, measures, None, (), total)
    found = by_group(asked.leads(), grouping.expression(asked), aggregates)
    by_key = {values["group"]: values for values in found}
    total = _row(None, "", by_key.pop(None), measures)
    nothing = dict.fromkeys(aggregates)
    by_key = dict.fromkeys(grouping.every(asked), nothing) | by_key
    labels = grouping.in_order(by_key, asked)
    rows = tuple(_row(key, label, by_key[key], measures) for key, label in labels.items())
    return Table(asked, now, measures, grouping, rows, total)


def _aggregates(measures: Iterable[Measure], now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for it in measures:
        leads = it.leads(now)
        found[f"{it.key}_leads"] = Count("pk", filter=leads)
        if it.aggregate:
            found[f"{it.key}_value"] = it.aggregate(leads)
        if it.out_of:
            found[f"{it.key}_out_of"] = Count("pk", filter=it.out_of(now))
    return found


def _row(
    key: Key | None, label: str, values: Mapping[str, Any], measures: Iterable[Measure]
) -> Row:
    return Row(key, label, {it.key: _figure(it, values) for it in measures})


def _figure(measure: Measure, values: Mapping[str, Any]) -> Figure:
    leads = values[f"{measure.key}_leads"] or 0
    if measure.aggregate:
        value = values[f"{measure.key}_value"]
        return Figure(measure, None if value is None else float(value), leads)
    if measure.out_of:
        out_of = values[f"{measure.key}_out_of"] or 0
        return Figure(measure, leads / out_of if out_of else None, leads, out_of)
    return Figure(measure, leads, leads)
