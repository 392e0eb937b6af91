"""The people report as a file: what is on the page, by the same queries; recorded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from callbacks.common.formatting import listed
from callbacks.exports.answers import answer
from callbacks.exports.records import Recorded, may_export
from callbacks.exports.tables import Column, Rows
from callbacks.exports.workbook import Workbook
from callbacks.models.exports import ExportWhat
from callbacks.reports import choices, filters
from callbacks.reports.export import rows_of
from callbacks.reports.filters import NotUnderstood
from callbacks.reports.salespeople import selection
from callbacks.reports.salespeople.access import may_see
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.selection import BY, Selection
from callbacks.reports.salespeople.table import in_order, people


@require_POST
def people_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """POST: what the page shows for the same query, as the `format` csv or xlsx; recorded.

    403 without both rights; back to the page, which says why, if the query cannot be understood.
    """
    if not (may_see(request.user) and may_export(request.user)):
        raise PermissionDenied
    now = timezone.now()
    try:
        selected = selection.read(request.GET, now)
    except NotUnderstood:
        messages.error(request, gettext("Nothing was exported: see below what is wrong."))
        page = f"{reverse('people-report')}?{request.GET.urlencode()}"
        return HttpResponseRedirect(page)
    asked, chosen = selected.asked, selected.measures()
    found = people(asked, selected.grouping, now)
    table = replace(in_order(found.table, selected.sort), measures=chosen)
    before = None
    if selected.compare:
        earlier = people(asked.before(), selected.grouping, now)
        before = replace(earlier.table, measures=chosen)

    def fill(book: Workbook, recorded: Recorded) -> None:
        book.add(gettext("People"), rows_of(table, before), recorded.tell)
        book.add(gettext("Pauses by reason"), rows_of(found.reasons, None))
        book.add(gettext("About"), _about(selected, now))

    days = asked.days
    name = f"people_{days.first.isoformat()}_{days.last.isoformat()}"
    return answer(request, ExportWhat.PEOPLE, name, rows_of(table, before), fill)


def _about(selected: Selection, now: datetime) -> Rows:
    asked = selected.asked
    local = now.astimezone(asked.tz)
    said: list[tuple[str, str]] = [
        (gettext("Days"), str(asked.days)),
        (gettext("Time zone"), asked.zone),
        (gettext("Columns"), str(selected.columns.name)),
    ]
    for field in choices.fields(selected.query(), {}, CALL_GROUPINGS, BY):
        chosen = [str(option.name) for option in field.options if option.is_chosen]
        said.append((field.label, listed(chosen) if chosen else gettext("All")))
    if selected.compare:
        said.append((gettext("Compared with"), str(asked.before().days)))
    said.append((gettext("Figures as they were at"), f"{local:%Y-%m-%d %H:%M:%S}"))
    said += [(gettext("Note"), remark) for remark in filters.remarks(asked)]
    said += [(str(it.name), str(it.definition)) for it in selected.measures()]
    rows: Iterator[tuple[str, str]] = iter(said)
    return Rows((Column(gettext("What")), Column(gettext("Value"))), rows, len(said))
