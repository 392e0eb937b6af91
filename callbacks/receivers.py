"""Answers what `leads` asks of `callbacks`, and reacts to its signals."""

import logging
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling import hanging_up, recorded_messages, taken_back, visitor_mail
from callbacks.common import heartbeats, task_publisher
from callbacks.explain import nobody_now, soonest
from callbacks.explain.usual_wait import usual_wait
from callbacks.extensions import logins
from callbacks.models import (
    CallAttempt,
    OpeningHours,
    Schedule,
    ScheduleException,
    Team,
    TeamSource,
)
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind, AttemptState
from callbacks.policy.rules import Outcome, rang_the_lead
from callbacks.routing import config, spoken
from callbacks.scheduling import call_times, calling_hours, planner
from callbacks.telephony import account_refusals, caller_number
from leads import one_line, transitions
from leads.failed_submissions import FailedBy
from leads.models import Lead, LeadSource, LeadStatus
from leads.phones import PhoneRefused
from leads.ports import CallingHours, CallPlan, CallStage, Presence, Soonest
from leads.signals import lead_received, number_refused, submission_failed, wish_followed

log = logging.getLogger(__name__)
# The provider lets a phone ring for 60 s by default. Without pop-ups, the stage of a call is
# unknown after this time.
_RINGS_FOR = timedelta(minutes=2)
_RANG_THE_LEAD = [it.value for it in Outcome if rang_the_lead(it)]


class Caller:
    """The answers to what `leads` asks (leads.ports.LeadCaller)."""

    def plan(
        self, source: LeadSource, phone: str, now: datetime, chosen_at: datetime | None
    ) -> CallPlan:
        """When the lead is called: at once, at the chosen time, or in turn at the next opening."""
        current = config.current()
        times = call_times.reserving(current, source.pk, phone)
        return planner.plan(current, source, times, now, chosen_at)

    def hours(self, source_id: int, phone: str, as_of: uuid.UUID | None) -> CallingHours:
        """When leads of this source and number are called."""
        current = config.current(as_of)
        return CallingHours(
            zone=calling_hours.zone_of(current, source_id),
            next_time=partial(calling_hours.next_time, current, source_id, phone),
            half_hours=partial(calling_hours.half_hours, current, source_id),
            is_usual=partial(calling_hours.is_usual_hour, current, source_id, phone),
        )

    def refusal(self, phone: str) -> str | None:
        """Refuses our own extensions as leads: two of our phones would ring each other."""
        own = config.current().own_numbers
        written = {it for number in one_line.spellings(phone) for it in _as_extensions(number)}
        if written & own:
            return gettext(
                "This is one of our own numbers. Enter the number where we can call you."
            )
        return None

    def presence(
        self, source_id: int, now: datetime, as_of: uuid.UUID | None, language: str
    ) -> Presence:
        """From the extensions of the source's open teams; NOBODY if the account is refused."""
        if account_refusals.current():
            return Presence.NOBODY
        return nobody_now.presence(config.current(as_of), source_id, now, language)

    def call_stage(self, lead_id: int, since: datetime | None) -> CallStage | None:
        """Derived from the provider's answer, and from its pop-ups if there are any."""
        told = ("state", "claimed_at", "picked_up_at", "lead_answered_at", "hung_up_at")
        call = _live_call(lead_id).only(*told).first()
        if call is None:
            return CallStage.RINGING_US
        if since and call.claimed_at < since:
            return None
        if call.picked_up_at and call.hung_up_at:
            return CallStage.OVER
        if call.picked_up_at and call.lead_answered_at:
            return CallStage.TALKING
        rings_since = call.picked_up_at or call.claimed_at
        is_lost = call.state == AttemptState.UNKNOWN and not call.picked_up_at
        if is_lost or timezone.now() - rings_since > _RINGS_FOR:
            return CallStage.UNCERTAIN
        return CallStage.PICKED_UP if call.picked_up_at else CallStage.RINGING_US

    def was_called(self, lead_id: int, since: datetime | None) -> bool:
        """Whether the provider has answered about a call; a call being sent does not count."""
        calls = CallAttempt.objects.filter(lead=lead_id, kind=AttemptKind.CALL)
        if since is not None:
            calls = calls.filter(claimed_at__gte=since)
        return calls.exclude(state=AttemptState.DIALING).exists()

    def is_still_on(self, phone: str, begun_by: datetime) -> bool:
        """True while the number's attempt is live: until its record arrives or its hold ends."""
        live = CallAttempt.objects.filter(phone=phone, state__in=LIVE_STATES)
        return live.filter(claimed_at__lte=begun_by).exists()

    def has_rung(self, lead_id: int, since: datetime | None) -> bool:
        """Whether the outcome of any of the lead's calls shows that the lead's phone rang."""
        calls = CallAttempt.objects.filter(lead=lead_id, outcome__in=_RANG_THE_LEAD)
        return (calls.filter(claimed_at__gte=since) if since else calls).exists()

    def is_spoken(self, source_id: int, language: str, as_of: uuid.UUID | None) -> bool:
        """Checks the languages of the teams' extensions; True if any team accepts all languages."""
        return spoken.is_spoken(config.current(as_of), source_id, language)

    def hold_call(self, lead_id: int) -> bool:
        """Locks the lead's live attempt; False: there is none."""
        return _live_call(lead_id).select_for_update(of=("self",)).first() is not None

    def stop(self, lead_id: int, now: datetime) -> bool:
        """Does what "Hang up and stop" does, without hanging up."""
        return hanging_up.stop(_live_call(lead_id), now)

    def cancel(self, lead_id: int, now: datetime) -> bool:
        """Cancels the lead: ends a live call, and no other call follows."""
        live = _live_call(lead_id).first()
        if live is None:
            return transitions.cancel(lead_id, now)
        taken_back.end(live, now)
        return transitions.close(lead_id, LeadStatus.CANCELLED, now, claimed_at=live.claimed_at)

    def unsay(self, lead_id: int, now: datetime) -> bool:
        """Withdraws a recorded message that has not been sent yet."""
        return recorded_messages.unsay(lead_id, now)

    def soonest(self, source: LeadSource, now: datetime) -> Soonest:
        """Allows for the leads that wait for the opening, and for the spending limits."""
        return soonest.of(config.current(), source, now)

    def usual_wait(
        self, source_id: int, now: datetime, as_of: uuid.UUID | None
    ) -> timedelta | None:
        """Measured from the calls of the last hour."""
        return usual_wait(config.current(as_of), source_id, now)

    def caller_number(self, source_id: int, as_of: uuid.UUID | None) -> str:
        """From the call parameters of the source's extensions, the source and the settings."""
        return caller_number.shown_to_visitors(config.current(as_of), source_id)


