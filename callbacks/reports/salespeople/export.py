"""The people report as a file: the page's figures, from the same queries. Exports are recorded."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.access import scope
from callbacks.common.formatting import listed
from callbacks.exports.answers import answer
from callbacks.exports.records import Recorded, may_export
from callbacks.exports.tables import Column, Rows
from callbacks.exports.workbook import Workbook
from callbacks.models.exports import ExportWhat
from callbacks.reports import choices, filters
from callbacks.reports.export import rows_of
from callbacks.reports.filters import NotUnderstood
from callbacks.reports.queries import Table
from callbacks.reports.salespeople import selection
from callbacks.reports.salespeople.access import may_see
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.selection import BY, Selection
from callbacks.reports.salespeople.table import People, in_order, people, remarks


def people_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """POST: what the page shows for the same query, as the `format` csv or xlsx; recorded.

    403 without both rights. If the query cannot be understood, redirects to the page, which says
    why. A GET, sent after a login in between, redirects to the page too.
    """
    if not (may_see(request.user) and may_export(request.user)):
        raise PermissionDenied
    page = f"{reverse('people-report')}?{request.GET.urlencode()}"
    if request.method != "POST":
        return HttpResponseRedirect(page)
    now = timezone.now()
    try:
        selected = selection.read(request.GET, now, scope.of(request.user))
    except NotUnderstood:
        messages.error(request, gettext("Nothing was exported. See below for what to correct."))
        return HttpResponseRedirect(page)
    export = PeopleExport.of(selected, now)
    return answer(request, ExportWhat.PEOPLE, export.name, export.rows(), export.fill)


@dataclass(frozen=True)
class PeopleExport:
    """The page's tables at `now`; `before` is None without a comparison."""

    selected: Selection
    now: datetime
    found: People
    table: Table
    before: Table | None

    @classmethod
    def of(cls, selected: Selection, now: datetime) -> "PeopleExport":
        """What the page shows for the same address."""
        asked, chosen = selected.asked, selected.measures()
        found = people(asked, selected.grouping, now)
        table = replace(in_order(found.table, selected.sort), measures=chosen)
        before = None
        if selected.compare:
            earlier = people(asked.before(), selected.grouping, now)
            before = replace(earlier.table, measures=chosen)
        return cls(selected, now, found, table, before)

    @property
    def name(self) -> str:
        """The file's name, without its extension."""
        days = self.selected.asked.days
        return f"people_{days.first.isoformat()}_{days.last.isoformat()}"

    @property
    def remarks(self) -> list[str]:
        """What the reader should know."""
        return [*filters.remarks(self.selected.asked), *remarks(self.selected, self.found)]

    def rows(self) -> Rows:
        """The page's table with its last row, "All"."""
        return rows_of(self.table, self.before)

    def fill(self, book: Workbook, recorded: Recorded) -> None:
        """Three sheets: the table, the pauses by reason, and what was asked for."""
        book.add(gettext("People"), self.rows(), recorded.tell)
        book.add(gettext("Pauses by reason"), rows_of(self.found.reasons, None))
        book.add(gettext("About"), _about(self.selected, self.now))


def _about(selected: Selection, now: datetime) -> Rows:
    asked = selected.asked
    local = now.astimezone(asked.tz)
    said: list[tuple[str, str]] = [
        (gettext("Days"), str(asked.days)),
        (gettext("Time zone"), asked.zone),
        (gettext("Columns"), str(selected.columns.name)),
    ]
    for field in choices.fields(selected.query(), {}, CALL_GROUPINGS, BY, asked.seen):
        chosen = [str(option.name) for option in field.options if option.is_chosen]
        said.append((field.label, listed(chosen) if chosen else gettext("All")))
    if selected.compare:
        said.append((gettext("Compared with"), str(asked.before().days)))
    said.append((gettext("Figures as of"), f"{local:%Y-%m-%d %H:%M:%S}"))
    said += [(gettext("Note"), remark) for remark in filters.remarks(asked)]
    said += [(str(it.name), str(it.definition)) for it in selected.measures()]
    rows: Iterator[tuple[str, str]] = iter(said)
    return Rows((Column(gettext("What")), Column(gettext("Value"))), rows, len(said))
