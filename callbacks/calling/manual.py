"""What a manager does by hand: call now, cancel, hang up, play a message, call into a conference.

Each function takes the user, for the log, and returns a sentence for the manager or raises
CannotCall with one. The admin checks permissions and writes the audit entry.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling import recorded_messages
from callbacks.common import task_publisher
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.models.extensions import (
    IN_CONFERENCE,
    first_leg,
    first_leg_refusal,
    sources_countries,
)
from callbacks.routing import claim as claims
from callbacks.routing import config, number_limits
from callbacks.scheduling import call_times, calling_hours
from callbacks.scheduling.next_call import next_call
from callbacks.telephony import account, call_identity
from callbacks.telephony.call_identity import CallPresence
from callbacks.voicenter import (
    Callference,
    InvalidCall,
    Message,
    NotSent,
    OutcomeUnknown,
    Refused,
    Terminate,
    VoicenterError,
)
from leads import log_context, number_guard, transitions
from leads.models import Lead, LeadStatus
from leads.phones import PhoneRefused
from leads.visitor_status import weekday_and_date

log = logging.getLogger(__name__)

# Seconds. The provider's own default of 30 (vendor's page 1.4) is too short for a conference.
CONFERENCE_LASTS = 3600

# The provider may know of the call, and no record has ended it.
HANGABLE = (AttemptState.ACCEPTED, AttemptState.UNKNOWN)
# Terminate and Callference name one phone by its number; a trunk or a login code is not one phone.
BY_NUMBER = (Extension.Kind.SIP, Extension.Kind.PHONE)


class CannotCall(Exception):  # noqa: N818  # said of the lead, to a manager
    """What a manager asked for cannot be done; the message is a sentence that says why."""


class MayBeDone(CannotCall):
    """The provider's answer was lost: what the manager asked for may have happened."""


def call_now(lead_id: int, user: object) -> str:
    """Has a lead called now: opens it again if it is closed, and wakes a worker."""
    now = timezone.now()
    with transaction.atomic():
        lead = _to_be_called(lead_id)
        limited_until = number_limits.number_limited_until(lead.phone, now, since=now)
        current = config.current()
        # Not paced: a lead that a manager wants called comes first at an opening.
        times = call_times.unpaced(current, lead.source_id, lead.phone)
        found = next_call(times, now, limited_until=limited_until)
        call_after = found.call_after or now
        in_window = calling_hours.in_window(
            current, lead.source_id, lead.phone, limited_until or now
        )
        has_an_hour = calling_hours.has_an_hour(current, lead.source_id, lead.phone, now)
        _open_again(
            lead, now, call_after, gap_until=found.gap_until, closed_until=found.closed_until
        )
        task_publisher.call_lead_on_commit(lead.pk)
    log.info("call now user=%s", _id(user))
    if limited_until:
        return gettext(
            "This number has been rung as often as is allowed in 24 hours. "
            "The lead is called on %(date)s at %(time)s."
        ) % _moment(call_after)
    if not has_an_hour:
        return gettext(
            "This number may be in several time zones, and no hour of the source's calling window "
            'fits all of them. Nobody is rung by itself: use "Call with".'
        )
    if found.never:
        return gettext(
            "No team answers this lead's source, or none ever opens in the lead's calling hours. "
            "The lead waits until one does."
        )
    if call_after > now:
        sentence = (
            gettext("Nobody is on shift. The lead is called on %(date)s at %(time)s.")
            if in_window
            else gettext(
                "It is outside the hours in which this number may be called. "
                "The lead is called on %(date)s at %(time)s."
            )
        )
        return sentence % _moment(call_after)
    return gettext("The lead is called as soon as a salesperson is free.")


def cancel(lead_id: int, user: object) -> str:
    """Takes a lead out of the queue, or has nobody call again after the call that is on.

    Raises CannotCall when the lead is closed.
    """
    now = timezone.now()
    is_called = not transitions.cancel(lead_id, now)
    if is_called and not _stop(
        CallAttempt.objects.filter(lead=lead_id, extension__isnull=False), now
    ):
        raise CannotCall(
            gettext("Only a lead that is held, waiting or being called can be cancelled.")
        )
    log_context.follow(Lead.objects.values_list("public_id", flat=True).get(pk=lead_id))
    log.info("cancelled user=%s", _id(user))
    if is_called:
        return gettext(
            "The lead will not be called again. The call that is on goes on: end it with "
            "“Hang up and stop”."
        )
    return gettext("The lead will not be called.")


def _stop(attempts: QuerySet[CallAttempt], now: datetime) -> bool:
    """Nobody is to blame for how a live one of these ends, and nobody calls its lead again."""
    live = attempts.filter(state__in=LIVE_STATES)
    return bool(live.update(stopped_at=Coalesce("stopped_at", now)))


