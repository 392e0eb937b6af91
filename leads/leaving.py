"""What happens to the requests that joined a lead when it closes or is taken back.

leads.joining lists the rules. 6: a wish made during a call counts when the call is over, by
`follow` if the lead goes on waiting, by `release` if it closes. 8: a request that is taken back
leaves the lead as it was before (`withdraw`).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction

from leads import attribution, never_call, ports, transitions
from leads.joining import join
from leads.models import OPEN_STATUSES, EarlierPlan, Lead, LeadStatus, SetupVersion
from leads.signals import wish_followed
from leads.wishes import Wishes, joined_since, wish_of, wishes_of

# A try fails only if a worker claims the request at that moment.
_TRIES = 5


def withdraw(requests: Iterable[Lead], now: datetime, *, entirely: bool = False) -> bool:
    """Takes back one person's requests for a number. Returns whether a call for them had begun;
    that call is ended if it still can be.

    Other people who asked for the number are called as if these requests had never come.
    `entirely`: also takes back a request whose lead closed without doing what it asked for
    (leads.acts).
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


def is_to_follow(lead_id: int, since: datetime) -> bool:
    """Whether `follow` or `release` will have something to do after a call, as far as is known
    now.
    """
    taken_back = EarlierPlan.objects.filter(lead=lead_id, request__status=LeadStatus.CANCELLED)
    return joined_since(lead_id, since).exists() or taken_back.exists()


def follow(lead_id: int, since: datetime, now: datetime) -> None:
    """After a call, for a lead that waits again: follows the wishes made since `since`.

    Runs in the transaction that ends the call. First undoes requests taken back during the call.
    """
    taken_back = EarlierPlan.objects.filter(lead=lead_id, request__status=LeadStatus.CANCELLED)
    if undone := taken_back.order_by("request__submitted_at", "request").first():
        wishes = wishes_of(joined_since(lead_id, undone.request.submitted_at), now)
        first = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
        _restore(first, undone, wishes, now)
    for request in joined_since(lead_id, since):
        first = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
        wished = wish_of(request, now, first.source)
        if join(first, request, wished, now):
            first.refresh_from_db()
            wish_followed.send(sender=Lead, lead=first)


def release(lead_id: int, since: datetime, now: datetime) -> None:
    """After a call that closed a lead: the requests that came since `since` ask for another call.

    They do not if that call put the number on the never-call list. Runs in the transaction that
    ends the call.
    """
    joined = joined_since(lead_id, since)
    if joined.exists():  # rarely true; the rows of a lead and its source are wide
        _release(wishes_of(joined, now), now)


def _release(wishes: Wishes, now: datetime) -> None:
    """Requests that joined a lead which is now closed: the oldest becomes a lead, and the others
    join it. The new lead is held if all of them were held back.
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


def _take_back_joined(request: Lead, now: datetime, *, restores: bool, entirely: bool) -> None:
    """Makes a request leave the lead it joined. `restores`: that lead is another person's, and goes
    on.
    """
    with transaction.atomic():
        later = joined_since(request.duplicate_of_id, request.submitted_at)
        wishes = wishes_of(later.exclude(pk=request.pk), now) if restores else []
        joined = Lead.objects.filter(duplicates=request)
        first = joined.select_for_update(no_key=True, of=("self",)).first()
        if first is None:
            return
        if not first.is_open:
            # The lead has done what the request asked for, unless the request wanted a later call.
            if restores and (entirely or request.call_after > now):
                _leave(request)
            return
        before = EarlierPlan.objects.filter(request=request).first()
        if not _leave(request) or before is None or not restores:
            return
        if first.status == LeadStatus.WAITING:  # else it is restored when the call is over
            _restore(first, before, wishes, now)


def _leave(request: Lead) -> bool:
    has_left = transitions.leave(request.pk)
    attribution.follow(request.duplicate_of_id)
    return has_left


def _take_back_open(request: Lead, now: datetime) -> bool | None:
    """Cancels an open lead. Other people's requests that joined it go on by themselves.

    Returns whether a call for it had begun. None if a worker claimed the lead after the look for
    its call and before the lock; then nothing has changed. Code that holds a lead's lock does not
    wait for its call (docs/architecture.md, "Lock order").
    """
    with transaction.atomic():
        is_called = ports.hold_call(request.pk)
        others = wishes_of(joined_since(request.pk, request.submitted_at), now)
        locked = Lead.objects.select_for_update(no_key=True).filter(
            pk=request.pk, status__in=OPEN_STATUSES
        )
        found = locked.first()
        if found and found.status == LeadStatus.CALLING and not is_called:
            return None
        if found is None or (others and found.status != LeadStatus.WAITING):
            return is_called  # a running call or a person's decision is for the others too
        joined = joined_since(request.pk, request.submitted_at)
        others += wishes_of(joined.exclude(pk__in=[it.pk for it, _wished in others]), now)
        ports.cancel(request.pk, now)
        _release(others, now)
        return is_called


def _restore(first: Lead, before: EarlierPlan, wishes: Wishes, now: datetime) -> None:
    """Plans the waiting lead `first` as it was planned before a request that is taken back, then
    follows the wishes that others made since. `first` is locked in this transaction.

    Does not bring the call forward, because the lead may have been called since.
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
    # After the commit, because code that changes the hours locks this row while it stores them.
    transaction.on_commit(partial(_follow_hours_anew, now), robust=True)


def _follow_hours_anew(now: datetime) -> None:
    """Makes the sweep check all waiting leads again: the hours may have changed since the restored
    plan was made.
    """
    SetupVersion.objects.filter(followed_since=None).update(followed_since=now)


def _join_all(first: Lead, wishes: Wishes, now: datetime) -> None:
    for request, wished in wishes:
        if join(first, request, wished, now):
            first.refresh_from_db()
