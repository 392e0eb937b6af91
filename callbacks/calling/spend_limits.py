"""What happens to leads and counts when a spending limit opens or a counted call was not made."""

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

# Leads in one step of `go_on`; each step is a transaction.
_AT_ONCE = 500
# Among this many waiting leads, one is looked for that may go on automatically.
_LOOKED_AT = 50


def uncount_on_commit(attempt: CallAttempt) -> None:
    """Takes a call that was not made off the spending limits.

    After the commit: a process that counts a call waits for the counts while it holds an extension,
    so nobody may lock an extension while holding a count.
    """
    if attempt.sent_at is not None:
        counted = _counted(attempt)
        transaction.on_commit(lambda: limits.give_back(attempt.pk, counted=counted))


def recount_on_commit(attempt: CallAttempt, minutes: int) -> None:
    """Counts the minutes that the call's record reports. After the commit, as above."""
    counted = _counted(attempt)

    def recount() -> None:
        if limits.recount(attempt.pk, counted=counted, minutes=minutes) < 0:
            _one_goes_on(timezone.now())

    transaction.on_commit(recount)


def _counted(attempt: CallAttempt) -> int:
    return MINUTES if attempt.counted_minutes is None else attempt.counted_minutes


def _one_goes_on(now: datetime) -> None:
    """A call was shorter than counted: one of the waiting leads may fit now."""
    costs = [it for it in limits.standings(now) if it.most_cost is not None]
    if ends := {it.ends_at for it in costs if not it.is_used_up}:
        config = current_config()
        with transaction.atomic():
            first = _waiting(ends, now)[:_LOOKED_AT]
            if lead := next((it for it in first if _may_go_on_unasked(it, config, now)), None):
                transitions.put_off(lead.pk, now, now)


def _may_go_on_unasked(lead: Lead, config: RoutingConfig, now: datetime) -> bool:
    """Whether the lead would be called right away if its wait ended now (scheduling.next_call)."""
    if lead.call_after - now <= SOON:
        return True
    return calling_hours.next_usual_time(config, lead.source_id, lead.phone, now) == now


def open_again(limit_id: int, span: SpendSpan, now: datetime) -> int:
    """Allows the set amount once more for this hour or day. Returns how many leads go on."""
    limits.open_again(limit_id, span, now)
    return go_on(ends_of(limit_id, now), now)


def ends_of(limit_id: int, now: datetime, *, reached_too: bool = False) -> list[datetime]:
    """When the hour and the day of this limit end, unless they are used up now.

    `reached_too`: both, whatever is used.
    """
    own = [it for it in limits.standings(now) if it.limit_id == limit_id]
    return [it.ends_at for it in own if reached_too or not it.is_used_up]


def go_on(ends: Collection[datetime], now: datetime) -> int:
    """Has the leads called now that wait for one of these times. Returns how many.

    The sweep finds the leads. Another limit still stops the leads that it covers. A person asked
    for this, so the leads are called at any hour of their source.
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
    """The leads that wait for one of these times, locked, the earliest due first."""
    waiting = Lead.objects.filter(
        status=LeadStatus.WAITING, gap_until__in=ends, limit_until=F("gap_until")
    ).exclude(chosen_at=F("gap_until"))
    locked = waiting.filter(call_after__gt=now).select_for_update(no_key=True, skip_locked=True)
    return locked.order_by("due_at", "pk")
