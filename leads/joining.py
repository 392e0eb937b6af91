"""One number, several requests: how a later request changes the lead that is already open.

The rules, in this order (docs/architecture.md, "Several requests for one number"):

1. Every request is stored. A later request is a `duplicate`: it joins the number's open lead,
   which is called for both, and a salesperson reads the newest.
2. The newest wish decides when. A chosen time counts if the lead's own submitter sent the request.
   From anybody else, or from a salesperson who plans a follow-up, it may only bring the call
   forward, as may "as soon as possible" from anybody. But if a person chose a time, nobody else
   can make the number ring before it outside the hours when people are called (`_disturbs`).
3. The call goes through the source that can call first; if two can call now, through one where
   somebody is free.
4. The newest language that a request names, or that its source has, decides who is rung, if
   somebody there speaks it.
5. A request that is held back (leads.guard) changes nothing. A request that is not held takes the
   place of an open held lead, which joins it (`take_over`).
6. A lead that is held or being called keeps its time. A wish made during a call counts when the
   call is over: `follow` if the lead goes on waiting, `release` if it closes (leads.leaving).
7. A time that somebody chose stands even if another person's request has the number called
   sooner: if that call reaches nobody, the number is called at the chosen time too
   (leads.appointments).
8. A request that is taken back leaves the lead as it was before (`leaving.withdraw`).
"""

from datetime import datetime
from typing import Any

from leads import appointments, attribution, ports, transitions
from leads.models import OPEN_STATUSES, EarlierPlan, Lead, LeadSource, LeadStatus
from leads.ports import Presence
from leads.signals import wish_followed
from leads.wishes import Wish, takes, wish


def join(first: Lead, request: Lead, wished: Wish | None, now: datetime) -> bool:
    """Makes the open lead `first` follow the wish of a joining request. Returns whether it changed.

    `first` is locked in this transaction.
    """
    if wished is None or request.is_held_back or first.status != LeadStatus.WAITING:
        return False
    stands = None
    if takes(first.source, first.phone):
        stands = ports.hours(first.source_id, first.phone).next_time(max(now, first.call_after))
    comes = max(wished.at, wished.plan.call_after)
    if stands is None or comes < stands:
        if stands and _disturbs(first, request, wished.source, comes, now):
            return _speak(first, request, now)
        return _follow(first, request, wished, now)
    if comes > stands:
        is_theirs = request.follow_up_of_id is None and are_by_one_person(first, request)
        if wished.chosen_at and is_theirs:
            return _follow(first, request, wished, now, pushed_back=True)
        return _speak(first, request, now)
    if wished.source.pk == first.source_id or _is_free(first.source_id, now):
        return _speak(first, request, now)
    if _is_free(wished.source.pk, now):
        return _follow(first, request, wished, now)
    return _speak(first, request, now)


def let_count(request: Lead, now: datetime) -> bool:
    """Lets a request count that was held back when it joined another request of its number. Its
    lead follows its wish or, if that lead is held itself, joins it. Returns whether it was held
    back.
    """
    seen = request.duplicate_of
    if seen is None:
        return False
    # Both before any lead is locked: they may take a slot at an opening.
    chosen_at = request.chosen_at if request.chosen_at and request.chosen_at > now else None
    wished = wish(request.source, request.phone, now, chosen_at, seen.source)
    opened = Lead.objects.filter(pk=seen.pk, status__in=OPEN_STATUSES)
    first = opened.select_for_update(no_key=True, of=("self",)).select_related("source").first()
    if first is None or not transitions.count(request.pk):
        return False
    request.refresh_from_db()
    if first.status == LeadStatus.HELD:
        plan = wished.plan if wished else ports.plan(request.source, request.phone, now, chosen_at)
        Lead.objects.filter(duplicate_of=first).exclude(pk=request.pk).update(duplicate_of=request)
        transitions.give_way(first.pk, request.pk, now)
        transitions.let_take_over(request.pk, now, plan)
        attribution.follow(request.pk)
        request.refresh_from_db()
        wish_followed.send(sender=Lead, lead=request)
        return True
    attribution.follow(first.pk)
    if join(first, request, wished, now):
        first.refresh_from_db()
        wish_followed.send(sender=Lead, lead=first)
    return True


