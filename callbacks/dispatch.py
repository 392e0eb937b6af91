"""The one use case: claim a lead and an extension, and have them dialled.

The attempt is committed before anything is sent; sending and recording are callbacks.dialling's.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from callbacks import dialling, matching, messages, provider, resting, waiting, wakeups
from callbacks.models import CallAttempt, Team
from callbacks.setup import current as current_setup
from leads import correlation, guard, transitions
from leads.models import Lead, LeadStatus
from leads.phones import PhoneRefused
from leads.setup import VERSION_SQL

log = logging.getLogger(__name__)

# No more of a lead than calling it needs, and the version of what is set up in the same trip.
_LEAD = f"""
    SELECT id, public_id, source_id, phone, status, call_after, attempts,
        ({VERSION_SQL}) AS setup_version
    FROM leads_lead WHERE id = %s
"""  # noqa: S608  # put together from constants only


def call_lead(lead_id: int) -> CallAttempt | None:
    """Calls a waiting lead that is due, if an extension is free. None when nothing was dialled."""
    client = provider.client()  # raises on wrong settings, before anything is claimed
    now = timezone.now()
    lead = next(iter(Lead.objects.raw(_LEAD, [lead_id])), None)
    if lead is None or not _is_due(lead, now):
        return None
    correlation.follow(lead.public_id)
    setup = current_setup(lead.setup_version)  # type: ignore[attr-defined]  # see _LEAD
    try:
        guard.check_before_dial(lead.phone, setup.sources[lead.source_id])
    except PhoneRefused as refusal:
        _fail(lead, refusal.message, now)
        return None
    teams = setup.teams_for(lead.source_id)
    asked = setup.asked(lead.source_id, max(now - lead.call_after, timedelta(0)), now)
    if not asked:
        _wait_for_opening(lead, matching.next_opening(teams, now), now)
        return None
    closed = setup.closed_shifts((turn.team_id for turn in asked), now)
    claim = matching.claim(lead.pk, asked, now, provider.hold(), closed)
    if claim is None:
        _wait_for_the_number(lead, teams, now)
        return None
    dialling.dial_call(client, claim, lead, setup)
    return claim.attempt


def work_team(team_id: int) -> None:
    """An extension of the team has become free: calls its most urgent waiting lead.

    One wake-up, one call, and no further wake-ups: when a queue is behind, wake-ups that make
    others would have it grow faster than it is worked off.
    """
    # More than one, since somebody else may just be taking the same lead.
    for lead_id in waiting.next_leads(team_id, timezone.now(), at_most=10):
        if call_lead(lead_id):
            return


def call_due_leads() -> int:
    """For the sweep: wakes every lead that could be called now and was not. Returns how many."""
    now = timezone.now()
    woken: list[int] = []  # the most urgent of a team first
    for team in waiting.teams_with_due_leads(now):
        woken += waiting.next_leads(team.pk, now, taken=woken)
    for lead_id in woken:
        wakeups.publish(wakeups.CALL_LEAD, lead_id)
    return len(woken)


def follow_the_hours(*, changed: bool = False) -> int:
    """Gives leads that wait for somebody to answer the time at which a team opens for them.

    The sweep asks for those that are due: a team may have closed on leads still waiting for it.
    Whoever has `changed` hours, teams or sources asks for those that wait for their first call at
    an opening: it may be another one now. Returns how many were moved.
    """
    now = timezone.now()
    all_waiting = Lead.objects.filter(status=LeadStatus.WAITING)
    if changed:
        leads = all_waiting.filter(attempts=0, call_after__gt=now)
        sources = list(leads.order_by().values_list("source", flat=True).distinct())
    else:
        leads = all_waiting.filter(call_after__lte=now)
        sources = waiting.sources_with_due_leads(now)
    moved = 0
    setup = current_setup()
    for source_id in sources:
        opening = matching.next_opening(setup.teams_for(source_id), now)
        if opening and (changed or opening > now):
            moved += _put_off_all(leads.filter(source=source_id), opening, now)
    return moved


def _put_off_all(leads: QuerySet[Lead], until: datetime, now: datetime) -> int:
    """Without those that somebody else has in hand: two that do this at once must not meet."""
    with transaction.atomic():
        free = leads.order_by().select_for_update(skip_locked=True, no_key=True).values("pk")
        return transitions.put_off_all(Lead.objects.filter(pk__in=free), until, now)


def _is_due(lead: Lead, now: datetime) -> bool:
    return lead.status == LeadStatus.WAITING and lead.call_after <= now + matching.CLOCK_TOLERANCE


def _fail(lead: Lead, message: str, now: datetime) -> None:
    transitions.refuse(lead.pk, message, now)
    log.info("not callable")


def _wait_for_the_number(lead: Lead, teams: list[Team], now: datetime) -> None:
    """A number that has been rung too lately or too often is called when it may be; said so."""
    if rests_until := resting.lead_rests_until(lead.pk, now):
        until = matching.next_opening(teams, rests_until) or rests_until
        transitions.put_off(lead.pk, until, now, gap_until=rests_until, closed_until=until)
        log.info("number rests")


def _wait_for_opening(lead: Lead, opening: datetime | None, now: datetime) -> None:
    """None: no team answers this source, or none ever opens. The lead then waits, visibly."""
    if opening:
        transitions.put_off(lead.pk, opening, now, closed_until=opening)
    if not lead.attempts:
        messages.play_when_closed(lead, now)
