"""Exporting the list of leads with the same filters, search and order."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import islice
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext

from callbacks.access import scope
from callbacks.access.others_requests import is_hidden, without_moved
from callbacks.access.scope import EVERYTHING, Scope
from callbacks.admin import ai_data
from callbacks.admin.leads import came_from_shown, consent_shown
from callbacks.explain import feedback
from callbacks.exports.answers import answer
from callbacks.exports.records import Recorded, may_export_leads
from callbacks.exports.tables import Column, Kind, Row, Rows, Value
from callbacks.exports.workbook import Workbook
from callbacks.models import CallNote, Team
from callbacks.models.exports import ExportWhat
from callbacks.models.people import shown_name
from callbacks.reports import people
from callbacks.reports.time_breakdown import WAITS
from leads import attribution, form_fields, visits
from leads.admin import Admin
from leads.models import FormField, Lead
from leads.models.form_fields import OWN_KINDS
from leads.visits import Visit

# Nobody opens a file of more leads, and it would hold up the server's other work.
MOST_LEADS = 500_000
# Leads read at a time, by a cursor on the server.
_AT_A_TIME = 500


class ExportsLeads(Admin):
    """The part of the leads' admin that exports what the list shows."""

    def get_urls(self) -> list[Any]:
        """Adds the address of the export."""
        export = path(
            "export/",
            self.admin_site.admin_view(self.export_page),
            name="leads_lead_export",
        )
        return [export, *super().get_urls()]

    def export_page(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """POST: exports the list for the same query in `format` csv or xlsx, and records it.

        Answers 403 without the right. If there are too many leads, redirects to the list, which
        says so.
        """
        if not may_export_leads(request.user):
            raise PermissionDenied
        page = f"{reverse('admin:leads_lead_changelist')}?{request.GET.urlencode()}"
        if request.method != "POST":  # sent back here after logging in again
            return HttpResponseRedirect(page)
        try:
            changes = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(page)  # the list deals with wrong parameters
        leads: QuerySet[Lead] = changes.queryset
        count = leads[: MOST_LEADS + 1].count()
        if count > MOST_LEADS:
            sentence = gettext(
                "Nothing was exported because there are more than %(most)s leads. "
                "Use the filters to choose fewer, for example fewer days."
            )
            most = number_format(MOST_LEADS, force_grouping=True)
            messages.error(request, sentence % {"most": most})
            return HttpResponseRedirect(page)
        seen = scope.of(request.user)
        table = rows(leads, count, seen=seen, with_ai=ai_data.may_read(request.user))
        name = f"leads_{timezone.localtime():%Y-%m-%d_%H%M}"

        def fill(book: Workbook, recorded: Recorded) -> None:
            book.add(gettext("Leads"), table, recorded.tell)

        return answer(request, ExportWhat.LEADS, name, table, fill)


def rows(
    leads: QuerySet[Lead], count: int, *, seen: Scope = EVERYTHING, with_ai: bool = False
) -> Rows:
    """The exported rows. Times are in the site's time zone, which the header names.

    `with_ai`: includes the AI data of each lead's newest `seen` call, which needs its own right.
    """
    zone = timezone.get_current_timezone_name()

    def moment(name: str) -> Column:
        return Column(
            gettext("%(moment)s (%(zone)s)") % {"moment": name, "zone": zone}, Kind.MOMENT
        )

    def duration(name: str) -> Column:
        return Column(name, Kind.SECONDS)

    own = _own_fields(leads, seen)
    columns: tuple[Column, ...] = (
        Column(gettext("Lead"), Kind.COUNT),
        moment(gettext("Submitted")),
        Column(gettext("Name")),
        Column(gettext("Phone")),
        Column(gettext("Phone extension")),
        Column(gettext("E-mail")),
        Column(gettext("Source")),
        Column(gettext("Language")),
        Column(gettext("Status")),
        Column(gettext("Disposition")),
        Column(gettext("Note after the talk")),
        Column(gettext("Salesperson")),
        Column(gettext("Team")),
        Column(gettext("Assigned to")),
        Column(gettext("Attempts"), Kind.COUNT),
        moment(gettext("Due")),
        moment(gettext("Phone rang")),
        moment(gettext("Talked")),
        moment(gettext("Closed")),
        duration(gettext("Time to ring")),
        duration(gettext("Time to talk")),
        *(duration(gettext("Waited: %(stage)s") % {"stage": it.name}) for it in WAITS),
        Column(gettext("CALLID")),
        Column(gettext("Message")),
        *(Column(label) for label in own.values()),
        Column(gettext("First page")),
        Column(gettext("First page: came from")),
        Column(gettext("Last page")),
        Column(gettext("Last page: came from")),
        *(Column(came_from_shown.name_of(it)) for it in visits.UTM),
        Column(gettext("Click ids")),
        Column(gettext("Consent: version"), Kind.COUNT),
        Column(gettext("Consent: language")),
        moment(gettext("Agreed")),
        Column(gettext("Did it help (1 to 5)"), Kind.COUNT),
        Column(gettext("Visitor's comment after the talk")),
    )
    if with_ai:
        columns += (
            Column(gettext("AI: summary")),
            Column(gettext("AI: answers")),
            Column(gettext("AI: mood")),
        )
    return Rows(columns, _written(leads, own, seen, with_ai=with_ai), count)


def _own_fields(leads: QuerySet[Lead], seen: Scope) -> dict[str, str]:
    """A column's heading for each key of an own field, from all forms that are `seen`. Includes
    deleted fields if one of these leads answered them.
    """
    rows = FormField.objects.filter(kind__in=OWN_KINDS).order_by("key", "pk")
    if seen.is_limited:
        rows = rows.filter(source__in=seen.sources)
    found = {it.key: f"{it.label} ({it.key})" for it in rows}
    answered = form_fields.asked_of(without_moved(leads, seen))
    gone = {key: f"{label} ({key})" for key, label in answered.items() if key not in found}
    return found | gone


def _answers(lead: Lead, own: Iterable[str]) -> Iterator[Value]:
    row = None if is_hidden(lead) else getattr(lead, "answers", None)
    given = {it["key"]: form_fields.in_words(it["value"]) for it in row.given} if row else {}
    for key in own:
        yield given.get(key)


def _written(
    leads: QuerySet[Lead], own: Iterable[str], seen: Scope, *, with_ai: bool
) -> Iterator[Row]:
    asked = leads.select_related(
        "source",
        "disposition",
        "assigned_to",
        "consent__text",
        "attribution",
        "feedback",
        "answers",
    )
    found = asked.defer("consent__text__text").iterator(chunk_size=_AT_A_TIME)
    zone = timezone.get_current_timezone()

    def local(at: datetime | None) -> datetime | None:
        return at.astimezone(zone) if at else None

    names: dict[int, str] = {}
    teams = dict(Team.objects.values_list("pk", "name"))
    while some := list(islice(found, _AT_A_TIME)):
        _look_up(names, some)
        joined = attribution.last_joined([it.pk for it in some])
        noted = _notes(some, seen)
        heard = ai_data.digests((it.pk for it in some), seen) if with_ai else {}
        for it in some:
            yield (
                it.pk,
                local(it.submitted_at),
                it.name,
                it.phone,
                it.phone_extension,
                it.email,
                it.source.name,
                it.language,
                str(it.get_status_display()),
                it.disposition.name if it.disposition else None,
                noted.get(it.pk),
                names[_person(it)] if it.by_extension else None,
                teams.get(it.by_team) if it.by_team else None,
                shown_name(it.assigned_to) or None,
                it.attempts,
                local(it.due_at),
                local(it.rang_at),
                local(it.connected_at),
                local(it.closed_at),
                _seconds(it.time_to_ring),
                _seconds(it.time_to_talk),
                *(_seconds(getattr(it, stage.column)) for stage in WAITS),
                it.call_id,
                it.message,
                *_answers(it, own),
                *_where_from(it, joined.get(it.pk)),
                *_agreed(it, zone),
                it.helped,
                said.words if (said := feedback.of(it)) else "",
                *(heard.get(it.pk, ai_data.NOTHING) if with_ai else ()),
            )


def _notes(leads: Iterable[Lead], seen: Scope) -> dict[int, str]:
    """The note on each lead's newest `seen` call that has one. One query."""
    standing = CallNote.objects.filter(
        seen.calls("attempt__"), lead__in=[it.pk for it in leads], stands=True
    )
    noted = standing.exclude(note="").order_by("attempt_id")
    return dict(noted.values_list("lead_id", "note"))


def _where_from(lead: Lead, joined: Visit | None) -> Iterator[Value]:
    """The first and the last page, the campaign values that reports use (else the last page's, else
    the first's) and the click ids. Empty for a lead that was sent to another team.
    """
    row = None if is_hidden(lead) else getattr(lead, "attribution", None)
    first: Visit = row.first if row else {}
    last: Visit = row.last if row else {}
    if joined and not is_hidden(lead):
        last = joined
    for page in (first, last):
        yield page.get(visits.PAGE)
        yield page.get(visits.REFERRER)
    for name in visits.UTM:
        yield getattr(row, name, None) or last.get(name) or first.get(name)
    ids = (f"{name}={last.get(name) or first[name]}" for name in visits.CLICK_IDS
           if name in last or name in first)  # fmt: skip
    yield " ".join(ids) or None


def _agreed(lead: Lead, zone: tzinfo) -> tuple[Value, Value, Value]:
    """Version and language of the agreed text, and when the sender agreed."""
    agreed = consent_shown.of(lead)
    if agreed is None:
        return (None, None, None)
    return (agreed.text.version, agreed.text.language, agreed.agreed_at.astimezone(zone))


def _look_up(names: dict[int, str], leads: Iterable[Lead]) -> None:
    """Adds the names of people not seen before: two queries, and only for a few chunks."""
    unknown = {_person(it) for it in leads if it.by_extension} - names.keys()
    if unknown:
        names |= people.names(unknown)


def _person(lead: Lead) -> int:
    """A person's number, as in reports.people."""
    return lead.by_user or -(lead.by_extension or 0)


def _seconds(time: timedelta | None) -> Value:
    return None if time is None else time.total_seconds()
