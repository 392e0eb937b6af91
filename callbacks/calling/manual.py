"""What a manager does by hand with a lead: call now, call with, cancel, mark done, play a message.

Each function takes the user, for the log. It returns a sentence for the manager or raises
CannotCall with one. The admin checks permissions and writes the audit entry.
"""

import logging
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling import hanging_up, hours_by_hand, recorded_messages, why_not_free
from callbacks.calling.manual_requests import CannotCall, user_id
from callbacks.common import task_publisher
from callbacks.models import CallAttempt
from callbacks.routing import claim as claims
from callbacks.routing import config, number_limits
from callbacks.scheduling import call_times, calling_hours
from callbacks.scheduling.next_call import next_call
from callbacks.spending import limits
from callbacks.telephony import account
from callbacks.voicenter import (
    InvalidCall,
    Message,
)
from leads import log_context, number_guard, transitions
from leads.dated_sentences import weekday_and_date
from leads.models import Lead, LeadStatus, TakenBack, WhyTakenBack
from leads.phones import PhoneRefused

log = logging.getLogger(__name__)


def call_now(lead_id: int, user: object) -> str:
    """Has a lead called now: opens it again if it is closed, and wakes a worker."""
    now = timezone.now()
    with transaction.atomic():
        lead = _to_be_called(lead_id)
        limited_until = number_limits.number_limited_until(
            lead.phone, lead.source_id, now, since=now
        )
        current = config.current()
        # Not paced: a lead that a manager wants called comes first at an opening.
        times = call_times.unpaced(current, lead.source_id, lead.phone)
        found = next_call(times, now, limited_until=limited_until)
        call_after = found.call_after or now
        in_window = calling_hours.in_window(
            current, lead.source_id, lead.phone, limited_until or now
        )
        has_an_hour = calling_hours.has_an_hour(current, lead.source_id, lead.phone, now)
        standing = limits.used_up_for(lead.source_id, lead.phone, now)
        _open_again(
            lead, now, call_after, gap_until=found.gap_until, closed_until=found.closed_until
        )
        task_publisher.call_lead_on_commit(lead.pk)
    log.info("call now user=%s", user_id(user))
    if limited_until:
        return gettext(
            "This number has been called as often as allowed in 24 hours. The lead will be "
            "called on %(date)s at %(time)s."
        ) % _moment(call_after)
    if not has_an_hour:
        return gettext(
            "No hour of the calling window suits all time zones the number may be in. It is not "
            'called automatically: use "Call with".'
        )
    if found.never:
        return gettext(
            "No team answers this lead's source, or none ever opens in the lead's calling hours. "
            "The lead waits until one does."
        )
    if call_after > now:
        sentence = (
            gettext("Nobody is on shift. The lead will be called on %(date)s at %(time)s.")
            if in_window
            else gettext(
                "This is outside the number's calling hours. The lead will be called on "
                "%(date)s at %(time)s."
            )
        )
        return sentence % _moment(call_after)
    if standing:
        its = standing.sentence(now, timezone.get_current_timezone())
        return " ".join([its, gettext("The lead will be called as soon as allowed.")])
    return gettext("The lead will be called as soon as a salesperson is free.")


def cancel(lead_id: int, user: object) -> str:
    """Takes a lead out of the queue, or prevents further calls after the live one.

    Raises CannotCall if the lead is closed.
    """
    now = timezone.now()
    is_called = not transitions.cancel(lead_id, now)
    if is_called and not hanging_up.stop(
        CallAttempt.objects.filter(lead=lead_id, extension__isnull=False), now
    ):
        raise CannotCall(
            gettext("Only a lead that is held, waiting or being called can be cancelled.")
        )
    log_context.follow(lead_id)
    log.info("cancelled user=%s", user_id(user))
    if is_called:
        return gettext(
            "The lead will not be called again. The call in progress continues: end it with "
            "“Hang up and stop”."
        )
    return gettext("The lead will not be called.")


def mark_done(lead_id: int, user: object) -> str:
    """Closes a lead that a person dealt with outside our calls. Raises CannotCall."""
    now = timezone.now()
    message = gettext("Marked as done.")
    if not (transitions.cancel(lead_id, now, message) or transitions.settle(lead_id, now, message)):
        raise CannotCall(
            gettext("Only a lead that is held, waiting or failed can be marked as done.")
        )
    log_context.follow(lead_id)
    log.info("marked as done user=%s", user_id(user))
    return gettext("It is done: there are no more automatic calls.")


