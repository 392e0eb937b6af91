"""The one use case: claim a lead and an extension, and have them dialled.

The attempt is committed before anything is sent; sending and recording are
callbacks.calling.dial's.
"""

import logging
import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from callbacks.calling import dial, recorded_messages
from callbacks.common import task_publisher
from callbacks.models import CallAttempt
from callbacks.routing import claim as claims
from callbacks.routing import number_limits, queue
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_setup
from callbacks.scheduling import calling_hours, pacing
from callbacks.telephony import account
from leads import log_context, number_guard, transitions
from leads.config_cache import VERSION_SQL, version
from leads.models import Lead, LeadStatus
from leads.phones import PhoneRefused

log = logging.getLogger(__name__)

# Of the leads of one source that have to be put off, as many as one sweep moves.
_AT_ONCE = 5000

# No more of a lead than calling it needs, and the version of what is set up in the same trip.
_LEAD = f"""
    SELECT id, public_id, source_id, phone, status, call_after, attempts,
        ({VERSION_SQL}) AS setup_version
    FROM leads_lead WHERE id = %s
"""  # noqa: S608  # put together from constants only


def call_lead(lead_id: int) -> CallAttempt | None:
    """Calls a waiting lead that is due, if an extension is free. None when nothing was dialled."""
    client = account.client()  # raises on wrong settings, before anything is claimed
    now = timezone.now()
    lead = next(iter(Lead.objects.raw(_LEAD, [lead_id])), None)
    if lead is None or not _is_due(lead, now):
        return None
    log_context.follow(lead.public_id)
    setup = current_setup(lead.setup_version)  # type: ignore[attr-defined]  # see _LEAD
    try:
        number_guard.check_before_dial(lead.phone, setup.sources[lead.source_id])
    except PhoneRefused as refusal:
        _fail(lead, refusal.message, now)
        return None
    asked = setup.asked(lead.source_id, max(now - lead.call_after, timedelta(0)), now)
    if not asked or not calling_hours.in_window(setup, lead.source_id, lead.phone, now):
        # A moment too early (see CLOCK_TOLERANCE) it keeps its time.
        if lead.call_after <= now:
            _wait_for_opening(lead, setup, now)
        return None
    closed = setup.closed_shifts((turn.team_id for turn in asked), now)
    claim = claims.claim(lead.pk, asked, now, account.hold(), closed)
    if claim is None:
        _wait_for_the_number(lead, setup, now)
        return None
    dial.dial_call(client, claim, lead, setup)
    return claim.attempt


def work_team(team_id: int) -> None:
    """An extension of the team has become free: calls its most urgent waiting lead.

    One wake-up, one call, and no further wake-ups: when a queue is behind, wake-ups that make
    others would have it grow faster than it is worked off.
    """
    # More than one, since somebody else may just be taking the same lead.
    for lead_id in queue.next_leads(team_id, timezone.now(), at_most=10):
        if call_lead(lead_id):
            return


def call_due_leads() -> int:
    """For the sweep: wakes every lead that could be called now and was not. Returns how many."""
    now = timezone.now()
    woken: list[int] = []  # the most urgent of a team first
    for team in queue.teams_with_due_leads(now):
        woken += queue.next_leads(team.pk, now, taken=woken)
    for lead_id in woken:
        task_publisher.publish(task_publisher.CALL_LEAD, lead_id)
    return len(woken)


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
        if opening := _next_time(setup, source_id, phone, now):
            groups[opening].append((pk, phone))
    groups.pop(now, None)
    return sum(_put_off_all(setup, leads, source_id, it, of, now) for it, of in groups.items())


def _follow_changed(
    setup: RoutingConfig, leads: QuerySet[Lead], source_id: int, now: datetime
) -> int:
    """Those that wait for an opening, and those that have chosen a time or whose number rests."""
    moved = 0
    groups: dict[datetime, list[tuple[int, str]]] = defaultdict(list)
    rows = leads.order_by("call_after", "pk").values_list("pk", "phone", "call_after", "gap_until")
    for pk, phone, call_after, gap_until in rows:
        earliest = max(now, gap_until or now)
        opening = calling_hours.next_time(setup, source_id, phone, earliest)
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


def _next_time(
    setup: RoutingConfig, source_id: int, phone: str, after: datetime
) -> datetime | None:
    """When it may be called; None when nobody ever opens, which keeps no other lead waiting.

    Whose window and teams never meet is in others' way, and looked at again later.
    """
    opening = calling_hours.next_time(setup, source_id, phone, after)
    teams = setup.teams_for(source_id)
    if opening or not any(setup.is_open(team, after) for team in teams):
        return opening
    return after + calling_hours.LOOK_AGAIN


def _is_due(lead: Lead, now: datetime) -> bool:
    return lead.status == LeadStatus.WAITING and lead.call_after <= now + claims.CLOCK_TOLERANCE


def _fail(lead: Lead, message: str, now: datetime) -> None:
    transitions.refuse(lead.pk, message, now)
    log.info("not callable")


def _wait_for_the_number(lead: Lead, setup: RoutingConfig, now: datetime) -> None:
    """A number that has been rung too lately or too often is called when it may be; said so."""
    if rests_until := number_limits.lead_limited_until(lead.pk, now):
        opening = calling_hours.next_time(setup, lead.source_id, lead.phone, rests_until)
        _put_off(lead, setup, opening or rests_until, now, gap_until=rests_until)
        log.info("number rests")


def _wait_for_opening(lead: Lead, setup: RoutingConfig, now: datetime) -> None:
    """When no team answers this source, or none ever opens, the lead waits as it is, visibly."""
    if opening := _next_time(setup, lead.source_id, lead.phone, now):
        _put_off(lead, setup, opening, now)
    if not lead.attempts:
        recorded_messages.play_when_closed(lead, now)


def _put_off(
    lead: Lead,
    setup: RoutingConfig,
    opening: datetime,
    now: datetime,
    gap_until: datetime | None = None,
) -> None:
    if opening == gap_until:
        transitions.put_off(lead.pk, opening, now, gap_until=gap_until)
        return
    with transaction.atomic():
        found = pacing.moment(setup, lead.source_id, lead.phone, opening)
        transitions.put_off(lead.pk, found.at, now, gap_until=gap_until, closed_until=found.opening)
