"""What follows for leads and counts when a spending limit is opened, or a call was not made."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from callbacks.models import CallAttempt
from callbacks.models.spending import MINUTES, SpendSpan
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.scheduling import calling_hours
from callbacks.scheduling.next_call import SOON
from callbacks.spending import limits
from leads import transitions
from leads.models import Lead, LeadStatus

# A step of `go_on`; each is a transaction.
_AT_ONCE = 500
# Of so many one is looked for that may go on by itself.
_LOOKED_AT = 50


def uncount_on_commit(attempt: CallAttempt) -> None:
    """A call that was not made uses up no spending limit.

    After the commit: whoever counts a call waits for the counts with an extension locked, so nobody
    may lock an extension with a count locked.
    """
    if attempt.sent_at is not None:
        counted = _counted(attempt)
        transaction.on_commit(lambda: limits.give_back(attempt.pk, counted=counted))


def recount_on_commit(attempt: CallAttempt, minutes: int) -> None:
    """Its record tells how many minutes it was: these count. After the commit, as above."""
    counted = _counted(attempt)

    def recount() -> None:
        if limits.recount(attempt.pk, counted=counted, minutes=minutes) < 0:
            _one_goes_on(timezone.now())

    transaction.on_commit(recount)


def _counted(attempt: CallAttempt) -> int:
    return MINUTES if attempt.counted_minutes is None else attempt.counted_minutes


def _one_goes_on(now: datetime) -> None:
    """A call was shorter than it had been taken to be: one of those who wait may fit now."""
    costs = [it for it in limits.standings(now) if it.most_cost is not None]
    if ends := {it.ends_at for it in costs if not it.is_used_up}:
        config = current_config()
        with transaction.atomic():
            first = _waiting(ends, now)[:_LOOKED_AT]
            if lead := next((it for it in first if _may_go_on_unasked(it, config, now)), None):
                transitions.put_off(lead.pk, now, now)


def _may_go_on_unasked(lead: Lead, config: RoutingConfig, now: datetime) -> bool:
    """Whether it would be called at this hour if its wait ended now (scheduling.next_call)."""
    if lead.call_after - now <= SOON:
        return True
    return calling_hours.next_usual_time(config, lead.source_id, lead.phone, now) == now


def open_again(limit_id: int, span: SpendSpan, now: datetime) -> int:
    """Allows as much again as is set for this hour or day. Returns how many leads go on."""
    limits.open_again(limit_id, span, now)
    return go_on(ends_of(limit_id, now), now)


def ends_of(limit_id: int, now: datetime, *, reached_too: bool = False) -> list[datetime]:
    """When the hour and the day of this limit end, as far as it lets calls through now.

    `reached_too`: of both, however much is used.
    """
    own = [it for it in limits.standings(now) if it.limit_id == limit_id]
    return [it.ends_at for it in own if reached_too or not it.is_used_up]


def go_on(ends: Collection[datetime], now: datetime) -> int:
    """Has the leads called now that wait for one of these times: the sweep finds them. Those that
    another limit keeps out will meet that one. A person wants it, so it is at any hour of their
    source. Returns how many.
    """
    moved = 0
    while True:
        with transaction.atomic():
            found = list(_waiting(ends, now).values_list("pk", flat=True)[:_AT_ONCE])
            for lead_id in found:
                transitions.put_off(lead_id, now, now)
        moved += len(found)
        if len(found) < _AT_ONCE:
            return moved


def _waiting(ends: Collection[datetime], now: datetime) -> QuerySet[Lead]:
    """Those who wait for one of these times, locked, who are due first before the others."""
    waiting = Lead.objects.filter(
        status=LeadStatus.WAITING, gap_until__in=ends, limit_until=F("gap_until")
    ).exclude(chosen_at=F("gap_until"))
    locked = waiting.filter(call_after__gt=now).select_for_update(no_key=True, skip_locked=True)
    return locked.order_by("due_at", "pk")