def call_with(lead_id: int, extension_id: int, user: object, *, whatever_hour: bool = False) -> str:
    """Has a lead called now on one extension, on shift or not.

    The lead's calling hours, the calls a day and the spending limits still hold. `whatever_hour`:
    even if it may be night there (hours_by_hand.question).
    """
    now = timezone.now()
    with transaction.atomic():
        lead = _to_be_called(lead_id)
        _keep_to_the_bound(lead, now)
        hours_by_hand.keep_to_the_window(lead, now, whatever_hour=whatever_hour)
        _keep_to_the_limits(lead, now)
        _open_again(lead, now, call_after=now)
        recorded_messages.give_way(lead.phone, now)
        claim = claims.claim_chosen(lead.pk, extension_id, now, account.hold())
        if claim is None:
            why = why_not_free.sentence(lead.phone, extension_id)
            raise CannotCall(" ".join([why, gettext("Nothing was changed.")]))
        task_publisher.dial_on_commit(claim.attempt.pk)
    log.info("call with extension=%s user=%s", extension_id, user_id(user))
    return gettext("Extension %(extension)s rings now, then the lead.") % {
        "extension": claim.attempt.extension_number
    }


def play(lead_id: int, record_name: str, user: object, *, whatever_hour: bool = False) -> str:
    """Has a recording played to the lead's phone now. `whatever_hour`: as in call_with."""
    with transaction.atomic():
        lead = _to_be_called(lead_id, to_play=True)
        try:
            Message(phone="972505550100", pre_rec=record_name)
        except InvalidCall:
            raise CannotCall(
                gettext("Enter the recording's name, without its extension.")
            ) from None
        now = timezone.now()
        _keep_to_the_bound(lead, now)
        hours_by_hand.keep_to_the_window(lead, now, whatever_hour=whatever_hour)
        _keep_to_the_limits(lead, now)
        recorded_messages.give_way(lead.phone, now)
        if recorded_messages.play(lead.pk, lead.phone, record_name, now) is None:
            raise CannotCall(why_not_free.sentence(lead.phone))
    log.info("play user=%s", user_id(user))
    return gettext("The message is being played to the lead.")


def why_not(lead: Lead, *, to_play: bool = False) -> str:
    """A sentence that says why this lead may not be called at any hour; "" if it may be.

    `to_play`: for a message, which may be played to the number of a repeated request too.
    """
    if lead.status == LeadStatus.HELD:
        return gettext("This request is held. Release it first, under “Held leads”.")
    if lead.status == LeadStatus.DUPLICATE and not to_play:
        sentence = gettext("This is a repeated request. Open lead %(number)s, the first one.")
        return sentence % {"number": lead.duplicate_of_id}
    said = TakenBack.objects.filter(lead=lead, why=WhyTakenBack.NOT_THEIRS)
    if lead.status == LeadStatus.CANCELLED and said.exists():
        return gettext(
            "The visitor said that this number is not theirs. It is not called for this request."
        )
    try:
        number_guard.check_before_dial(lead.phone, lead.source)
    except PhoneRefused as refusal:
        return refusal.message
    return ""


def _to_be_called(lead_id: int, *, to_play: bool = False) -> Lead:
    """The lead, locked. Raises CannotCall if it may not be called now."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("source").get(pk=lead_id)
    log_context.follow(lead.pk)
    if lead.status == LeadStatus.CALLING and not to_play:
        raise CannotCall(gettext("This lead is being called right now."))
    if sentence := why_not(lead, to_play=to_play):
        raise CannotCall(sentence)
    return lead


def _keep_to_the_bound(lead: Lead, now: datetime) -> None:
    """Raises CannotCall if the number has already had its calls of the day."""
    if rested := number_limits.number_limited_until(lead.phone, lead.source_id, now, since=now):
        sentence = gettext(
            "This number has been called as often as allowed in 24 hours. It may not be called "
            "before %(date)s at %(time)s. Nothing was changed."
        )
        raise CannotCall(sentence % _moment(rested))


def _keep_to_the_limits(lead: Lead, now: datetime) -> None:
    """Raises CannotCall while a spending limit holds.

    If a limit is reached after this check, the worker that counts the call finds it
    (callbacks.calling.dial).
    """
    if standing := limits.used_up_for(lead.source_id, lead.phone, now):
        its = standing.sentence(now, timezone.get_current_timezone())
        raise CannotCall(" ".join([its, gettext("Nothing was changed.")]))


def _open_again(
    lead: Lead, now: datetime, call_after: datetime, **waits_until: datetime | None
) -> None:
    try:
        with transaction.atomic():
            opened = transitions.open_again(lead.pk, call_after, now, **waits_until)
    except IntegrityError:
        raise CannotCall(
            gettext("The same number has another open request. Call that one instead.")
        ) from None
    if not opened:
        raise CannotCall(gettext("This lead is being called right now."))


def _moment(when: datetime) -> dict[str, str]:
    """The placeholders %(date)s and %(time)s of a sentence, in the current time zone."""
    local = timezone.localtime(when)
    return {"date": weekday_and_date(local.date()), "time": f"{local:%H:%M}"}
