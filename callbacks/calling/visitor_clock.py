"""The visitor's clock: stores when the phone first rang, when they first talked, and whose lead.

All three come from the lead's attempts as known now: a late record, or one that corrects another,
changes them. The times to ring and to talk are stored too. They are measured on the clock of the
lead's target, by the opening hours of that moment: hours that change later do not change the past.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import Q

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptKind
from callbacks.opening_hours import sla_clock
from callbacks.policy.rules import Outcome
from callbacks.routing import config
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling.promise import Promise, promise_to
from leads.models import ClockChange, Lead

# Leads in one step of `make_up`.
_AT_ONCE = 500


@transaction.atomic(savepoint=False)
def tell(lead_id: int) -> None:
    """Updates the lead from its attempts. In the transaction of the attempt's change."""
    lead = (
        Lead.objects.select_for_update()
        .only(
            "source_id", "sla_source_id", "sla_target", "sla_clock", "clock_started_at", "due_at",
            "rang_at", "time_to_ring", "time_to_talk", "by_extension", "by_user", "by_team",
        )
        .get(pk=lead_id)
    )  # fmt: skip
    calls = (
        CallAttempt.objects.filter(lead_id=lead_id, kind=AttemptKind.CALL)
        .select_related("extension")
        .only(
            "rang_at", "connected_at", "outcome", "claimed_at", "ended_at", "salesperson",
            "clock_at_call", "extension__team",
        )
        .order_by("claimed_at", "pk")
    )  # fmt: skip
    rings = [(it.rang_at, it) for it in calls if it.rang_at]
    rang_at, rang = min(rings, key=itemgetter(0), default=(None, None))
    talks = [it for it in calls if it.outcome == Outcome.BRIDGED.value and it.connected_at]
    # Not a talk that only a person knows of: nobody knows when it was.
    timed = [(it.connected_at, it) for it in talks if it.rang_at]
    talked_at, talked = min(timed, key=itemgetter(0), default=(None, None))
    promise = promise_to(config.current(), lead)
    values: dict[str, Any] = {"rang_at": rang_at, "time_to_ring": lead.time_to_ring}
    if rang_at != lead.rang_at or lead.time_to_ring is None:
        values |= _as_before_later_hours(promise, lead, rang_at)
        values["time_to_ring"] = _shown(promise, lead, rang, rang_at)
    values["time_to_talk"] = _shown(promise, lead, talked, talked_at)
    values |= _whose(lead, talks[:1] or [it for it in calls if it.ended_at][-1:])
    if any(getattr(lead, name) != value for name, value in values.items()):
        Lead.objects.filter(pk=lead_id).update(**values)


def note(attempt: CallAttempt, lead: Lead, config: RoutingConfig) -> None:
    """Keeps what the lead's clock shows at the call, by the opening hours of this moment.

    By the time a record says that the phone rang, a manager may have changed the hours.
    """
    promise = promise_to(config, lead)
    if promise.rule == sla_clock.OPEN:
        shown = promise.shown(lead.clock_started_at, attempt.claimed_at)
        CallAttempt.objects.filter(pk=attempt.pk).update(clock_at_call=shown)


def make_up() -> int:
    """For the sweep: updates leads whose phone rang before times were stored. Returns how many."""
    missing = Q(rang_at__isnull=False, time_to_ring__isnull=True)
    with transaction.atomic():
        found = list(
            Lead.objects.filter(missing)
            .select_for_update(skip_locked=True)
            .order_by()
            .values_list("pk", flat=True)[:_AT_ONCE]
        )
        for lead_id in found:
            tell(lead_id)
    return len(found)


def _whose(lead: Lead, calls: Sequence[CallAttempt]) -> dict[str, int | None]:
    """The extension, salesperson and team (as of then) of the call that counts for the lead."""
    for call in calls:
        if (call.extension_id, call.salesperson_id) == (lead.by_extension, lead.by_user):
            break  # the extension may be in another team by now
        return {
            "by_extension": call.extension_id,
            "by_user": call.salesperson_id,
            "by_team": call.extension.team_id if call.extension else None,
        }
    return {}


def _as_before_later_hours(
    promise: Promise, lead: Lead, rang_at: datetime | None
) -> dict[str, datetime]:
    """The clock's start and due time as they were when the phone rang. Sets them on `lead` too.

    Hours that changed after the ring moved both times, because the ring was not known yet.
    """
    if promise.rule != sla_clock.OPEN or rang_at is None:
        return {}
    later = ClockChange.objects.filter(lead=lead, changed_at__gt=rang_at)
    first = later.first()
    if first is None:
        return {}
    later.delete()
    lead.clock_started_at = first.started_before or min(lead.clock_started_at, first.due_before)
    return {"clock_started_at": lead.clock_started_at, "due_at": first.due_before}


def _shown(
    promise: Promise, lead: Lead, call: CallAttempt | None, at: datetime | None
) -> timedelta | None:
    """What the clock showed at `at`, during `call`."""
    if call is None or at is None:
        return None
    began = lead.clock_started_at
    kept = call.clock_at_call
    if kept is None or at <= began or promise.shown(began, call.claimed_at) == kept:
        return promise.shown(began, at)
    # The hours have changed since.
    return kept + (at - call.claimed_at)