def _live_call(lead_id: int) -> QuerySet[CallAttempt]:
    return CallAttempt.objects.filter(lead=lead_id, kind=AttemptKind.CALL, state__in=LIVE_STATES)


@receiver(lead_received)
def call_the_lead(lead: Lead, **_kwargs: Any) -> None:
    """Queues the call once the lead is committed; if that fails, the sweep finds the lead.

    A lead that is to be called later is found only by the sweep. Visitors who come while we are
    closed hear a message.
    """
    if lead.call_after <= lead.submitted_at:
        task_publisher.call_lead_on_commit(lead.pk)
    elif lead.closed_until and not lead.chosen_at:
        _play_when_closed(lead)
    visitor_mail.confirm_on_commit(lead)  # after the call, which nothing may delay


@receiver(wish_followed)
def call_the_lead_sooner(lead: Lead, **_kwargs: Any) -> None:
    """Queues the call if a later request of the number brought it forward."""
    if lead.call_after <= timezone.now():
        task_publisher.call_lead_on_commit(lead.pk)


@receiver(pre_delete, sender=User)
def keep_what_a_deleted_user_did(instance: User, **_kwargs: Any) -> None:
    """Keeps the history of leads and calls, under a name that cannot log in."""
    done = LogEntry.objects.filter(user=instance)
    if done.exists():
        name = f"{instance.username[:120]} (deleted {instance.pk})"
        done.update(user=User.objects.create_user(name, is_active=False))


@receiver(pre_delete, sender=User)
def ring_nobody_who_is_gone(instance: User, **_kwargs: Any) -> None:
    """Pauses the phones of a deleted user, which would otherwise keep ringing."""
    logins.deleted(instance.pk)


@receiver(post_save, sender=User)
def follow_the_login(
    instance: User, update_fields: Collection[str] | None = None, **_kwargs: Any
) -> None:
    """Stops ringing people who may not log in; rings them again once they may."""
    if update_fields is not None and "is_active" not in update_fields:
        return  # a login, for example
    if instance.is_active:
        logins.switched_on(instance.pk)
    else:
        logins.switched_off(instance.pk)


@receiver(number_refused)
def count_refused_numbers(refused: PhoneRefused, **_kwargs: Any) -> None:
    """Counts refusals by reason in /metrics; the log also has the number range."""
    heartbeats.count(**{f"{heartbeats.REFUSED}{refused.code}": 1})
    log.info(
        "number refused reason=%s country=%s range=%s",
        refused.code,
        refused.country or "-",
        refused.prefix or "-",
    )


@receiver(submission_failed)
def count_failed_submissions(came_by: FailedBy, reason: str, **_kwargs: Any) -> None:
    """Counted in Redis: the database may be what failed."""
    heartbeats.count(**{f"{heartbeats.NOT_STORED}{came_by}.{reason}": 1})


def _play_when_closed(lead: Lead) -> None:
    """Stores the message in the lead's transaction; if that fails, the lead is still stored."""
    try:
        with transaction.atomic():
            recorded_messages.play_when_closed(lead, lead.submitted_at)
    except Exception:
        log.exception("the message for closed hours could not be stored")


@receiver([post_save, post_delete], sender=OpeningHours)
@receiver([post_save, post_delete], sender=ScheduleException)
@receiver(post_save, sender=Schedule)
@receiver([post_save, post_delete], sender=Team)
@receiver([post_save, post_delete], sender=TeamSource)
@receiver(m2m_changed, sender=TeamSource)
@receiver(post_save, sender=LeadSource)  # its calling window
def tell_waiting_leads_of_other_hours(**_kwargs: Any) -> None:
    """Makes waiting leads follow a change of hours, teams or sources."""
    task_publisher.follow_changed_hours_on_commit()


def _as_extensions(phone: str) -> set[str]:
    """ "+972505550101" -> "972505550101", "0505550101": how people enter it as an extension."""
    written = {phone.lstrip("+")}
    return written | ({"0" + phone.removeprefix("+972")} if phone.startswith("+972") else set())
