"""Times that people chose for a call, and that stand whatever others ask for."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from leads.models import Lead


def ahead(lead_id: int, now: datetime, *, sent_before: datetime) -> datetime | None:
    """The first future time that somebody chose for this lead's number and has not replaced.

    The time stands even if somebody else's request brought a call forward: if that call reaches
    nobody, the number is also called at this time. `sent_before`: later requests are followed, or
    become leads of their own, anyway (leads.leaving).
    """
    times = (it.at for it in _standing(lead_id) if it.sent_at < sent_before)
    return min((at for at in times if at > now), default=None)


def of_others(lead_id: int, request: Lead, now: datetime) -> datetime | None:
    """The last future time that anybody except the submitter of `request` chose for this lead's
    number and has not replaced.
    """
    by = request.submitter or request.pk
    times = (it.at for it in _standing(lead_id) if it.by != by)
    return max((at for at in times if at > now), default=None)


class _Appointment(NamedTuple):
    """A time that somebody chose in their newest request. `by`: the submitter."""

    by: object
    sent_at: datetime
    at: datetime


def _standing(lead_id: int) -> list[_Appointment]:
    newest: dict[object, tuple[datetime, datetime | None]] = {}
    requests = Lead.objects.filter(Q(pk=lead_id) | Q(duplicate_of=lead_id, is_held_back=False))
    for it in requests.order_by("submitted_at", "pk"):
        own_wish = it.first_chosen_at if it.first_source_id else it.chosen_at
        newest[it.submitter or it.pk] = it.submitted_at, own_wish
    return [_Appointment(by, sent_at, at) for by, (sent_at, at) in newest.items() if at]