def call_with(lead_id: int, extension_id: int, user: object) -> str:
    """Has a lead called now through one extension, on shift or not.

    The lead's own calling hours and the bound of calls a day hold all the same.
    """
    now = timezone.now()
    with transaction.atomic():
        lead = _to_be_called(lead_id)
        _keep_to_the_bound(lead.phone, now)
        _keep_to_the_window(lead, now)
        _open_again(lead, now, call_after=now)
        recorded_messages.give_way(lead.phone, now)
        claim = claims.claim_chosen(lead.pk, extension_id, now, account.hold())
        if claim is None:
            raise CannotCall(
                gettext(
                    "That extension is on a call, blocked or off, or this number is on a call. "
                    "Nothing was changed."
                )
            )
        task_publisher.dial_on_commit(claim.attempt.pk)
    log.info("call with extension=%s user=%s", extension_id, _id(user))
    return gettext("Extension %(extension)s rings now, then the lead.") % {
        "extension": claim.attempt.extension_number
    }


def hang_up(attempt_id: int, user: object) -> str:
    """Ends a live call, and has nobody call its lead again.

    Unless the two talked, the lead is cancelled when the call's end is known; whoever was rung has
    missed nothing.

    The provider hangs up by extension and not by call (vendor's page 1.5). So this is done only
    while the attempt is the live one on its extension and no other call is known to be on it.
    """
    attempt = CallAttempt.objects.select_related("extension", "lead").filter(pk=attempt_id).first()
    if attempt is None or attempt.state not in HANGABLE:
        raise CannotCall(gettext("That call is over."))
    log_context.follow(attempt.lead.public_id)
    if attempt.extension is None or attempt.extension.kind not in BY_NUMBER:
        raise CannotCall(
            gettext("Only a call on a Voicenter extension or a phone number can be hung up.")
        )
    _see_that_it_is_on(attempt)
    lost: MayBeDone | None = None
    with transaction.atomic():
        # Before the extension, in the order in which a record that ends the call takes them.
        CallAttempt.objects.select_for_update().get(pk=attempt_id)
        # No call begins on the extension while we hold it, and the end of this one waits for us:
        # so it is not the next lead's call that is hung up.
        Extension.objects.select_for_update(no_key=True).get(pk=attempt.extension.pk)
        attempt.refresh_from_db(fields=["state"])
        if attempt.state not in HANGABLE:
            raise CannotCall(gettext("That call is over."))
        # Undone with the rest when the provider refuses.
        _stop(CallAttempt.objects.filter(pk=attempt_id), timezone.now())
        try:
            _ask(lambda: account.client().terminate(Terminate(phone=attempt.extension_number)))
        except MayBeDone as error:
            lost = error
    if lost:
        raise lost
    log.info("hung up attempt=%s user=%s", attempt_id, _id(user))
    return gettext(
        "The call on extension %(extension)s is being ended, and nobody calls this lead again."
    ) % {"extension": attempt.extension_number}


def play(lead_id: int, record_name: str, user: object) -> str:
    """Has a recording played to the lead's phone now."""
    with transaction.atomic():
        lead = Lead.objects.select_for_update(of=("self",)).select_related("source").get(pk=lead_id)
        log_context.follow(lead.public_id)
        try:
            number_guard.check_before_dial(lead.phone, lead.source)
            Message(phone="972505550100", pre_rec=record_name)
        except PhoneRefused as refusal:
            raise CannotCall(refusal.message) from None
        except InvalidCall:
            raise CannotCall(
                gettext("Enter the recording's name, without its extension.")
            ) from None
        now = timezone.now()
        _keep_to_the_bound(lead.phone, now)
        _keep_to_the_window(lead, now)
        recorded_messages.give_way(lead.phone, now)
        if recorded_messages.play(lead.pk, lead.phone, record_name, now) is None:
            raise CannotCall(gettext("This lead's number is on a call right now."))
    log.info("play user=%s", _id(user))
    return gettext("The message is being played to the lead.")


def conference(extension_id: int, room_code: str, user: object) -> str:
    """Rings an extension and puts it into the conference room (vendor's page 1.4).

    The extension is not rung for leads until the conference must be over. Raises MayBeDone when the
    provider's answer was lost; the extension is then treated as if it were in the room.
    """
    extension = Extension.objects.get(pk=extension_id)
    if extension.kind not in BY_NUMBER:
        raise CannotCall(
            gettext("Only a Voicenter extension or a phone number can be called into a conference.")
        )
    countries = sources_countries()
    if words := first_leg_refusal(extension.kind, extension.number, countries):
        raise CannotCall(words)
    try:
        request = Callference(
            **first_leg(extension.kind, extension.number),
            bbbcode=room_code or None,
            max_duration=CONFERENCE_LASTS,
        )
    except InvalidCall:
        raise CannotCall(gettext("Enter the conference room's code.")) from None
    until = _reserve_for_conference(extension)
    try:
        _ask(lambda: account.client().callference(request))
    except MayBeDone:
        raise
    except CannotCall:
        # Unless somebody else has changed the extension meanwhile.
        Extension.objects.filter(pk=extension_id, unavailable_until=until).update(
            unavailable_until=extension.unavailable_until,
            unavailable_reason=extension.unavailable_reason,
        )
        raise
    log.info("conference extension=%s user=%s", extension_id, _id(user))
    return gettext("Extension %(extension)s rings and is put into the conference room.") % {
        "extension": extension.number
    }


