"""Claims a waiting lead and a free extension, and has the call dialled.

The attempt is committed before anything is sent. callbacks.calling.dial sends it and records the
answer.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from callbacks.calling import account_gate, dial, recorded_messages, reschedule
from callbacks.common import task_publisher
from callbacks.common.one_by_one import one_by_one
from callbacks.models import CallAttempt, Team
from callbacks.routing import claim as claims
from callbacks.routing import number_limits, queue
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.routing.rules import TeamOffer
from callbacks.scheduling import call_times, calling_hours
from callbacks.scheduling.next_call import next_call
from callbacks.spending import limits
from callbacks.spending.limits import LimitReachedError
from callbacks.telephony import account
from leads import log_context, number_guard, transitions
from leads.config_cache import VERSION_SQL
from leads.guard import held
from leads.models import Lead, LeadStatus
from leads.phones import PhoneRefused

log = logging.getLogger(__name__)


# How many leads a wake-up tries before it gives up. It stops at the first call.
_TRIES = 10

# Only the columns that a call needs, and the configuration's version in the same query.
_LEAD = f"""
    SELECT id, public_id, source_id, phone, status, call_after, attempts, follow_up_of_id,
        assigned_to_id, clock_started_at, sla_target, sla_clock, sla_source_id,
        ({VERSION_SQL}) AS setup_version, {number_guard.MAY_BE_LISTED_SQL} AS may_be_listed,
        {account_gate.IS_REFUSED_SQL} AS is_account_refused
    FROM leads_lead WHERE id = %s
"""  # noqa: S608  # put together from constants only


def call_lead(lead_id: int) -> CallAttempt | None:
    """Calls a waiting lead that is due, if an extension is free. None if nothing was dialled."""
    return _call(lead_id)[0]


def call_lead_or_another(lead_id: int) -> None:
    """Calls the lead; if no extension is free for it, the next leads that its teams could call.

    The lead may wait for a speaker of its language or for its owner while others are free.
    """
    attempt, asked = _call(lead_id)
    tried = [lead_id]
    if attempt is None:
        any(_call_next(offer.team_id, tried) for offer in asked)


def _call(lead_id: int) -> tuple[CallAttempt | None, Sequence[TeamOffer]]:
    """The attempt, if there is one, and the teams that were asked for an extension."""
    client = account.client()  # wrong settings raise here, before anything is claimed
    now = timezone.now()
    lead = next(iter(Lead.objects.raw(_LEAD, [lead_id])), None)
    if lead is None or not _is_due(lead, now):
        return None, ()
    log_context.follow(lead.pk)
    config = current_config(lead.setup_version)  # type: ignore[attr-defined]  # see _LEAD
    if not _may_be_called(lead, config, now):
        return None, ()
    waited = max(now - lead.call_after, timedelta(0))
    asked = config.asked(lead.source_id, waited, now, is_owned=lead.has_owner)
    if not asked or not calling_hours.in_window(config, lead.source_id, lead.phone, now):
        # A lead tried slightly early (see CLOCK_TOLERANCE) keeps its time.
        if lead.call_after <= now:
            _wait_for_opening(lead, config, now)
        return None, ()
    is_try = lead.is_account_refused  # type: ignore[attr-defined]  # see _LEAD
    if is_try and not account_gate.may_try(now):
        return None, ()  # the lead keeps waiting unchanged
    try:
        claim = _claim(lead, asked, config, now)
    except LimitReachedError:
        _wait_for_the_limit(lead, config, now)
        _give_back(now, is_try=is_try)
        return None, ()
    if claim is None:
        _wait_for_the_number(lead, config, now)
        _give_back(now, is_try=is_try)
        return None, asked
    dial.dial_call(client, claim, lead, config, is_try=is_try)
    return claim.attempt, asked


def _give_back(now: datetime, *, is_try: bool) -> None:
    """Lets the next lead try whether the provider accepts the account again."""
    if is_try:
        account_gate.give_back(now)


def _may_be_called(lead: Lead, config: RoutingConfig, now: datetime) -> bool:
    """Whether the lead's number may be dialled. If not, the lead is closed or held."""
    may_be_listed = lead.may_be_listed  # type: ignore[attr-defined]  # see _LEAD
    try:
        number_guard.check_before_dial(
            lead.phone, config.sources[lead.source_id], may_be_listed=may_be_listed
        )
    except PhoneRefused as refusal:
        _fail(lead, refusal.message, now)
        return False
    return not (may_be_listed and held.hold_if_blocked(lead, now))


