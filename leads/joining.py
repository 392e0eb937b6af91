"""One number, several requests: what a later request changes of the lead that is open already.

The rules, in this order (docs/architecture.md, "Several requests of one number"):

1. Every request is stored. A later one is a `duplicate`: it has joined the number's open lead,
   which is called for both, and a salesperson reads the newest.
2. The newest wish decides when. A chosen time holds if the request is by the lead's own submitter;
   by somebody else, and by a salesperson who plans a follow-up, it may only bring the call forward,
   as "as soon as possible" does by anybody. But where a person has chosen a time, nobody else has
   the number rung before it outside the hours at which people are called (`_disturbs`).
3. The call goes through the source that can make it first; of two that can now, through one where
   somebody is free.
4. The newest language that a request names, or that its source has, decides who is rung, if
   anybody there speaks it.
5. A request that is held back (leads.guard) changes nothing. One that is not takes the place of an
   open lead that is held, which joins it (`take_over`).
6. A lead that is held, or being called, keeps its time. What was wished for during a call holds
   when the call is over: `follow` where it goes on waiting, `release` where it is closed.
7. A time that somebody has chosen stands while another's request has the number called sooner:
   if that reaches nobody, it is called at the chosen time too (leads.appointments).
8. A request that is taken back leaves the lead as it was before (`withdraw`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from leads import appointments, attribution, never_call, phones, ports, transitions
from leads.models import OPEN_STATUSES, EarlierPlan, Lead, LeadSource, LeadStatus
from leads.phones import PhoneRefused
from leads.ports import CallPlan, Presence
from leads.signals import wish_followed

# A try to take a request back fails only if it is claimed at that moment.
_TRIES = 5


@dataclass(frozen=True)
class Wish:
    """How a request wants the number to be called: through which source, and when at the earliest.

    `at`: the first instant at which that is possible.
    """

    source: LeadSource
    chosen_at: datetime | None
    at: datetime
    plan: CallPlan


# Requests, oldest first, with what each asks for.
Wishes = list[tuple[Lead, Wish | None]]


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
    call it in the transaction that stores the result, before any lead is locked there: afterwards
    it waits for no turn, and two leads may share one.
    """
    wanted = chosen_at or now
    sources = [source]
    if also and also.pk != source.pk and _takes(also, phone):
        sources.append(also)
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
    if wished is None or request.is_held_back or first.status != LeadStatus.WAITING:
        return False
    stands = None
    if _takes(first.source, first.phone):
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
    """Has a request that was held back as it joined another one of its number count: its lead
    follows its wish, or, where that one is held itself, joins it. Returns whether it was held back.
    """
    seen = request.duplicate_of
    if seen is None:
        return False
    # Both before any lead is locked: they may take a turn at an opening.
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
    """Has a request that has joined a held lead be called instead of it: that one joins it.

    `first` is locked, in this transaction. Leaves `request` as it is stored then.
    """
    Lead.objects.filter(duplicate_of=first).exclude(pk=request.pk).update(duplicate_of=request)
    transitions.give_way(first.pk, request.pk, now)
    transitions.take_over(request.pk)
    attribution.follow(request.pk)
    request.refresh_from_db()


def is_to_follow(lead_id: int, since: datetime) -> bool:
    """Whether `follow` or `release` will have something to do after a call, as far as is known."""
    taken_back = EarlierPlan.objects.filter(lead=lead_id, request__status=LeadStatus.CANCELLED)
    return _joined_since(lead_id, since).exists() or taken_back.exists()


def has_asked_since(lead_id: int, since: datetime) -> bool:
    """Whether another request of its number, which is not held back, has joined a lead since."""
    return _joined_since(lead_id, since).filter(is_held_back=False).exists()


def follow(lead_id: int, since: datetime, now: datetime) -> None:
    """After a call, for a lead that waits again: follows what was wished for since `since`.

    In the transaction in which the call ends. What was taken back during the call is undone first.
    """
    taken_back = EarlierPlan.objects.filter(lead=lead_id, request__status=LeadStatus.CANCELLED)
    if undone := taken_back.order_by("request__submitted_at", "request").first():
        wishes = _wishes_of(_joined_since(lead_id, undone.request.submitted_at), now)
        first = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
        _restore(first, undone, wishes, now)
    for request in _joined_since(lead_id, since):
        first = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
        wished = _wish_of(request, now, first.source)
        if join(first, request, wished, now):
            first.refresh_from_db()
            wish_followed.send(sender=Lead, lead=first)


def release(lead_id: int, since: datetime, now: datetime) -> None:
    """After a call that has closed a lead: the requests that came since `since` ask for another.

    None do where that call has put the number on the never-call list. In the transaction in which
    the call ends.
    """
    joined = _joined_since(lead_id, since)
    if joined.exists():  # after few calls; the rows of a lead and its source are wide
        _release(_wishes_of(joined, now), now)


