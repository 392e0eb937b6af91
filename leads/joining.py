"""One number, several requests: what a later request changes of the lead that is open already.

The rules, in this order (docs/architecture.md, "Several requests of one number"):

1. Every request is stored. A later one is a `duplicate`: it has joined the number's open lead,
   which is called for both, and a salesperson reads the newest.
2. The newest wish decides when. A chosen time holds if the request is by the lead's own submitter;
   by somebody else it may only bring the call forward, as "as soon as possible" does by anybody.
3. The call goes through the source that can make it first; of two that can now, through one where
   somebody is free.
4. A lead that is held, or being called, keeps its time. What was wished for during a call holds
   when the call is over: `follow` where it goes on waiting, `release` where it is closed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from leads import ports, transitions
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus
from leads.ports import CallPlan, Presence
from leads.signals import wish_followed


@dataclass(frozen=True)
class Wish:
    """How a request wants the number to be called: through which source, and when at the earliest.

    `at`: the first instant at which that is possible.
    """

    source: LeadSource
    chosen_at: datetime | None
    at: datetime
    plan: CallPlan


def wish(
    source: LeadSource,
    phone: str,
    now: datetime,
    chosen_at: datetime | None,
    also: LeadSource | None = None,
) -> Wish | None:
    """The earliest that can be done for a request; None: nobody ever can.

    `also`: the source of the number's open lead, which is taken where it can call at the wished
    time and `source` cannot, or where `source` never can. Takes the call's turn at an opening, so
    call it in the transaction that stores the result, before any lead is locked there.
    """
    wanted = chosen_at or now
    sources = [source] if also is None or also.pk == source.pk else [source, also]
    times = [(it, ports.hours(it.pk, phone).next_time(wanted)) for it in sources]
    possible = [(at, it) for it, at in times if at is not None]
    if not possible:
        return None
    at, through = next((it for it in possible if it[0] == wanted), possible[0])
    return Wish(through, chosen_at, at, ports.plan(through, phone, now, chosen_at))


def join(first: Lead, request: Lead, wished: Wish | None, now: datetime) -> bool:
    """Has the open lead `first` follow the wish of a request that joins it. Returns if it changed.

    `first` is locked, in this transaction.
    """
    if wished is None or first.status != LeadStatus.WAITING:
        return False
    stands = ports.hours(first.source_id, first.phone).next_time(max(now, first.call_after))
    comes = max(wished.at, wished.plan.call_after)
    if stands is None or comes < stands:
        return _follow(first, request, wished, now)
    if comes > stands:
        own = wished.chosen_at and are_by_one_person(first, request)
        return bool(own) and _follow(first, request, wished, now, pushed_back=True)
    if wished.source.pk == first.source_id or _is_free(first.source_id, now):
        return False
    return _is_free(wished.source.pk, now) and _follow(first, request, wished, now)


def follow(lead_id: int, since: datetime, now: datetime) -> None:
    """After a call, for a lead that waits again: follows what was wished for since `since`.

    In the transaction in which the call ends.
    """
    for request in _joined_since(lead_id, since):
        first = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
        wished = _wish_of(request, now, first.source)
        if join(first, request, wished, now):
            first.refresh_from_db()
            wish_followed.send(sender=Lead, lead=first)


def release(lead_id: int, since: datetime, now: datetime) -> None:
    """After a call that has closed a lead: the requests that came since `since` ask for another.

    The newest becomes a lead of its own, which the others join. In the transaction in which the
    call ends.
    """
    requests = list(_joined_since(lead_id, since))
    if not requests:
        return
    newest = requests[-1]
    wished = _wish_of(newest, now, newest.source)
    plan = wished.plan if wished else ports.plan(newest.source, newest.phone, now, None)
    if transitions.release(newest.pk, now, plan):
        others = [it.pk for it in requests[:-1]]
        Lead.objects.filter(pk__in=others).update(duplicate_of=newest)
        newest.refresh_from_db()
        wish_followed.send(sender=Lead, lead=newest)


def withdraw(requests: Iterable[Lead], now: datetime) -> None:
    """Takes back one person's requests of a number that was not theirs.

    A lead that another person's request has joined is called all the same, for that one.
    """
    requests = list(requests)
    for request in requests:
        if request.status == LeadStatus.DUPLICATE:
            transitions.leave(request.pk)
    for request in requests:
        if request.status in OPEN_STATUSES:
            with transaction.atomic():
                Lead.objects.select_for_update(no_key=True).get(pk=request.pk)
                if not request.duplicates.exists():
                    ports.cancel(request.pk, now)


def are_by_one_person(one: Lead, other: Lead) -> bool:
    """Whether the same person has submitted both, as far as is known."""
    return one.submitter is not None and one.submitter == other.submitter


def _is_free(source_id: int, now: datetime) -> bool:
    return ports.presence(source_id, now) is Presence.FREE


def _joined_since(lead_id: int, since: datetime) -> Iterable[Lead]:
    joined = Lead.objects.filter(duplicate_of=lead_id, submitted_at__gte=since)
    return joined.select_related("source").order_by("submitted_at", "pk")


def _wish_of(request: Lead, now: datetime, also: LeadSource) -> Wish | None:
    chosen_at = request.chosen_at if request.chosen_at and request.chosen_at > now else None
    return wish(request.source, request.phone, now, chosen_at, also)


def _follow(
    first: Lead, request: Lead, wished: Wish, now: datetime, *, pushed_back: bool = False
) -> bool:
    plan = wished.plan
    call_after, starts, due = plan.call_after, plan.clock_started_at, plan.due_at
    if call_after <= now:
        # Other teams step in by the time that it has waited.
        call_after = min(call_after, first.call_after)
    # A broken promise stays broken, and an earlier one is kept unless a later call is wanted.
    if first.due_at <= (now if pushed_back else max(now, due)):
        starts, due = first.clock_started_at, first.due_at
    return transitions.wish_anew(
        first.pk,
        now,
        source=wished.source,
        language=request.language if wished.source.pk == request.source_id else first.language,
        chosen_at=wished.chosen_at,
        call_after=call_after,
        clock_started_at=starts,
        due_at=due,
        gap_until=plan.gap_until,
        closed_until=plan.closed_until,
    )