def _reserve_for_conference(extension: Extension) -> datetime:
    """Keeps the extension from being claimed, and returns until when. Raises CannotCall.

    A claim holds the extension it takes until its attempt is committed. So the attempts are looked
    at in a statement of its own, after the lock: one that waited for the claim would not see them.
    """
    until = timezone.now() + timedelta(seconds=CONFERENCE_LASTS + 30)
    with transaction.atomic():
        held = (
            Extension.objects.select_for_update(no_key=True)
            .filter(pk=extension.pk, is_active=True, is_blocked=False)
            .first()
        )
        live = CallAttempt.objects.filter(state__in=LIVE_STATES)
        theirs = Q(extension=extension.pk)
        if held and held.user_id:
            theirs |= Q(salesperson=held.user_id)  # on their other phone
        if held is None or live.filter(theirs).exists():
            raise CannotCall(gettext("That extension is on a call, blocked or off."))
        Extension.objects.filter(pk=extension.pk).update(
            unavailable_until=until, unavailable_reason=IN_CONFERENCE
        )
    return until


def _see_that_it_is_on(attempt: CallAttempt) -> None:
    """Raises CannotCall if another call is on the extension, or if the call may not exist at all.

    Where the provider accepted the call and does not show its calls now, our own unique index is
    enough: it holds the extension for this attempt.
    """
    try:
        states = account.client().active_calls(attempt.extension_number)
    except VoicenterError:
        states = []
    if call_identity.sighting(account.asked(attempt), states).presence is CallPresence.ON:
        return
    if any(state.calls for state in states if state.extension == attempt.extension_number):
        raise CannotCall(gettext("That extension is on another call by now. Nothing was hung up."))
    if not attempt.call_id:
        raise CannotCall(
            gettext(
                "The provider does not show this call, so it is not known whether there is one. "
                "Nothing was hung up."
            )
        )


def _to_be_called(lead_id: int) -> Lead:
    """The lead, locked. Raises CannotCall if it may not be called now."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("source").get(pk=lead_id)
    log_context.follow(lead.public_id)
    if lead.status == LeadStatus.CALLING:
        raise CannotCall(gettext("This lead is being called right now."))
    if lead.status == LeadStatus.DUPLICATE:
        sentence = gettext("This is a repeated request. Open lead %(number)s, the first one.")
        raise CannotCall(sentence % {"number": lead.duplicate_of_id})
    try:
        number_guard.check_before_dial(lead.phone, lead.source)
    except PhoneRefused as refusal:
        raise CannotCall(refusal.message) from None
    return lead


def _keep_to_the_bound(phone: str, now: datetime) -> None:
    """Raises CannotCall when the number has had its calls of the day, whoever asks for one more."""
    if rested := number_limits.number_limited_until(phone, now, since=now):
        sentence = gettext(
            "This number has been rung as often as is allowed in 24 hours. "
            "It may not be called before %(date)s at %(time)s. Nothing was changed."
        )
        raise CannotCall(sentence % _moment(rested))


def _keep_to_the_window(lead: Lead, now: datetime) -> None:
    """Raises CannotCall outside the lead's own calling hours.

    It does not matter whether a team is open: the extension is chosen, or none is needed. A lead
    with no hour that fits waits for a person, and this is one.
    """
    opening = calling_hours.next_in_window(config.current(), lead.source_id, lead.phone, now)
    if opening and opening > now:
        sentence = gettext(
            "It is outside the hours in which this number may be called. "
            "It may not be called before %(date)s at %(time)s. Nothing was changed."
        )
        raise CannotCall(sentence % _moment(opening))


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
    """The placeholders %(date)s and %(time)s of a sentence, in the site's time zone."""
    local = timezone.localtime(when)
    return {"date": weekday_and_date(local.date()), "time": f"{local:%H:%M}"}


def _ask(request: Callable[[], object]) -> None:
    """Sends a request to the provider now. Raises CannotCall with a sentence if that fails."""
    try:
        request()
    except InvalidCall as problem:
        sentence = gettext("The provider cannot do this: %(problem)s")
        raise CannotCall(sentence % {"problem": problem}) from None
    except Refused as refusal:
        sentence = gettext("The provider refused: %(reason)s")
        reason = refusal.error_message or str(refusal)
        raise CannotCall(sentence % {"reason": reason}) from None
    except NotSent:
        raise CannotCall(
            gettext("The provider cannot be reached. Nothing was sent; try again.")
        ) from None
    except OutcomeUnknown:
        raise MayBeDone(
            gettext(
                "The provider gave no answer that tells: it may have been done. Look before "
                "you try again."
            )
        ) from None
    except VoicenterError as error:
        sentence = gettext("It did not work: %(problem)s")
        raise CannotCall(sentence % {"problem": error}) from None


def _id(user: object) -> object:
    return getattr(user, "pk", None)