def _claim(
    lead: Lead, asked: Sequence[TeamOffer], config: RoutingConfig, now: datetime
) -> claims.Claim | None:
    """Claims a free extension for the lead, if there is one. Raises LimitReachedError."""
    closed = config.closed_shifts((turn.team_id for turn in asked), now)
    hold = account.hold()
    claim = claims.claim(lead.pk, asked, now, hold, closed)
    if claim is None and recorded_messages.give_way(lead.phone, now):
        claim = claims.claim(lead.pk, asked, now, hold, closed)
    return claim


def work_team(team_id: int) -> None:
    """Calls the most urgent waiting lead of a team that has a newly free extension.

    One wake-up makes one call and wakes nobody else. Otherwise a long queue would create wake-ups
    faster than the team works them off.
    """
    _call_next(team_id, [])


def _call_next(team_id: int, tried: list[int]) -> bool:
    """Has an extension of the team call the most urgent lead it can. False if none could.

    Tries more than one lead: another worker may be claiming the first, or another team's sticky
    agent takes it and leaves ours idle.
    """
    while len(tried) < _TRIES:
        found = queue.next_leads(team_id, timezone.now(), tried, at_most=_TRIES - len(tried))
        for lead_id in found:
            tried.append(lead_id)
            attempt = call_lead(lead_id)
            if attempt and attempt.extension and attempt.extension.team_id == team_id:
                return True
        if not found:
            break
    return False


def call_due_leads() -> int:
    """For the sweep: wakes a worker for every lead that could be called now. Returns how many."""
    now = timezone.now()
    woken: list[int] = []  # each team's most urgent leads first

    def choose(team: Team) -> None:
        woken.extend(queue.next_leads(team.pk, now, taken=woken))

    one_by_one(queue.teams_with_due_leads(now), choose, lambda team: team.pk)
    for lead_id in woken:
        task_publisher.publish(task_publisher.CALL_LEAD, lead_id)
    return len(woken)


def _is_due(lead: Lead, now: datetime) -> bool:
    return lead.status == LeadStatus.WAITING and lead.call_after <= now + claims.CLOCK_TOLERANCE


def _fail(lead: Lead, message: str, now: datetime) -> None:
    transitions.refuse(lead.pk, message, now)
    log.info("not callable")


def _wait_for_the_number(lead: Lead, config: RoutingConfig, now: datetime) -> None:
    """Puts the lead off if its number was called too recently or too often."""
    if limited_until := number_limits.lead_limited_until(lead.pk, now):
        _put_off(lead, config, now, limited_until)
        log.info("number may not be called yet")


def _wait_for_the_limit(lead: Lead, config: RoutingConfig, now: datetime) -> None:
    """Puts the lead off until the hour or the day of the spending limit ends.

    callbacks.calling.spend_limits calls the lead sooner if somebody opens the limit again.
    """
    if standing := limits.used_up_for(lead.source_id, lead.phone, now):
        _put_off(lead, config, now, standing.ends_at, is_spent=True)
        log.warning("spending limit reached limit=%s span=%s", standing.limit_id, standing.span)


def _wait_for_opening(lead: Lead, config: RoutingConfig, now: datetime) -> None:
    """Puts the lead off until a team opens. If none ever does, it keeps waiting unchanged."""
    with transaction.atomic():
        if _put_off(lead, config, now) and not lead.attempts and not lead.follow_up_of_id:
            recorded_messages.play_when_closed(lead, now)


def _put_off(
    lead: Lead,
    config: RoutingConfig,
    now: datetime,
    limited_until: datetime | None = None,
    *,
    is_spent: bool = False,
) -> bool:
    """Puts the lead off until it may be called.

    `is_spent`: `limited_until` is the end of a spending limit. Returns False if somebody changed
    the lead after it was read, e.g. a manager with "Call now".
    """
    times = call_times.reserving(config, lead.source_id, lead.phone)
    with transaction.atomic():
        found = next_call(times, now, limited_until=limited_until)
        call_after, closed_until = found.call_after or now, found.closed_until
        if found.never and limited_until is None:
            look_again = reschedule.look_again_at(config, lead.source_id, now)
            if look_again is None:
                return True
            call_after = closed_until = look_again
        return transitions.put_off(
            lead.pk,
            call_after,
            now,
            gap_until=found.gap_until,
            closed_until=closed_until,
            limit_until=limited_until if is_spent else None,
            instead_of=lead.call_after,
        )