def _release(wishes: Wishes, now: datetime) -> None:
    """Requests that had joined a lead which is closed now: the oldest becomes a lead of its own,
    which the others join. Held back as it was, if all are.
    """
    if not wishes or never_call.entry(wishes[0][0].phone):
        return
    (oldest, wished), *others = sorted(wishes, key=lambda it: it[0].is_held_back)
    left = oldest.duplicate_of_id
    plan = wished.plan if wished else ports.plan(oldest.source, oldest.phone, now, None)
    EarlierPlan.objects.filter(request__in=[it for it, _wished in wishes]).delete()
    if not transitions.release(oldest.pk, now, plan, is_held=oldest.is_held_back):
        return
    Lead.objects.filter(pk__in=[it.pk for it, _wished in others]).update(duplicate_of=oldest)
    for changed in (left, oldest.pk):
        attribution.follow(changed)
    if oldest.is_held_back:
        return
    oldest.refresh_from_db()
    _join_all(oldest, others, now)
    wish_followed.send(sender=Lead, lead=oldest)


def withdraw(requests: Iterable[Lead], now: datetime, *, entirely: bool = False) -> bool:
    """Takes back one person's requests of a number. Returns whether a call of theirs had begun,
    which is ended if it still can be.

    Whoever else has asked for that number is called as if these had never come. `entirely`: also
    one whose lead is closed without having done what it asked for (leads.acts).
    """
    requests = [it for it in requests if it.is_open or it.status == LeadStatus.DUPLICATE]
    own = {it.pk for it in requests}
    for request in requests:
        if request.duplicate_of_id is not None:
            restores = request.duplicate_of_id not in own
            _take_back_joined(request, now, restores=restores, entirely=entirely)
    had_begun = False
    for request in requests:
        tries = (_take_back_open(request, now) for _ in range(_TRIES))
        had_begun |= next((it for it in tries if it is not None), False)
    return had_begun


def _take_back_joined(request: Lead, now: datetime, *, restores: bool, entirely: bool) -> None:
    """Leaves the lead that it had joined. `restores`: that one is somebody else's, and goes on."""
    with transaction.atomic():
        later = _joined_since(request.duplicate_of_id, request.submitted_at)
        wishes = _wishes_of(later.exclude(pk=request.pk), now) if restores else []
        joined = Lead.objects.filter(duplicates=request)
        first = joined.select_for_update(no_key=True, of=("self",)).first()
        if first is None:
            return
        if not first.is_open:
            # What it asked for has been done, unless it wished for a call later than that.
            if restores and (entirely or request.call_after > now):
                _leave(request)
            return
        before = EarlierPlan.objects.filter(request=request).first()
        if not _leave(request) or before is None or not restores:
            return
        if first.status == LeadStatus.WAITING:  # if it is being called: once that call is over
            _restore(first, before, wishes, now)


def _leave(request: Lead) -> bool:
    has_left = transitions.leave(request.pk)
    attribution.follow(request.duplicate_of_id)
    return has_left


def _take_back_open(request: Lead, now: datetime) -> bool | None:
    """Cancels an open lead. Other people's requests that had joined it go on by themselves.

    Returns whether a call of it had begun. None: it was claimed between the look for its call and
    its own lock, and nothing is changed. Whoever has a lead does not wait for its call
    (docs/architecture.md, "In which order locks are taken").
    """
    with transaction.atomic():
        is_called = ports.hold_call(request.pk)
        others = _wishes_of(_joined_since(request.pk, request.submitted_at), now)
        locked = Lead.objects.select_for_update(no_key=True).filter(
            pk=request.pk, status__in=OPEN_STATUSES
        )
        found = locked.first()
        if found and found.status == LeadStatus.CALLING and not is_called:
            return None
        if found is None or (others and found.status != LeadStatus.WAITING):
            return is_called  # a call that is on, or a person's decision, is for the others too
        joined = _joined_since(request.pk, request.submitted_at)
        others += _wishes_of(joined.exclude(pk__in=[it.pk for it, _wished in others]), now)
        ports.cancel(request.pk, now)
        _release(others, now)
        return is_called


def came_through(first: Lead, source: LeadSource) -> bool:
    """Whether the lead came in through this source, or is called through it."""
    return source.pk in {first.source_id, first.first_source_id}


def has_sent_another_number(request: Lead) -> bool:
    """Whether its submitter has sent a request with another number since."""
    by_them = Lead.objects.exclude(submitter=None).filter(submitter=request.submitter)
    since = by_them.filter(submitted_at__gt=request.submitted_at)
    return since.exclude(phone=request.phone).exists()


