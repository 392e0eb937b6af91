"""The report's pictures as plain data: what a chart draws, and a table with the same values.

static/reports/charts.js draws them with Chart.js, which comes with the admin's theme.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from callbacks.common.formatting import in_words, percent
from callbacks.reports import cells
from callbacks.reports.cells import Line
from callbacks.reports.drilldown import Behind
from callbacks.reports.groupings import WEEKDAY_HOUR
from callbacks.reports.measures import LIMITS, MEASURES, SLICES
from callbacks.reports.queries import Figure, Row, Table
from callbacks.reports.stages import Group, StageTimes
from callbacks.reports.time_breakdown import STAGES

TREND = ("leads", "ring_p50", "ring_p90")
SPREAD = (LIMITS[0][0], *(key for key, _at, _name in SLICES), "later", "overdue", "never")
HEAT = ("leads", "ring_p90")
# Above this ratio of the largest value to the smallest, a linear scale hides the small ones.
_STEEP = 30
# Seconds: the levels of lateness in the heat map.
_LATE = (30, 60, 300, 900, 3600)


@dataclass(frozen=True)
class Picture:
    """`chart` goes to the script as JSON. `lines` are its table, under `head`."""

    key: str
    title: str
    said: str
    chart: dict[str, Any]
    head: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def script(self) -> str:
        """The id of the chart's data in the page."""
        return f"chart-{self.key}"


@dataclass(frozen=True)
class HeatCell:
    """`level`: 0 to 5, by how many leads there are or how late they are."""

    level: int
    shown: SafeString | None
    is_small: bool = False


@dataclass(frozen=True)
class Heat:
    """Hours by weekdays; each row is an hour."""

    title: str
    said: str
    weekdays: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell, ...]], ...]


def trend(table: Table, before: Table | None, target: int | None) -> Picture:
    """Time to ring over time, with the target's line and the period before."""
    rows = table.rows
    earlier = before.rows[: len(rows)] if before else ()
    series = [
        _series(gettext("p90"), "accent", [row["ring_p90"] for row in rows], table, rows),
        _series(gettext("p50"), "stage-provider", [row["ring_p50"] for row in rows], table, rows),
    ]
    if before:
        figures = [row["ring_p90"] for row in earlier]
        series.append(
            _series(gettext("p90 before"), "soft", figures, before, earlier) | {"dashed": True}
        )
    seconds = [it for one in series for it in one["values"] if it is not None]
    if target and seconds:
        series.append(_target(target, len(rows)))
        seconds.append(target)
    return Picture(
        "trend",
        gettext("Time to ring"),
        gettext("p90 and p50 of time to ring, by %(grouping)s.")
        % {"grouping": str(table.grouping.name).lower() if table.grouping else ""},
        {
            "kind": "line",
            "labels": [short_label(row) for row in rows],
            "series": series,
            "units": units(),
            "steep": bool(seconds) and max(seconds) > _STEEP * max(min(seconds), 1),
        },
        tuple(str(MEASURES[key].name) for key in TREND),
        cells.lines(table, before),
    )


def by_hour(table: Table, hours: Collection[int], target: int | None) -> Picture:
    """Leads as bars, their p90 time to ring as a line, and the target's line. From the first hour
    with leads to the last of `hours`.
    """
    busy = [row for row in table.rows if row.key in hours]
    while busy and not busy[0]["leads"].leads:
        busy.pop(0)
    series = [
        _series(gettext("Leads"), "bars", [row["leads"] for row in busy], table, busy)
        | {"bars": True},
        _series(gettext("p90 to ring"), "accent", [row["ring_p90"] for row in busy], table, busy),
    ]
    if target:
        series.append(_target(target, len(busy)))
    keys = ("leads", "ring_p90")
    return Picture(
        "hours",
        gettext("Today by hour"),
        gettext("Leads and their p90 time to ring."),
        {
            "kind": "mixed",
            "labels": [row.label for row in busy],
            "series": series,
            "units": units(),
            "counted": gettext("Leads"),
            "timed": gettext("p90 to ring"),
        },
        tuple(str(MEASURES[key].name) for key in keys),
        tuple(Line(row.label, tuple(cells.cell(table, row, key) for key in keys)) for row in busy),
    )


def spread(table: Table, before: Table | None) -> Picture:
    """How soon phones rang: the leads in each range of time, and those missed."""
    labels = [
        gettext("up to 30 s"), *(str(name) for _key, _at, name in SLICES),
        gettext("over 1 h"), gettext("overdue"), gettext("never"),
    ]  # fmt: skip
    series = [_slices(table, gettext("Leads"), "accent")]
    if before:
        series.append(_slices(before, gettext("Before"), "soft"))
    rows = []
    for key, label in zip(SPREAD, labels, strict=True):
        shown = _count(table, key)
        row = [cells.Cell(MEASURES[key], shown)]
        if before:
            row.append(cells.Cell(MEASURES[key], _count(before, key)))
        rows.append(Line(label, tuple(row)))
    head = (gettext("Leads"), gettext("Before")) if before else (gettext("Leads"),)
    return Picture(
        "spread",
        gettext("How soon the phone rang"),
        gettext("Leads by time to ring, and leads whose due time passed before the phone rang."),
        {"kind": "bars", "labels": labels, "series": series},
        head,
        tuple(rows),
    )


