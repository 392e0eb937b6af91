"""The people report's page in the admin."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from callbacks.access import scope
from callbacks.exports.records import may_export
from callbacks.models.saved_views import ReportKind
from callbacks.reports import cells, choices, filters, saved_views
from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import NotUnderstood
from callbacks.reports.measures import Measure
from callbacks.reports.periods import PERIODS, TODAY
from callbacks.reports.salespeople import measures, pictures, selection
from callbacks.reports.salespeople.access import may_see
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.selection import BY, COLUMNS, Selection
from callbacks.reports.salespeople.table import in_order, people, remarks
from callbacks.reports.selection import MAIN
from callbacks.reports.views import Tab, periods_of

TILES = (
    "offered", "answered_share", "calls_missed", "pick_up_p50", "talks", "talk_time", "paused",
    "shift_share",
)  # fmt: skip


@require_safe
def people_page(request: HttpRequest) -> HttpResponse:
    """GET: the figures of each salesperson, as selected in the address.

    For users who may see the report; others get 403. A value that cannot be used is explained
    beside its field.
    """
    if not may_see(request.user):
        raise PermissionDenied
    now, seen = timezone.now(), scope.of(request.user)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": gettext("People"),
        "definitions": measures.ALL.values(),
    }
    problems: dict[str, str] = {}
    days = last_days(1, timezone.localdate())
    try:
        selected = selection.read(request.GET, now, seen)
        query, days = selected.query(), selected.asked.days
        context |= _shown(selected, now)
        context |= saved_views.on_the_page(request, ReportKind.PEOPLE, query)
    except NotUnderstood as wrong:
        problems, query = wrong.problems, request.GET.copy()
    if may_export(request.user):
        context["export_address"] = f"{reverse('people-report-export')}?{query.urlencode()}"
    context |= {
        "fields": choices.fields(query, problems, CALL_GROUPINGS, BY, seen),
        "problems": problems,
        "query": query,
        "period": query.get("period") or TODAY,
        "columns": query.get("show") or MAIN,
        "is_custom": (query.get("period") or TODAY) not in PERIODS,
        "periods": periods_of(query, days),
    }
    return TemplateResponse(request, "reports/people.html", context)


def _shown(selected: Selection, now: datetime) -> dict[str, Any]:
    asked, chosen = selected.asked, selected.measures()
    found = people(asked, selected.grouping, now)
    before = people(asked.before(), selected.grouping, now) if selected.compare else None
    every = in_order(found.table, selected.sort)
    table = replace(every, measures=chosen)
    table_before = replace(before.table, measures=chosen) if before else None
    return {
        "selected": selected,
        "days": asked.days,
        "before_days": asked.before().days,
        "time_zone": asked.zone,
        "remarks": [*filters.remarks(asked), *remarks(selected, found)],
        "tiles": [
            cells.cell(
                every, every.total, key, before.table if before else None,
                before.table.total if before else None,
            )
            for key in TILES
        ],
        "any": bool(every.total["offered"].leads or every.total["pauses"].leads),
        "head": [(it, _sorting(selected, it)) for it in chosen],
        "rows": cells.lines(table, table_before),
        "total": cells.total(table, gettext("All"), table_before),
        "tabs": _tabs(selected),
        "pictures": [pictures.calls(every), pictures.times(every)],
        "reasons_head": found.reasons.measures,
        "reasons": cells.lines(found.reasons),
        "reasons_total": cells.total(found.reasons, gettext("All")),
    }  # fmt: skip


def _sorting(selected: Selection, measure: Measure) -> dict[str, Any] | None:
    """The link of a column's heading: sorts by this figure, or by name again."""
    if selected.grouping.days:
        return None
    is_by = selected.sort == measure.key
    address = replace(selected, sort="" if is_by else measure.key).query().urlencode()
    return {"address": f"?{address}#table", "is_by": is_by}


def _tabs(selected: Selection) -> list[Tab]:
    """The same view with other columns."""
    return [
        Tab(it.name, f"?{replace(selected, columns=it, sort='').query().urlencode()}#table",
            it is selected.columns)
        for it in COLUMNS.values()
    ]  # fmt: skip
