"""The visitor's clock: when their phone first rang and when they first talked, told to the lead;
and whose lead it is.

All are what the lead's attempts know by now: a record that comes late, or that corrects another,
moves them. How long each took is stored with them, on the clock that the source's target is
measured by and with the opening hours of that moment: hours that are changed later change no past.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptKind
from callbacks.opening_hours import sla_clock
from callbacks.opening_hours.calendar import Calendar
from callbacks.policy.rules import Outcome
from callbacks.routing import config
from callbacks.scheduling import calling_hours
from leads.models import Lead, SlaClock

# Leads of one step of `make_up`.
_AT_ONCE = 500


@transaction.atomic(savepoint=False)
def tell(lead_id: int) -> None:
    """Has the lead say what its attempts know. In the transaction of the attempt's change."""
    lead = (
        Lead.objects.select_for_update(of=("self",))
        .select_related("source")
        .only(
            "clock_started_at", "rang_at", "time_to_ring", "time_to_talk", "source__sla_clock",
            "by_extension", "by_user", "by_team",
        )
        .get(pk=lead_id)
    )  # fmt: skip
    calls = (
        CallAttempt.objects.filter(lead_id=lead_id, kind=AttemptKind.CALL)
        .select_related("extension")
        .only(
            "rang_at", "connected_at", "outcome", "claimed_at", "ended_at", "salesperson",
            "extension__team",
        )
        .order_by("claimed_at", "pk")
    )  # fmt: skip
    talks = [it for it in calls if it.outcome == Outcome.BRIDGED.value and it.connected_at]
    rang_at = min((it.rang_at for it in calls if it.rang_at), default=None)
    # A person said that they talked, and nobody knows when, if its phone has no time either.
    timed = [it.connected_at for it in talks if it.connected_at and it.rang_at]
    talked_at = min(timed, default=None)
    stands_still = lead.source.sla_clock == SlaClock.OPEN
    calendars = calling_hours.calendars(config.current(), lead.source_id) if stands_still else None
    values: dict[str, Any] = {
        "rang_at": rang_at,
        "time_to_ring": _shown(lead, rang_at, calendars),
        "time_to_talk": _shown(lead, talked_at, calendars),
        **_whose(lead, talks[:1] or [it for it in calls if it.ended_at][-1:]),
    }
    if any(getattr(lead, name) != value for name, value in values.items()):
        Lead.objects.filter(pk=lead_id).update(**values)


def make_up() -> int:
    """For the sweep: leads whose phone rang before this was stored. Returns how many."""
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
    """The extension of the call that the lead counts for, and who and what team it was then."""
    for call in calls:
        if (call.extension_id, call.salesperson_id) == (lead.by_extension, lead.by_user):
            break  # it may be in another team by now
        return {
            "by_extension": call.extension_id,
            "by_user": call.salesperson_id,
            "by_team": call.extension.team_id if call.extension else None,
        }
    return {}


def _shown(
    lead: Lead, at: datetime | None, calendars: Sequence[Calendar] | None
) -> timedelta | None:
    if at is None:
        return None
    return sla_clock.elapsed(lead.source.sla_clock, lead.clock_started_at, at, calendars)
