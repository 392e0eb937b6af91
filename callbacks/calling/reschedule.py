"""Leads that wait get another time when the hours of those who call them have changed."""

import uuid
from collections import defaultdict
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from callbacks.routing import queue
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_setup
from callbacks.scheduling import call_times, calling_hours, pacing
from callbacks.scheduling.next_call import next_call
from leads import transitions
from leads.config_cache import version
from leads.models import Lead, LeadStatus

# Of the leads of one source that have to be put off, as many as one sweep moves.
_AT_ONCE = 5000


def follow_the_hours() -> int:
    """For the sweep: puts off leads that are due and that nobody may call now.

    A team may have closed on leads still waiting for it, or it has become late where they are.
    Returns how many were moved.
    """
    now = timezone.now()
    setup = current_setup()
    due = Lead.objects.filter(status=LeadStatus.WAITING, call_after__lte=now)
    moved = 0
    for source_id in queue.sources_with_due_leads(now):
        may_change = calling_hours.ever_opens(setup, source_id, now)
        if may_change and not calling_hours.all_may_be_called(setup, source_id, now):
            moved += _follow(setup, due.filter(source=source_id), source_id, now)
    return moved


# The version of what is set up that leads were last given their time by, in this process.
_followed: uuid.UUID | None = None


def follow_changed_hours() -> int:
    """After a change of hours, teams or sources: leads not called yet may have another time now.

    A change saved in many rows, such as a week's opening hours, is followed once; another one that
    comes meanwhile is followed too. Returns how many leads were moved.
    """
    global _followed
    moved = 0
    while (as_of := version()) is None or as_of != _followed:
        now = timezone.now()
        later = Lead.objects.filter(status=LeadStatus.WAITING, attempts=0, call_after__gt=now)
        sources = list(later.order_by().values_list("source", flat=True).distinct())
        moved += sum(
            _follow_changed(current_setup(as_of), later.filter(source=it), it, now)
            for it in sources
        )
        _followed = as_of
        if as_of is None:
            break
    return moved


def _follow(setup: RoutingConfig, leads: QuerySet[Lead], source_id: int, now: datetime) -> int:
    """Those that may not be called now, the most urgent of them: they would keep others waiting."""
    ordered = leads.order_by(Greatest("due_at", "call_after"), "pk")
    groups: dict[datetime, list[tuple[int, str]]] = defaultdict(list)
    for pk, phone in ordered.values_list("pk", "phone")[:_AT_ONCE]:
        found = next_call(call_times.unpaced(setup, source_id, phone), now)
        opening = look_again_at(setup, source_id, now) if found.never else found.call_after
        if opening and opening > now:
            groups[opening].append((pk, phone))
    return sum(_put_off_all(setup, leads, source_id, it, of, now) for it, of in groups.items())


def _follow_changed(
    setup: RoutingConfig, leads: QuerySet[Lead], source_id: int, now: datetime
) -> int:
    """Those that wait for an opening, and those that have chosen a time or whose number rests."""
    moved = 0
    groups: dict[datetime, list[tuple[int, str]]] = defaultdict(list)
    rows = leads.order_by("call_after", "pk").values_list("pk", "phone", "call_after", "gap_until")
    for pk, phone, call_after, gap_until in rows:
        times = call_times.unpaced(setup, source_id, phone)
        opening = next_call(times, now, chosen_at=gap_until).opens_at
        if opening and opening == gap_until:
            if call_after != opening:
                moved += transitions.put_off(pk, opening, now, gap_until=gap_until)
        elif opening:
            groups[opening].append((pk, phone))
    return moved + sum(
        _put_off_all(setup, leads, source_id, it, of, now) for it, of in groups.items()
    )


def _put_off_all(
    setup: RoutingConfig,
    leads: QuerySet[Lead],
    source_id: int,
    opening: datetime,
    of: list[tuple[int, str]],
    now: datetime,
) -> int:
    ours = leads.filter(pk__in=[pk for pk, _phone in of])
    phone = of[0][1]
    return pacing.put_off_all(setup, ours, opening, now, source_id=source_id, phone=phone)


def look_again_at(setup: RoutingConfig, source_id: int, now: datetime) -> datetime | None:
    """When a lead that can never be called is looked at again; None: it waits as it is.

    Where nobody ever opens it keeps no other lead waiting. Where its window and its teams' hours
    never meet it is in others' way while a team is open.
    """
    if any(setup.is_open(team, now) for team in setup.teams_for(source_id)):
        return now + calling_hours.LOOK_AGAIN
    return None