def stages(group: Group, title: str) -> dict[str, Any]:
    """The mean of each stage, stacked, for each group."""
    return {
        "kind": "stacked",
        "labels": [short_label(row) for row in group.rows],
        "series": [
            {
                "name": str(stage.name),
                "colour": f"stage-{stage.key}",
                "values": [round(row.means[stage.column], 1) for row in group.rows],
                "words": [in_words(row.means[stage.column]) for row in group.rows],
            }
            for stage in STAGES
        ],
        "units": units(),
        "title": title,
    }


def heat(table: Table, key: str, weekdays: Sequence[tuple[int, str]]) -> Heat:
    """Leads, or their p90, by the hour of each weekday. Hours without leads are cut off at both
    ends of the day.
    """
    by_key = {row.key: row for row in table.rows}
    hours = [int(str(row.key)) % 24 for row in table.rows if row["leads"].leads]
    first, last = (min(hours), max(hours)) if hours else (0, -1)
    most = max((row["leads"].leads for row in table.rows), default=0)
    rows = tuple(
        (
            f"{hour:02}:00",
            tuple(_heat_cell(table, by_key.get(day * 24 + hour), key, most) for day, _ in weekdays),
        )
        for hour in range(first, last + 1)
    )
    is_leads = key == "leads"
    return Heat(
        gettext("Leads by hour") if is_leads else gettext("p90 to ring by hour"),
        gettext("Stronger colour: more leads.")
        if is_leads
        else gettext(
            "Stronger colour: later. Figures in italics are based on fewer than 20 leads."
        ),
        tuple(name for _day, name in weekdays),
        rows,
    )


def _heat_cell(table: Table, row: Row | None, key: str, most: int) -> HeatCell:
    figure = row[key] if row else None
    if row is None or figure is None or not figure.leads or figure.value is None:
        return HeatCell(0, None)
    behind = Behind(table.asked, figure.measure, WEEKDAY_HOUR, row.key)
    if key == "leads":
        shown = number_format(figure.leads, force_grouping=True)
        return HeatCell(
            -(-5 * figure.leads // most), cells.link(shown, behind, behind.words(row.label))
        )
    level = sum(figure.value > limit for limit in _LATE)
    title = gettext("%(time)s, %(what)s") % {
        "time": in_words(figure.value), "what": behind.words(row.label),
    }  # fmt: skip
    return HeatCell(
        level, cells.link(_short(figure.value), behind, title), is_small=figure.is_small
    )


def short_label(row: Row | StageTimes) -> str:
    """Leaves out a day's year, because an axis has little room."""
    if isinstance(row.key, date) and row.label.count(" ") > 1:
        return row.label.removesuffix(f" {row.key:%Y}")
    return row.label


def units() -> list[tuple[int, str]]:
    """For an axis of times: the seconds and name of each unit."""
    return [(86_400, gettext("d")), (3600, gettext("h")), (60, gettext("min")), (1, gettext("s"))]


def _short(seconds: float) -> str:
    """One unit, rounded, because there is no room for more."""
    size, name = next((it for it in units() if seconds >= it[0]), units()[-1])
    return gettext("%(number)s %(unit)s") % {"number": round(seconds / size), "unit": name}


def _series(
    name: str, colour: str, figures: Sequence[Figure], table: Table, rows: Sequence[Row]
) -> dict[str, Any]:
    """The values, their words and links, and whether each is of few leads."""
    return {
        "name": name,
        "colour": colour,
        "values": [None if it.value is None else round(it.value, 1) for it in figures],
        "words": [cells.words(it) for it in figures],
        "links": [
            Behind(table.asked, it.measure, table.grouping, row.key).address()
            for it, row in zip(figures, rows, strict=True)
        ]
        if table.asked.seen.names
        else None,
        "small": [it.is_small for it in figures],
    }


def _target(seconds: int, places: int) -> dict[str, Any]:
    """A straight line."""
    return {
        "name": gettext("Target"), "colour": "bad", "values": [seconds] * places,
        "words": [in_words(seconds)] * places, "plain": True,
    }  # fmt: skip


def _slices(table: Table, name: str, colour: str) -> dict[str, Any]:
    figures = [table.total[key] for key in SPREAD]
    judged = table.total["judged"].leads
    return {
        "name": name,
        "colour": colour,
        "values": [it.leads for it in figures],
        "words": [
            gettext("%(leads)s leads, %(share)s")
            % {"leads": it.leads, "share": percent(it.leads / judged) if judged else cells.NOTHING}
            for it in figures
        ],
        "links": [Behind(table.asked, it.measure).address() for it in figures]
        if table.asked.seen.names
        else None,
    }


def _count(table: Table, key: str) -> SafeString:
    behind = Behind(table.asked, MEASURES[key])
    shown = number_format(table.total[key].leads, force_grouping=True)
    return cells.link(shown, behind, behind.words())