def take_over(first: Lead, request: Lead, now: datetime) -> None:
    """Calls a request that joined a held lead instead of that lead, which joins the request.

    `first` is locked in this transaction. Leaves `request` as it is then stored.
    """
    Lead.objects.filter(duplicate_of=first).exclude(pk=request.pk).update(duplicate_of=request)
    transitions.give_way(first.pk, request.pk, now)
    transitions.take_over(request.pk)
    attribution.follow(request.pk)
    request.refresh_from_db()


def came_through(first: Lead, source: LeadSource) -> bool:
    """Whether the lead came through this source, or is called through it."""
    return source.pk in {first.source_id, first.first_source_id}


def has_sent_another_number(request: Lead) -> bool:
    """Whether the submitter has since sent a request with another number."""
    by_them = Lead.objects.exclude(submitter=None).filter(submitter=request.submitter)
    since = by_them.filter(submitted_at__gt=request.submitted_at)
    return since.exclude(phone=request.phone).exists()


def are_by_one_person(one: Lead, other: Lead) -> bool:
    """Whether the same person submitted both, as far as we know."""
    return one.submitter is not None and one.submitter == other.submitter


def _disturbs(first: Lead, request: Lead, through: LeadSource, at: datetime, now: datetime) -> bool:
    """Whether somebody else chose a later time for this number, and `at` is outside the hours when
    the lead's source and `through` both let people be rung at somebody else's request.

    A follow-up disturbs nobody: it was agreed with the person.
    """
    if request.follow_up_of_id is not None:
        return False
    chosen_at = appointments.of_others(first.pk, request, now)
    if chosen_at is None or chosen_at <= at:
        return False
    sources = {first.source_id, through.pk}
    return not all(ports.hours(it, first.phone).is_usual(at) for it in sources)


def _is_free(source_id: int, now: datetime) -> bool:
    return ports.presence(source_id, now) is Presence.FREE


def _follow(
    first: Lead, request: Lead, wished: Wish, now: datetime, *, pushed_back: bool = False
) -> bool:
    plan = wished.plan
    call_after = plan.call_after
    if call_after <= now:
        # Other teams step in according to how long it has waited.
        call_after = min(call_after, first.call_after)
    promise: dict[str, Any] = {
        "clock_started_at": plan.clock_started_at,
        "due_at": plan.due_at,
        "sla_target": plan.sla_target,
        "sla_clock": plan.sla_clock,
        "sla_source": None,
    }
    # A broken promise stays broken, and an earlier promise is kept unless a later call is wanted.
    if first.due_at <= (now if pushed_back else max(now, plan.due_at)):
        promise = {"sla_source_id": first.sla_source_id or first.source_id}
    return _change(
        first,
        request,
        now,
        source=wished.source,
        language=_language(first, request, wished.source.pk),
        chosen_at=wished.chosen_at,
        call_after=call_after,
        gap_until=plan.gap_until,
        closed_until=plan.closed_until,
        **promise,
    )


def _speak(first: Lead, request: Lead, now: datetime) -> bool:
    """Keeps the time and source of the call; the salesperson speaks the newest language."""
    language = _language(first, request, first.source_id)
    return language != first.language and _change(first, request, now, language=language)


def _language(first: Lead, request: Lead, source_id: int) -> str:
    """The language of a lead that follows this request and is called through this source.

    A page's own language counts only for a call through that page's source. A language that nobody
    there speaks never counts: anybody can send a request, and the lead would not be called.
    """
    language = request.language
    is_the_pages = language == request.source.language and source_id != request.source_id
    if not language or is_the_pages or not ports.is_spoken(source_id, language):
        return first.language
    return language


def _change(first: Lead, request: Lead, now: datetime, **values: Any) -> bool:
    """Changes how `first` is called, and stores the earlier plan, so that the request can be
    undone.
    """
    if not transitions.wish_anew(first.pk, now, **values):
        return False
    EarlierPlan.objects.update_or_create(
        request=request,
        defaults={
            "lead": first,
            "source": first.source,
            "language": first.language,
            "chosen_at": first.chosen_at,
            "call_after": first.call_after,
            "clock_started_at": first.clock_started_at,
            "due_at": first.due_at,
            "sla_target": first.sla_target,
            "sla_clock": first.sla_clock,
            "sla_source_id": first.sla_source_id,
            "gap_until": first.gap_until,
            "closed_until": first.closed_until,
        },
    )
    return True