def are_by_one_person(one: Lead, other: Lead) -> bool:
    """Whether the same person has submitted both, as far as is known."""
    return one.submitter is not None and one.submitter == other.submitter


def _disturbs(first: Lead, request: Lead, through: LeadSource, at: datetime, now: datetime) -> bool:
    """Whether somebody else has chosen a later time for this number, and `at` is an hour at which
    nobody is to be rung who has not asked for it: by the source of either.

    A follow-up is agreed on with whoever is called.
    """
    if request.follow_up_of_id is not None:
        return False
    chosen_at = appointments.of_others(first.pk, request, now)
    if chosen_at is None or chosen_at <= at:
        return False
    sources = {first.source_id, through.pk}
    return not all(ports.hours(it, first.phone).is_usual(at) for it in sources)


def _takes(source: LeadSource, phone: str) -> bool:
    """Whether numbers of this country may be called through the source: that may have changed."""
    try:
        phones.check(phone, source.allowed_countries)
    except PhoneRefused:
        return False
    return True


def _is_free(source_id: int, now: datetime) -> bool:
    return ports.presence(source_id, now) is Presence.FREE


def _joined_since(lead_id: int | None, since: datetime) -> QuerySet[Lead]:
    """The requests that have joined a lead since then, oldest first."""
    joined = Lead.objects.filter(duplicate_of=lead_id, submitted_at__gte=since)
    return joined.select_related("source").order_by("submitted_at", "pk")


def _wish_of(request: Lead, now: datetime, also: LeadSource) -> Wish | None:
    chosen_at = request.chosen_at if request.chosen_at and request.chosen_at > now else None
    return wish(request.source, request.phone, now, chosen_at, also)


def _wishes_of(requests: QuerySet[Lead], now: datetime) -> Wishes:
    """What each of these asks for. Before any lead is locked: it takes turns at an opening."""
    return [(it, _wish_of(it, now, it.source)) for it in requests]


def _join_all(first: Lead, wishes: Wishes, now: datetime) -> None:
    for request, wished in wishes:
        if join(first, request, wished, now):
            first.refresh_from_db()


def _restore(first: Lead, before: EarlierPlan, wishes: Wishes, now: datetime) -> None:
    """Has the waiting lead `first` be called as it was to be `before` a request that is taken back,
    and as others have wished for since. `first` is locked, in this transaction.

    It is not called sooner for it: since then it may have been called.
    """
    EarlierPlan.objects.filter(lead=first, request__in=[it for it, _wished in wishes]).delete()
    EarlierPlan.objects.filter(lead=first, request__status=LeadStatus.CANCELLED).delete()
    later = before if before.call_after >= first.call_after else first
    transitions.wish_anew(
        first.pk,
        now,
        source=before.source,
        language=before.language,
        chosen_at=before.chosen_at,
        call_after=later.call_after,
        clock_started_at=before.clock_started_at,
        due_at=before.due_at,
        sla_target=before.sla_target,
        sla_clock=before.sla_clock,
        sla_source=before.sla_source,
        gap_until=later.gap_until,
        closed_until=later.closed_until,
    )
    first.refresh_from_db()
    _join_all(first, wishes, now)
    wish_followed.send(sender=Lead, lead=first)


def _follow(
    first: Lead, request: Lead, wished: Wish, now: datetime, *, pushed_back: bool = False
) -> bool:
    plan = wished.plan
    call_after = plan.call_after
    if call_after <= now:
        # Other teams step in by the time that it has waited.
        call_after = min(call_after, first.call_after)
    promise: dict[str, Any] = {
        "clock_started_at": plan.clock_started_at,
        "due_at": plan.due_at,
        "sla_target": plan.sla_target,
        "sla_clock": plan.sla_clock,
        "sla_source": None,
    }
    # A broken promise stays broken, and an earlier one is kept unless a later call is wanted.
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
    """The call stays when and where it is; who is rung speaks the newest language."""
    language = _language(first, request, first.source_id)
    return language != first.language and _change(first, request, now, language=language)


def _language(first: Lead, request: Lead, source_id: int) -> str:
    """The language of a lead that is called through this source, with the request it follows.

    The language of a page counts only for a call through that page's source. One that nobody there
    speaks never counts: anybody can send a request, and the lead would not be called.
    """
    language = request.language
    is_the_pages = language == request.source.language and source_id != request.source_id
    if not language or is_the_pages or not ports.is_spoken(source_id, language):
        return first.language
    return language


def _change(first: Lead, request: Lead, now: datetime, **values: Any) -> bool:
    """Changes how `first` is called, and keeps how it was to be, for the request to be undone."""
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
