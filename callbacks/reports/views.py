"""The report's page in the admin."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from callbacks.access import scope
from callbacks.common.formatting import in_words, percent
from callbacks.common.translation import Text
from callbacks.exports.records import may_export
from callbacks.models.saved_views import ReportKind
from callbacks.reports import cells, choices, filters, pictures, saved_views, selection
from callbacks.reports.date_ranges import Days, last_days
from callbacks.reports.drilldown import Behind
from callbacks.reports.filters import NotUnderstood
from callbacks.reports.groupings import GROUPINGS, WEEKDAY_HOUR
from callbacks.reports.measures import MEASURES
from callbacks.reports.periods import CHOSEN, PERIODS, TODAY
from callbacks.reports.queries import figures
from callbacks.reports.selection import COLUMNS, MAIN, Selection
from callbacks.reports.stages import Group, StageTimes, stage_times
from callbacks.reports.time_breakdown import STAGES, Part, Stage

TILES = (
    "leads", "reached_share", "in_time", "missed", "ring_p50", "ring_p90", "talk_p50", "talk_p90",
)  # fmt: skip


@dataclass(frozen=True)
class Tab:
    """A link to the same view with one thing changed."""

    name: Text
    address: str
    is_shown: bool


@dataclass(frozen=True)
class ShownStage:
    """The mean of a stage and its share of all time; `share` is empty if there was no time."""

    stage: Stage
    mean: str
    share: str


@dataclass(frozen=True)
class ShownTimes:
    """A row of "where the time goes" as text, and its bar."""

    name: str
    leads: SafeString
    mean: str
    stages: tuple[ShownStage, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class ShownGroup:
    """A table of "where the time goes"."""

    title: str
    nothing: str
    rows: tuple[ShownTimes, ...]


@require_safe
def callback_times_page(request: HttpRequest) -> HttpResponse:
    """GET: how soon leads were called back, as selected in the address (reports.selection).

    For users who may see leads or figures; others get 403. A value that cannot be used is explained
    beside its field.
    """
    user = request.user
    if not scope.sees_figures(user):
        raise PermissionDenied
    now, seen = timezone.now(), scope.of(user)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": gettext("Callback times"),
        "definitions": [MEASURES[key] for key in _defined()],
        "stages": STAGES,
    }
    problems: dict[str, str] = {}
    days = last_days(1, timezone.localdate())
    try:
        selected = selection.read(request.GET, now, seen)
        query, days = selected.query(), selected.asked.days
        context |= _shown(selected, now)
        context |= saved_views.on_the_page(request, ReportKind.CALLBACK_TIMES, query)
    except NotUnderstood as wrong:
        problems, query = wrong.problems, request.GET.copy()
    lateness = query.copy()
    for name in ("by", "show", "compare"):
        lateness.pop(name, None)
    if scope.sees_leads(user) and not seen.is_limited:
        context["lateness_address"] = f"{reverse('lateness')}?{lateness.urlencode()}"
    if may_export(user):
        context["export_address"] = f"{reverse('callback-times-export')}?{query.urlencode()}"
    context |= {
        "fields": choices.fields(query, problems, seen=seen),
        "problems": problems,
        "query": query,
        "period": query.get("period") or TODAY,
        "columns": query.get("show") or MAIN,
        "is_custom": (query.get("period") or ("first" not in query and TODAY)) not in PERIODS,
        "periods": periods_of(query, days),
    }
    return TemplateResponse(request, "reports/callback_times.html", context)


def _shown(selected: Selection, now: datetime) -> dict[str, Any]:
    asked, trend_by = selected.asked, selected.trend()
    before = asked.before()
    measures = selected.measures()
    total_of = [MEASURES[key] for key in (*TILES, *pictures.SPREAD, "judged", "not_counted")]
    trend_of = [MEASURES[key] for key in pictures.TREND]
    heat_of = [MEASURES[key] for key in pictures.HEAT]

    table = figures(asked, measures, selected.grouping, now=now)
    total = figures(asked, total_of, now=now)
    trend = figures(asked, trend_of, trend_by, now=now)
    heat = figures(asked, heat_of, WEEKDAY_HOUR, now=now)
    table_before = total_before = trend_before = None
    if selected.compare:
        table_before = figures(before, measures, selected.grouping, now=now)
        total_before = figures(before, total_of, now=now)
        trend_before = figures(before, trend_of, trend_by, now=now)
    reached, others = stage_times(asked, selected.grouping, now)
    by_time, _others = (
        (reached, others) if trend_by is selected.grouping else stage_times(asked, trend_by, now)
    )
    weekdays = [
        (int(str(key)), label)
        for key, label in GROUPINGS["weekday"].in_order(range(7), asked).items()
    ]
    return {
        "selected": selected,
        "days": asked.days,
        "before_days": before.days,
        "time_zone": asked.zone,
        "remarks": filters.remarks(asked),
        "tiles": [
            cells.cell(total, total.total, key, total_before,
                       total_before.total if total_before else None)
            for key in TILES
        ],
        "not_counted": cells.cell(total, total.total, "not_counted"),
        "any": total.total["leads"].leads + total.total["not_counted"].leads,
        "head": measures,
        "rows": cells.lines(table, table_before),
        "total": cells.total(table, gettext("All"), table_before),
        "tabs": _tabs(selected),
        "trend": pictures.trend(trend, trend_before, selection.target(asked)),
        "spread": pictures.spread(total, total_before),
        "heats": [pictures.heat(heat, key, [(day, name[:3]) for day, name in weekdays])
                  for key in pictures.HEAT],
        "stages_chart": pictures.stages(by_time, gettext("Where the time goes")),
        "stages_table": [
            (row.label, [in_words(row.means[stage.column]) for stage in STAGES])
            for row in by_time.rows
        ],
        "has_stages": bool(by_time.rows),
        "groups": [
            _group(
                gettext("Leads somebody talked with"),
                gettext("nobody has talked with a lead from these days yet"),
                reached,
                Behind(asked, MEASURES["reached"], selected.grouping),
            ),
            _group(
                gettext("All other leads, so far"),
                gettext("there are no other leads"),
                others,
                Behind(asked, MEASURES["not_reached"], selected.grouping),
            ),
        ],
    }  # fmt: skip


def _defined() -> list[str]:
    shown = {key for columns in COLUMNS.values() for key in (*columns.measures, *columns.wall)}
    return [key for key in MEASURES if key in shown or key in pictures.SPREAD or key in TILES]


def periods_of(query: QueryDict, days: Days) -> list[Tab]:
    """The same view for other days; "From, to" starts with the days shown."""
    shown = query.get("period") or TODAY
    tabs = []
    for key, period in PERIODS.items():
        other = query.copy()
        other["period"] = key
        for name in ("first", "last"):
            other.pop(name, None)
        tabs.append(Tab(period.name, f"?{other.urlencode()}", key == shown))
    chosen = query.copy()
    chosen["period"] = CHOSEN
    chosen.setdefault("first", days.first.isoformat())
    chosen.setdefault("last", days.last.isoformat())
    return [*tabs, Tab(gettext("From, to"), f"?{chosen.urlencode()}", shown == CHOSEN)]


def _tabs(selected: Selection) -> list[Tab]:
    """The same view with other columns."""
    tabs = []
    for columns in COLUMNS.values():
        query = selected.query()
        query["show"] = columns.key
        tabs.append(Tab(columns.name, f"?{query.urlencode()}#table", columns is selected.columns))
    return tabs


def _group(title: str, nothing: str, group: Group, behind: Behind) -> ShownGroup:
    # Days and hours are in the picture.
    by_time = behind.grouping is not None and behind.grouping.is_of_time
    rows = [] if by_time else [_times(row.label, row, behind) for row in group.rows]
    if group.total and len(rows) != 1:
        rows.append(_times(gettext("All"), group.total, behind))
    return ShownGroup(title, nothing, tuple(rows))


def _times(name: str, row: StageTimes, behind: Behind) -> ShownTimes:
    stages = [
        ShownStage(stage, in_words(row.means[stage.column]), percent(share) if share else "")
        for stage in STAGES
        for share in [row.share(stage)]
    ]
    leads = number_format(row.leads, force_grouping=True)
    its = replace(behind, key=row.key)
    return ShownTimes(
        name,
        cells.link(leads, its, its.words(row.label)),
        in_words(row.total),
        tuple(stages),
        row.parts,
    )
