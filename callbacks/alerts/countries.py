"""Records the countries to which calls were requested, so that a new country is noticed."""

from datetime import datetime, timedelta

from callbacks.models import SeenCountry
from leads import phones
from leads.models import Lead

# Read again each time, since a lead may be stored a moment after its time.
_OVERLAP = timedelta(minutes=2)
# The most leads that are read at once, after a long time without a look.
_MOST = 5000


def note(before: datetime | None, now: datetime) -> None:
    """Records the countries of the leads since the previous look, `before`. One or two queries."""
    since = (before or now) - _OVERLAP
    leads = Lead.objects.filter(submitted_at__gt=since, submitted_at__lte=now)
    leads = leads.order_by("submitted_at", "pk")
    new: dict[str, SeenCountry] = {}
    for pk, phone, at in leads.values_list("pk", "phone", "submitted_at")[:_MOST]:
        country = phones.country(phone)
        if country and country not in new:
            new[country] = SeenCountry(country=country, first_seen_at=at, lead=pk)
    if new:
        SeenCountry.objects.bulk_create(new.values(), ignore_conflicts=True)
