"""Times that people have chosen to be called at, and that stand whatever others wish for."""

from datetime import datetime

from django.db.models import Q

from leads.models import Lead


def ahead(lead_id: int, now: datetime, *, sent_before: datetime) -> datetime | None:
    """The first time ahead that somebody has chosen for this lead's number, and not replaced since.

    It stands though somebody else's request has brought a call forward: if that one reaches nobody,
    the number is called at this time too. `sent_before`: requests that came later are followed, or
    become leads of their own, anyway (leads.joining).
    """
    newest: dict[object, tuple[datetime, datetime | None]] = {}
    requests = Lead.objects.filter(Q(pk=lead_id) | Q(duplicate_of=lead_id, is_held_back=False))
    for it in requests.order_by("submitted_at", "pk"):
        own_wish = it.first_chosen_at if it.first_source_id else it.chosen_at
        newest[it.submitter or it.pk] = it.submitted_at, own_wish
    times = (at for sent_at, at in newest.values() if sent_at < sent_before)
    return min((at for at in times if at and at > now), default=None)
