"""What was written to another team, and is not shown to who sees some teams only.

A lead goes to another source when that one can call it first and somebody has asked there
(leads.joining, rule 3). Its row is then seen by the leaders of the teams that answer the new
source: they work on the call. The name, e-mail and message that came through the first source are
not for them, unless the same person has asked through a source of theirs too. What came through
theirs stands beside it, as a request of its own. Whoever sees all teams is shown all of it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, TextField, When
from django.db.models.query import ModelIterable
from django.utils.translation import gettext

from callbacks.access import others_calls
from leads.models import Attribution, Lead

if TYPE_CHECKING:
    from callbacks.access.scope import Scope

    _Rows = ModelIterable[Any]
else:
    _Rows = ModelIterable

# What a lead says of the person, by which no list may be narrowed down either: its own columns, and
# rows beside it, which are left out where they would be shown (`is_hidden`).
FIELDS = ("name", "email", "message", "phone_extension")
TOLD = (*FIELDS, "answers", "attribution", "submitted_from", "api_client", "consent")


def hiding(
    found: QuerySet[Any], seen: "Scope", lead_of: Callable[[Any], Lead | None]
) -> QuerySet[Any]:
    """The same rows, whose leads tell nothing that was written to another team, or of its calls.

    `lead_of`: a row's lead, as far as it is loaded.
    """

    class Hiding(_Rows):
        def __iter__(self) -> Iterator[Any]:
            for row in super().__iter__():
                if lead := lead_of(row):
                    hide(lead, seen.sources)
                    others_calls.hide(lead, seen)
                yield row

    found = found.all()
    cast("Any", found)._iterable_class = Hiding
    return found


def hide(lead: Lead, sources: frozenset[int]) -> None:
    """Of a lead as it stands in a list. A query for each that has come from another team."""
    if _is_of_others(lead, sources):
        _blank(lead)


def hide_on_page(lead: Lead, seen: "Scope") -> None:
    """Of a lead with the requests that have joined it, or with the one that it has joined."""
    sources = seen.sources
    others_calls.hide(lead, seen)
    if _is_of_others(lead, sources):
        _blank(lead)
    if _has_come_from_others(lead, sources):
        known = _who_has_asked(lead, sources)
        for request in lead.duplicates.all():
            if request.source_id not in sources and request.submitter not in known:
                _blank(request)
    first = lead.duplicate_of
    if first and first.came_through not in sources and not _are_by_one(first, lead):
        _blank(first)


def without_others(lead: Lead, requests: Iterable[Lead], sources: frozenset[int]) -> list[Lead]:
    """Those of a lead's requests that somebody may read whose team answers these sources: of a lead
    that has come from another team, what came through theirs, or is by who has asked there too.
    """
    if not _has_come_from_others(lead, sources):
        return list(requests)
    known = _who_has_asked(lead, sources)
    return [it for it in requests if it.came_through in sources or it.submitter in known]


def moved_here(sources: frozenset[int]) -> Q:
    """Leads that have come from sources of other teams."""
    return Q(first_source__isnull=False) & ~Q(first_source__in=sources)


def mark(seen: "Scope", column: str, lead: str = "") -> Any:
    """`utm_campaign` and the like of a lead, for a report; NULL where it is not told.
    A lead is counted by the newest of its requests: of one that has come from another team, the
    mark may be that of a request which was sent to them.
    """
    # Looked up lead by lead: a join would read the marks of all years for the report of one month.
    of_lead = Attribution.objects.filter(lead=OuterRef(f"{lead}pk"))
    found = Subquery(of_lead.values(column), output_field=TextField())
    if not seen.is_limited:
        return found
    told = others_calls.has_not_moved(seen, lead)
    return Case(When(told, then=found), output_field=TextField())


def is_hidden(lead: Lead) -> bool:
    """Whether something of this lead is hidden from who has asked for it."""
    return bool(getattr(lead, "_is_hidden", False))


def _has_come_from_others(lead: Lead, sources: frozenset[int]) -> bool:
    return lead.first_source_id is not None and lead.first_source_id not in sources


def _is_of_others(lead: Lead, sources: frozenset[int]) -> bool:
    return _has_come_from_others(lead, sources) and lead.submitter not in _who_has_asked(
        lead, sources
    )


def _who_has_asked(lead: Lead, sources: frozenset[int]) -> set[UUID]:
    """The submitters, as far as they are known, of requests that have joined it from these."""
    joined = Lead.objects.filter(duplicate_of=lead.pk, source__in=sources, submitter__isnull=False)
    return {it for it in joined.values_list("submitter", flat=True) if it}


def _are_by_one(one: Lead, other: Lead) -> bool:
    return one.submitter is not None and one.submitter == other.submitter


def _blank(lead: Lead) -> None:
    for name in FIELDS:
        setattr(lead, name, "")
    lead.submitted_from = None
    lead.name = gettext("Sent to another team")
    cast("Any", lead)._is_hidden = True
