"""Why a waiting lead waits, by the rules and rows that the product uses. Reads only."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from operator import attrgetter

from django.utils import timezone
from django.utils.translation import gettext

from callbacks.common.formatting import all_of, when
from callbacks.explain import due_reason, unroutable
from callbacks.explain.waiting import Known, WaitingReason, asked_now, number_rests
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES, AttemptOutcome
from callbacks.routing import availability, claim, number_limits
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.routing.rules import ExtensionState
from callbacks.scheduling import calling_hours
from callbacks.spending import limits
from callbacks.spending.limits import Standing
from callbacks.telephony import account_refusals
from leads.models import Lead, LeadStatus
from leads.wait_accounting import Wait, gap_of


def of_lead(lead: Lead, now: datetime, zone: tzinfo | None = None) -> WaitingReason | None:
    """For one lead, with all that is known; None if it is not waiting. Times are in `zone`."""
    if lead.status != LeadStatus.WAITING:
        return None
    current = current_config()
    return _said(lead, current, _known_of(lead, current, now), now, zone or _zone())


def of_leads(
    leads: Iterable[Lead], now: datetime, zone: tzinfo | None = None
) -> dict[int, WaitingReason]:
    """For the waiting ones among `leads`, by primary key: a few queries, however many there are.

    For a list, so it does not check who owns a number, or whether the number rests. The `text` may
    name an extension as free that this lead would not get.
    """
    waiting = [lead for lead in leads if lead.status == LeadStatus.WAITING]
    if not waiting:
        return {}
    current = current_config()
    sources = {lead.source_id for lead in waiting if lead.call_after <= now}
    states = _look(current, {it.pk for key in sources for it in current.teams_for(key)}, now)
    unspoken = unroutable.nobody_speaks((lead.source_id, lead.language) for lead in waiting)
    known = Known(
        states,
        availability.untold(states),
        unspoken=unspoken,
        is_account_refused=bool(sources) and account_refusals.current() is not None,
        spending=_spending(waiting, now),
    )
    return {lead.pk: _said(lead, current, known, now, zone or _zone()) for lead in waiting}


def _zone() -> tzinfo:
    return timezone.get_current_timezone()


def _look(current: RoutingConfig, team_ids: set[int], now: datetime) -> list[ExtensionState]:
    closed = current.closed_shifts(team_ids, now)
    return availability.look(sorted(team_ids), closed, now) if team_ids else []


def _known_of(lead: Lead, current: RoutingConfig, now: datetime) -> Known:
    asked = asked_now(lead, current, now)
    attempts = CallAttempt.objects.filter(phone=lead.phone, state__in=LIVE_STATES)
    refused = CallAttempt.objects.filter(
        lead=lead, outcome=AttemptOutcome.INVALID, extension__isnull=False
    )
    states = _look(current, {turn.team_id for turn in asked}, now)
    return Known(
        states=states,
        untold=availability.untold(states),
        owner=claim.whose(lead.phone, asked, lead.assigned_to_id),
        refused=frozenset(it for it in refused.values_list("extension_id", flat=True) if it),
        limited_until=number_limits.lead_limited_until(lead.pk, now),
        calls=frozenset(attempts.values_list("state", flat=True)),
        unspoken=unroutable.nobody_speaks([(lead.source_id, lead.language)]),
        is_account_refused=account_refusals.current() is not None,
        spending=_spending([lead], now),
    )


def _spending(leads: Iterable[Lead], now: datetime) -> list[Standing]:
    """The spending limits, if one of these leads is waiting for one."""
    is_spent = any(_is_spent(it, now) for it in leads)
    return limits.standings(now) if is_spent else []


def _is_spent(lead: Lead, now: datetime) -> bool:
    gap = lead.gap_until
    return (
        gap is not None
        and gap > now
        and gap_of(gap, lead.chosen_at, lead.limit_until) is Wait.LIMIT
    )


def _said(
    lead: Lead, current: RoutingConfig, known: Known, now: datetime, zone: tzinfo
) -> WaitingReason:
    if not current.teams_for(lead.source_id):
        return WaitingReason(
            gettext("No team answers this source. The lead waits until one does."),
            gettext("no team"),
            for_ever=True,
        )
    earliest = max(now, lead.gap_until or now)
    opening = calling_hours.next_time(current, lead.source_id, lead.phone, earliest)
    if opening is None:
        return _never(lead, current, now)
    if (lead.source_id, lead.language) in known.unspoken:
        return _unspoken(lead, current)
    if lead.call_after > now:
        return _later(lead, current, known, now, zone)
    if opening > now:
        return _closed(lead, current, opening, now, zone)
    return due_reason.of_lead(lead, current, known, now, zone)


def _never(lead: Lead, current: RoutingConfig, now: datetime) -> WaitingReason:
    if not calling_hours.ever_opens(current, lead.source_id, now):
        text = gettext("%(teams)s never opens. The lead waits until somebody enters hours.")
        short = gettext("never opens")
    elif not calling_hours.has_an_hour(current, lead.source_id, lead.phone, now):
        text = gettext(
            "No hour of the calling window suits all time zones the number may "
            "be in. The lead waits for a person. Call it with an extension you "
            "choose, or widen the window."
        )
        short = gettext("no hour fits its number")
    else:
        text = gettext(
            "%(teams)s is never open within the calling window in the number's "
            "time zone. The lead waits for a person. Call it with an extension "
            "you choose, or change the window or the hours."
        )
        short = gettext("window and hours never overlap")
    return WaitingReason(text % {"teams": _names(current, lead)}, short, for_ever=True)


def _unspoken(lead: Lead, current: RoutingConfig) -> WaitingReason:
    words = {"teams": _names(current, lead), "language": lead.language}
    text = gettext(
        "Nobody in %(teams)s speaks %(language)s, and nobody else may take "
        "this lead. The lead waits for a person. Call it with an extension "
        "you choose, or change the team's language rule."
    )
    return WaitingReason(text % words, gettext("nobody speaks %(language)s") % words, for_ever=True)


def _names(current: RoutingConfig, lead: Lead, at: datetime | None = None) -> str:
    """The teams that answer the lead; with `at`, only those open then."""
    teams = current.teams_for(lead.source_id)
    return all_of(it.name for it in teams if at is None or current.is_open(it, at))


# --- not yet --------------------------------------------------------------------------------------


def _later(
    lead: Lead, current: RoutingConfig, known: Known, now: datetime, zone: tzinfo
) -> WaitingReason:
    at = when(lead.call_after, now, zone)
    gap = lead.gap_until if lead.gap_until and lead.gap_until > now else None
    if lead.closed_until and lead.closed_until > (gap or now):
        return _closed(lead, current, lead.closed_until, now, zone)
    if gap and gap == lead.chosen_at and lead.follow_up_of_id and not lead.first_source_id:
        return WaitingReason(
            gettext("Follow-up: a salesperson planned this call for %(time)s.") % {"time": at},
            gettext("follow-up %(time)s") % {"time": at},
        )
    if gap and gap == lead.chosen_at:
        return WaitingReason(
            gettext("Chosen time: the visitor asked to be called at %(time)s.") % {"time": at},
            gettext("chosen time %(time)s") % {"time": at},
        )
    ends = [it for it in known.spending if it.is_bounded and it.ends_at == gap == lead.limit_until]
    its = [it for it in ends if it.source_id in {None, lead.source_id}]
    if its:  # of several, the one that is used most
        return WaitingReason(
            max(its, key=attrgetter("used")).sentence(now, zone),
            gettext("spending limit, %(time)s") % {"time": at},
        )
    if known.limited_until and known.limited_until >= lead.call_after:
        return number_rests(at)
    if lead.attempts:
        return WaitingReason(
            gettext("Retry at %(time)s.") % {"time": at},
            gettext("retry at %(time)s") % {"time": at},
        )
    return WaitingReason(
        gettext("Call planned for %(time)s.") % {"time": at}, gettext("at %(time)s") % {"time": at}
    )


def _closed(
    lead: Lead, current: RoutingConfig, opening: datetime, now: datetime, zone: tzinfo
) -> WaitingReason:
    opens = when(opening, now, zone)
    words = {"opens": opens, "teams": _names(current, lead, opening) or gettext("the team")}
    sentences = []
    before = opening - timedelta(seconds=1)
    if any(current.is_open(team, before) for team in current.teams_for(lead.source_id)):
        text = (
            gettext("Off hours in the number's time zone: it may be called from %(opens)s.") % words
        )
        short = gettext("may be called %(opens)s") % words
    else:
        text = gettext("Off hours: %(teams)s opens %(opens)s.") % words
        short = gettext("opens %(opens)s") % words
    sentences.append(text)
    if lead.call_after > opening:
        turn = {"time": when(lead.call_after, now, zone)}
        sentences.append(gettext("Its turn is at %(time)s because others are waiting too.") % turn)
    return WaitingReason(" ".join(sentences), short)
