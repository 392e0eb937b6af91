"""What a request for a number asks for: through which source it can be called, and when at the
earliest (leads.joining lists the rules).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from leads import phones, ports
from leads.models import Lead, LeadSource
from leads.phones import PhoneRefused
from leads.ports import CallPlan


@dataclass(frozen=True)
class Wish:
    """How a request wants the number to be called: through which source, and when at the earliest.

    `at`: the first instant at which that is possible.
    """

    source: LeadSource
    chosen_at: datetime | None
    at: datetime
    plan: CallPlan


# Requests, oldest first, each with what it asks for.
Wishes = list[tuple[Lead, Wish | None]]


def wish(
    source: LeadSource,
    phone: str,
    now: datetime,
    chosen_at: datetime | None,
    also: LeadSource | None = None,
) -> Wish | None:
    """The earliest possible call for a request; None: it can never be called.

    `also`: the source of the number's open lead, which is used if it can call at the wished time
    and `source` cannot, or if `source` never can. Takes the call's slot at an opening, so call it
    in the transaction that stores the result, before that locks any lead: afterwards it does not
    wait for a slot, and two leads may share one.
    """
    wanted = chosen_at or now
    sources = [source]
    if also and also.pk != source.pk and takes(also, phone):
        sources.append(also)
    times = [(it, ports.hours(it.pk, phone).next_time(wanted)) for it in sources]
    possible = [(at, it) for it, at in times if at is not None]
    if not possible:
        return None
    at, through = next((it for it in possible if it[0] == wanted), possible[0])
    return Wish(through, chosen_at, at, ports.plan(through, phone, now, chosen_at))


def has_asked_since(lead_id: int, since: datetime) -> bool:
    """Whether another request for the number, not held back, has joined a lead since."""
    return joined_since(lead_id, since).filter(is_held_back=False).exists()


def joined_since(lead_id: int | None, since: datetime) -> QuerySet[Lead]:
    """The requests that joined a lead since then, oldest first."""
    joined = Lead.objects.filter(duplicate_of=lead_id, submitted_at__gte=since)
    return joined.select_related("source").order_by("submitted_at", "pk")


def wish_of(request: Lead, now: datetime, also: LeadSource) -> Wish | None:
    """The earliest possible call for a stored request; a past time means as soon as possible.
    `also`: as for `wish`.
    """
    chosen_at = request.chosen_at if request.chosen_at and request.chosen_at > now else None
    return wish(request.source, request.phone, now, chosen_at, also)


def wishes_of(requests: QuerySet[Lead], now: datetime) -> Wishes:
    """What each of these asks for. Call it before locking any lead: it takes slots at an
    opening.
    """
    return [(it, wish_of(it, now, it.source)) for it in requests]


def takes(source: LeadSource, phone: str) -> bool:
    """Whether numbers of this country may be called through the source; its countries may have
    changed.
    """
    try:
        phones.check(phone, source.allowed_countries)
    except PhoneRefused:
        return False
    return True
