"""The one use case: claim a lead and an extension, and have them dialled.

The attempt is committed before anything is sent; sending and recording are callbacks.dialling's.
"""

import logging
from datetime import datetime

from django.utils import timezone

from callbacks import dialling, matching, messages, provider, wakeups
from callbacks.models import CallAttempt
from callbacks.setup import current as current_setup
from leads import correlation, guard
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
    open_teams = [team.pk for team in teams if matching.is_open(team, now)]
    if not open_teams:
        _wait_for_opening(lead, matching.next_opening(teams, now))
        return None
    off_shift = setup.off_shift(open_teams, now)
    claim = matching.claim(lead.pk, open_teams, now, provider.hold(), off_shift)
    if claim is None:
        return None
    dialling.dial_call(client, claim, lead, setup)
    return claim.attempt


def work_team(team_id: int) -> None:
    """An extension of the team has become free: calls its most urgent waiting lead.

    One wake-up, one call, and no further wake-ups: when a queue is behind, wake-ups that make
    others would have it grow faster than it is worked off.
    """
    # More than one, since somebody else may just be taking the same lead.
    for lead_id in matching.next_leads(team_id, timezone.now(), at_most=10):
        if call_lead(lead_id):
            return


def call_due_leads() -> int:
    """For the sweep: wakes every lead that could be called now and was not. Returns how many."""
    now = timezone.now()
    woken: set[int] = set()
    for team in matching.teams_with_due_leads(now):
        woken.update(matching.next_leads(team.pk, now, taken=woken))
    for lead_id in woken:
        wakeups.publish(wakeups.CALL_LEAD, lead_id)
    return len(woken)


def follow_the_hours(*, changed: bool = False) -> int:
    """Gives leads that have not been called yet the time at which a team opens for them.

    The sweep asks for those that are due: a team may have closed on leads still waiting for it.
    Whoever has `changed` hours, teams or sources asks for those that wait for an opening: it may
    be another one now. Returns how many were moved.
    """
    now = timezone.now()
    leads = Lead.objects.filter(status=LeadStatus.WAITING, attempts=0)
    leads = leads.filter(call_after__gt=now) if changed else leads.filter(call_after__lte=now)
    moved = 0
    setup = current_setup()
    for source_id in leads.order_by().values_list("source", flat=True).distinct():
        opening = matching.next_opening(setup.teams_for(source_id), now)
        if opening and (changed or opening > now):
            moved += leads.filter(source=source_id).update(call_after=opening)
    return moved


def _is_due(lead: Lead, now: datetime) -> bool:
    return lead.status == LeadStatus.WAITING and lead.call_after <= now + matching.CLOCK_TOLERANCE


def _fail(lead: Lead, message: str, now: datetime) -> None:
    Lead.objects.filter(pk=lead.pk, status=LeadStatus.WAITING).update(
        status=LeadStatus.FAILED, error_code=None, error_message=message[:500], closed_at=now
    )
    log.info("not callable")


def _wait_for_opening(lead: Lead, opening: datetime | None) -> None:
    """None: no team answers this source, or none ever opens. The lead then waits, visibly."""
    if opening:
        Lead.objects.filter(pk=lead.pk, status=LeadStatus.WAITING).update(call_after=opening)
    if not lead.attempts:
        messages.play_when_closed(lead, timezone.now())
