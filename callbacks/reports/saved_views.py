"""Views of reports that managers saved: who sees them, what they show, and in which words.

To add a report, add an entry to REPORTS: its page, and how to read its selection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from callbacks.access.scope import Scope, of, sees_figures
from callbacks.exports.records import Recorded
from callbacks.exports.tables import Rows
from callbacks.exports.workbook import Workbook
from callbacks.models import SavedView
from callbacks.models.exports import ExportWhat
from callbacks.models.saved_views import LONGEST_QUERY, ReportKind
from callbacks.reports import choices, selection
from callbacks.reports.export import Export
from callbacks.reports.filters import Asked, NotUnderstood
from callbacks.reports.groupings import GROUPINGS, Grouping
from callbacks.reports.periods import CHOSEN, PERIODS
from callbacks.reports.queries import Table
from callbacks.reports.salespeople import selection as people_selection
from callbacks.reports.salespeople.access import may_see
from callbacks.reports.salespeople.export import PeopleExport
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.selection import Columns

# A manager with more saved views finds the rest on the page of saved views.
_SHOWN = 20


class Selected(Protocol):
    """What a report's page shows; `query` is its address."""

    @property
    def asked(self) -> Asked:
        """The leads or calls asked for."""
        ...

    @property
    def grouping(self) -> Grouping:
        """What the rows are."""
        ...

    def query(self) -> QueryDict:
        """The address's query. The report's `read` turns it back into the selection."""
        ...


class Exported(Protocol):
    """A report's figures, and the file of them."""

    @property
    def table(self) -> Table:
        """The page's table as figures."""
        ...

    @property
    def before(self) -> Table | None:
        """The table it is compared with."""
        ...

    @property
    def name(self) -> str:
        """The file's name, without its extension."""
        ...

    @property
    def remarks(self) -> list[str]:
        """What the reader should know."""
        ...

    def rows(self) -> Rows:
        """The page's table."""
        ...

    def fill(self, book: Workbook, recorded: Recorded) -> None:
        """Writes the sheets."""
        ...


@dataclass(frozen=True)
class Report:
    """`page`: its URL's name. `read`: raises NotUnderstood. `what`: how exports are recorded."""

    page: str
    may_see: Callable[[User | AnonymousUser], bool]
    read: Callable[[QueryDict, datetime, Scope], Selected]
    in_words: Callable[[QueryDict, Scope], list[str]]
    export: Callable[[Any, datetime], "Exported"]
    what: ExportWhat


@dataclass(frozen=True)
class Chip:
    """A saved view as a link above its report."""

    name: str
    address: str
    is_shared: bool
    is_chosen: bool


def _in_words(
    query: QueryDict,
    groupings: Mapping[str, Grouping],
    by: str,
    columns: Mapping[str, Columns],
    seen: Scope,
) -> list[str]:
    """ "Last week", "Sources: Website", "Group by: Day": only what somebody chose."""
    period = query.get("period") or ""
    said = []
    if period in PERIODS:
        said.append(str(PERIODS[period].name))
    elif period == CHOSEN:
        said.append(
            gettext("%(first)s to %(last)s")
            % {"first": query.get("first", ""), "last": query.get("last", "")}
        )
    for field in choices.fields(query, {}, groupings, by, seen):
        chosen = [str(it.name) for it in field.options if it.is_chosen and it.value]
        if chosen:
            words = {"name": field.label, "value": gettext(", ").join(chosen)}
            said.append(gettext("%(name)s: %(value)s") % words)
    if shown := columns.get(query.get("show") or ""):
        words = {"name": gettext("Columns"), "value": str(shown.name)}
        said.append(gettext("%(name)s: %(value)s") % words)
    if query.get("compare"):
        said.append(gettext("compared with the period before"))
    return said


REPORTS: dict[str, Report] = {
    ReportKind.CALLBACK_TIMES: Report(
        "callback-times",
        sees_figures,
        selection.read,
        lambda query, seen: _in_words(query, GROUPINGS, selection.BY, selection.COLUMNS, seen),
        Export.of,
        ExportWhat.CALLBACK_TIMES,
    ),
    ReportKind.PEOPLE: Report(
        "people-report",
        may_see,
        people_selection.read,
        lambda query, seen: _in_words(
            query, CALL_GROUPINGS, people_selection.BY, people_selection.COLUMNS, seen
        ),
        PeopleExport.of,
        ExportWhat.PEOPLE,
    ),
}


def visible_to(user: Any) -> QuerySet[SavedView]:
    """The user's own views and shared ones, of reports that the user may see. Shared views name
    people and teams, so a user who does not see all of them gets only their own views.
    """
    seen = [key for key, report in REPORTS.items() if report.may_see(user)]
    found = SavedView.objects.filter(Q(owner=user.pk) | Q(is_shared=True), report__in=seen)
    return found if _sees_others(user) else found.filter(owner=user.pk)


def is_visible_to(user: Any, view: SavedView) -> bool:
    """Whether `visible_to` has this view, of a report that the user may see."""
    return view.owner_id == user.pk or (view.is_shared and _sees_others(user))


def _sees_others(user: Any) -> bool:
    return of(user).names and not of(user).is_limited


def address_of(view: SavedView) -> str:
    """The report's page, as it was saved."""
    return f"{reverse(REPORTS[view.report].page)}?{view.query}"


def in_words(report: str, query: str, seen: Scope) -> str:
    """What a view shows, for a user who sees `seen`."""
    return " · ".join(REPORTS[report].in_words(QueryDict(query), seen))


def problem(view: SavedView, now: datetime, seen: Scope) -> str:
    """Why the user cannot be shown the view: a source or person is gone; "" if they can."""
    try:
        REPORTS[view.report].read(QueryDict(view.query), now, seen)
    except NotUnderstood as wrong:
        return str(wrong)
    return ""


def on_the_page(request: HttpRequest, report: str, shown: QueryDict) -> dict[str, Any]:
    """For the page's context: the saved views, and links to save or subscribe to the one shown.

    One query. Leaves out links to what the user may not do.
    """
    query = shown.urlencode()
    views = list(visible_to(request.user).filter(report=report)[:_SHOWN])
    chosen = next((it for it in views if it.query == query), None)
    context: dict[str, Any] = {
        "saved_views": [Chip(it.name, address_of(it), it.is_shared, it is chosen) for it in views],
    }
    if request.user.has_perm("callbacks.add_savedview") and len(query) <= LONGEST_QUERY:
        asked = urlencode({"report": report, "query": query})
        context["view_to_save"] = f"{reverse('admin:callbacks_savedview_add')}?{asked}"
    if chosen and request.user.has_perm("callbacks.subscribe_reports"):
        asked = urlencode({"view": chosen.pk})
        context["view_by_mail"] = f"{reverse('admin:callbacks_reportsubscription_add')}?{asked}"
    return context
