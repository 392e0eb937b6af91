"""Where visitors came from: what is stored, and which page a lead counts for.

Each request keeps its own first and last page. A lead counts for the newest page with any marks
among its own request and those that joined it: the last page before the first, newer requests
before older ones. Requests that are held back do not count, as in leads.joining.
"""

from collections.abc import Collection, Iterable

from django.db.models import F

from leads import visits
from leads.models import Attribution, Lead, LeadStatus
from leads.submission import Submission
from leads.visits import CameFrom, Visit

# How many of the newest rows are read to fill a list of choices.
_NEWEST = 1_000


def keep(lead: Lead, submission: Submission) -> None:
    """Stores where the sender of a lead came from, in the transaction that stores the lead.

    A person who sent a request before keeps the first page of that request.
    """
    if submission.continues:
        came = _of(Attribution.objects.filter(lead=submission.continues).first())
    else:
        known = submission.circumstances
        came = known.came_from if known else CameFrom()
        if known and known.filling and known.filling.before:
            came = CameFrom(_first_page_of(submission) or came.first, came.last)
    if came:
        marks = visits.counted(came.last, came.first)
        Attribution.objects.create(lead=lead, first=came.first, last=came.last, **marks)


def follow(lead_id: int | None) -> None:
    """Counts a lead again after a request joined or left it."""
    requests = Lead.objects.filter(duplicate_of=lead_id, status=LeadStatus.DUPLICATE)
    joined = Attribution.objects.filter(lead__in=requests.filter(is_held_back=False))
    own = Attribution.objects.filter(lead=lead_id)
    # A lead that took the place of a held one may be newer than the requests that joined it.
    rows = [it for found in (joined, own) for it in found.annotate(at=F("lead__submitted_at"))]
    if lead_id is None or not rows:
        return
    newest_first = sorted(rows, key=lambda it: (it.at, it.pk), reverse=True)
    pages = [page for it in newest_first for page in (it.last, it.first)]
    Attribution.objects.update_or_create(lead_id=lead_id, defaults=visits.counted(*pages))


def shown(requests: Iterable[Lead]) -> CameFrom:
    """For people: the first page of the number's oldest request, and the last page of its newest.

    `requests`: ordered as in Lead.requests_by_age. Reads the `attribution` of each.
    """
    came = [_of(getattr(it, "attribution", None)) for it in requests]
    firsts = [it.first for it in came if it.first]
    lasts = [it.last for it in came if it.last]
    return CameFrom(firsts[0] if firsts else {}, lasts[-1] if lasts else {})


def last_joined(leads: Collection[int]) -> dict[int, Visit]:
    """By lead, the last page of the newest request that joined it. One query."""
    joined = Attribution.objects.filter(
        lead__duplicate_of__in=leads, lead__status=LeadStatus.DUPLICATE, lead__is_held_back=False
    ).exclude(last={})
    rows = joined.order_by("lead__submitted_at", "lead").values_list("lead__duplicate_of", "last")
    return {lead: last for lead, last in rows if lead is not None}


def lately(name: str, sources: Iterable[int] | None = None) -> list[str]:
    """A column's values in the newest requests of these sources, or of all, sorted by name."""
    # The newest rows are read and searched here: PostgreSQL would read the whole table.
    newest = Attribution.objects.order_by("-pk")
    if sources is None:
        found = list(newest.values_list(name, flat=True)[:_NEWEST])
    else:
        seen = set(sources)
        rows = newest.values_list(name, "lead__source", "lead__first_source")[:_NEWEST]
        # A lead that moved from another source has both.
        found = [value for value, *its in rows if seen.issuperset(filter(None, its))]
    return sorted({it for it in found if it}, key=str.casefold)


def _first_page_of(submission: Submission) -> Visit:
    before = Attribution.objects.filter(
        lead__submitter=submission.submitter, lead__submitter__isnull=False
    )
    oldest = before.exclude(first={}).order_by("lead__submitted_at", "lead").first()
    return oldest.first if oldest else {}


def _of(row: Attribution | None) -> CameFrom:
    return CameFrom(row.first, row.last) if row else CameFrom()
