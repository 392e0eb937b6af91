"""Hides what was written to another team from users who see only some teams.

A lead moves to another source if that source can call it first and somebody made a request there
(leads.joining, rule 3). Then the leaders of the teams that answer the new source see the lead,
because they work on the call. They do not see the name, e-mail and message that came through the
first source, unless the same person made a request through a source of theirs too. What came
through their source is shown as a separate request. Users who see all teams see everything.
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

# What a lead says about the person; lists may not be filtered by it either. Its own columns, and
# related rows, which are left out where they would be shown (`is_hidden`).
FIELDS = ("name", "email", "message", "phone_extension")
TOLD = (*FIELDS, "answers", "attribution", "submitted_from", "api_client", "consent")


def hiding(
    found: QuerySet[Any], seen: "Scope", lead_of: Callable[[Any], Lead | None]
) -> QuerySet[Any]:
    """The same rows; their leads show nothing that was written to another team, or of its calls.

    `lead_of`: a row's lead, if it is loaded.
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
    """Hides this of a lead in a list. One query for each lead that came from another team."""
    if _is_of_others(lead, sources):
        _blank(lead)


def hide_on_page(lead: Lead, seen: "Scope") -> None:
    """Hides this of a lead, of the requests that joined it, and of the lead that it joined."""
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
    """The lead's requests that a user may read whose teams answer these sources. For a lead that
    came from another team: those that came through their sources, or are by a person who also made
    a request there.
    """
    if not _has_come_from_others(lead, sources):
        return list(requests)
    known = _who_has_asked(lead, sources)
    return [it for it in requests if it.came_through in sources or it.submitter in known]


def moved_here(sources: frozenset[int]) -> Q:
    """Selects leads that came from other teams' sources."""
    return Q(first_source__isnull=False) & ~Q(first_source__in=sources)


def has_moved(lead: Lead, seen: "Scope") -> bool:
    """Whether `without_moved` leaves out this lead."""
    return seen.is_limited and _has_come_from_others(lead, seen.sources)


def without_moved(found: QuerySet[Any], seen: "Scope") -> QuerySet[Any]:
    """The same leads without those that came from other teams: for what is hidden of them."""
    return found.exclude(moved_here(seen.sources)) if seen.is_limited else found


def mark(seen: "Scope", column: str, lead: str = "") -> Any:
    """A lead's `utm_campaign` or a similar column, for a report; NULL if it is hidden. A lead
    counts for its newest request, so the mark of a lead that came from another team may come from a
    request sent to that team.
    """
    # A subquery for each lead: a join would read all years' marks for one month's report.
    of_lead = Attribution.objects.filter(lead=OuterRef(f"{lead}pk"))
    found = Subquery(of_lead.values(column), output_field=TextField())
    if not seen.is_limited:
        return found
    told = others_calls.has_not_moved(seen, lead)
    return Case(When(told, then=found), output_field=TextField())


def is_hidden(lead: Lead) -> bool:
    """Whether something of this lead is hidden from the user that it was read for."""
    return bool(getattr(lead, "_is_hidden", False))


def _has_come_from_others(lead: Lead, sources: frozenset[int]) -> bool:
    return lead.first_source_id is not None and lead.first_source_id not in sources


def _is_of_others(lead: Lead, sources: frozenset[int]) -> bool:
    return _has_come_from_others(lead, sources) and lead.submitter not in _who_has_asked(
        lead, sources
    )


def _who_has_asked(lead: Lead, sources: frozenset[int]) -> set[UUID]:
    """The known submitters of requests from these sources that joined the lead."""
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
