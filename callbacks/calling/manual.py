"""What a manager does by hand: call now, cancel, hang up, play a message, fill the conference room.

Each takes the user for the log, returns a sentence for them, and raises CannotCall with one.
Permissions and the audit entry are the admin's.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from callbacks.calling import recorded_messages
from callbacks.common import task_publisher
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.models.extensions import first_leg
from callbacks.models.parameters import complaint
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

log = logging.getLogger(__name__)

# Seconds; the provider's own default of 30 (vendor's page 1.4) is no conference.
CONFERENCE_LASTS = 3600

# The bound is outcomes.MAX_CALLS_A_DAY, or less by the settings.
_RUNG_OFTEN = "This number has been rung as often as is allowed in 24 hours."

_OUT_OF_HOURS = "It is outside the hours in which this number may be called"

# A call that the provider knows of and no record has ended.
HANGABLE = (AttemptState.ACCEPTED, AttemptState.UNKNOWN)
# What Terminate and Callference can name; a trunk or a login code is not one phone.
BY_NUMBER = (Extension.Kind.SIP, Extension.Kind.PHONE)


class CannotCall(Exception):  # noqa: N818  # said of the lead, to a manager
    """Why a manager's wish cannot be carried out, as a sentence."""


class MayBeDone(CannotCall):
    """The provider was asked and its answer was lost: what was wished may have happened."""


def call_now(lead_id: int, user: object) -> str:
    """A manager wants this lead called now: opens it again if need be, and wakes the workers.

    Returns a sentence for the manager; raises CannotCall with one. `user` is for the log.
    """
    now = timezone.now()
    with transaction.atomic():
        lead = _to_be_called(lead_id)
        limited_until = number_limits.number_limited_until(lead.phone, now, since=now)
        current = config.current()
        # At an opening it comes first: a manager's wish takes no turns.
        times = call_times.unpaced(current, lead.source_id, lead.phone)
        found = next_call(times, now, limited_until=limited_until)
        call_after = found.call_after or now
        in_window = calling_hours.in_window(
            current, lead.source_id, lead.phone, limited_until or now
        )
        _open_again(
            lead, now, call_after, gap_until=found.gap_until, closed_until=found.closed_until
        )
        task_publisher.call_lead_on_commit(lead.pk)
    log.info("call now user=%s", _id(user))
    if limited_until:
        return f"{_RUNG_OFTEN} The lead is called {_at(call_after)}."
    if found.never:
        return (
            "No team answers this lead's source, or none ever opens in its hours: it waits until "
            "one does."
        )
    if call_after > now:
        why = "Nobody is on shift" if in_window else _OUT_OF_HOURS
        return f"{why}: the lead is called {_at(call_after)}."
    return "The lead is called as soon as a salesperson is free."


def cancel(lead_id: int, user: object) -> str:
    """A manager takes a lead out of the queue. Raises CannotCall when it is not in it."""
    if not transitions.cancel(lead_id, timezone.now()):
        raise CannotCall("Only a lead that is held or waiting can be cancelled.")
    log_context.follow(Lead.objects.values_list("public_id", flat=True).get(pk=lead_id))
    log.info("cancelled user=%s", _id(user))
    return "The lead will not be called."


def call_with(lead_id: int, extension_id: int, user: object) -> str:
    """A manager wants this lead called now by one extension, on shift or not.

    Within the hours in which its number may be called.
    """
    now = timezone.now()
    with transaction.atomic():
        lead = _to_be_called(lead_id)
        _keep_to_the_bound(lead.phone, now)
        _keep_to_the_window(lead, now)
        _open_again(lead, now, call_after=now)
        claim = claims.claim_chosen(lead.pk, extension_id, now, account.hold())
        if claim is None:
            raise CannotCall(
                "That extension is on a call, blocked or off, or this number is on a call. "
                "Nothing was changed."
            )
        task_publisher.dial_on_commit(claim.attempt.pk)
    log.info("call with extension=%s user=%s", extension_id, _id(user))
    return f"Extension {claim.attempt.extension_number} rings now, then the lead."


def hang_up(attempt_id: int, user: object) -> str:
    """Ends a call that is on.

    The provider hangs up by extension and not by call (vendor's page 1.5): so only while this
    attempt is still the live one on that extension, and nothing else is known to be on it.
    """
    attempt = CallAttempt.objects.select_related("extension", "lead").filter(pk=attempt_id).first()
    if attempt is None or attempt.state not in HANGABLE:
        raise CannotCall("That call is over.")
    log_context.follow(attempt.lead.public_id)
    if attempt.extension is None or attempt.extension.kind not in BY_NUMBER:
        raise CannotCall("Only a call on a Voicenter extension or a phone number can be hung up.")
    _see_that_it_is_on(attempt)
    _ask(lambda: account.client().terminate(Terminate(phone=attempt.extension_number)))
    log.info("hung up attempt=%s user=%s", attempt_id, _id(user))
    return f"The call on extension {attempt.extension_number} is being ended."


def play(lead_id: int, record_name: str, user: object) -> str:
    """Has a recorded message played to the lead's phone now."""
    with transaction.atomic():
        lead = Lead.objects.select_for_update(of=("self",)).select_related("source").get(pk=lead_id)
        log_context.follow(lead.public_id)
        try:
            number_guard.check_before_dial(lead.phone, lead.source)
            Message(phone="972505550100", pre_rec=record_name)
        except PhoneRefused as refusal:
            raise CannotCall(refusal.message) from None
        except InvalidCall as problem:
            raise CannotCall(f"That is no name of a record. {complaint(problem)}") from None
        now = timezone.now()
        _keep_to_the_bound(lead.phone, now)
        _keep_to_the_window(lead, now)
        if recorded_messages.play(lead.pk, lead.phone, record_name, now) is None:
            raise CannotCall("This lead's number is on a call right now.")
    log.info("play user=%s", _id(user))
    return "The message is being played to the lead."


def conference(extension_id: int, room_code: str, user: object) -> str:
    """Rings an extension and puts it into the conference room (vendor's page 1.4).

    It is not rung for leads until the call must be over. Raises MayBeDone when the answer was
    lost; the extension is then kept as if it had been put there.
    """
    extension = Extension.objects.get(pk=extension_id)
    if extension.kind not in BY_NUMBER:
        raise CannotCall("Only a Voicenter extension or a phone number can be called in.")
    try:
        request = Callference(
            **first_leg(extension.kind, extension.number),
            bbbcode=room_code or None,
            max_duration=CONFERENCE_LASTS,
        )
    except InvalidCall as problem:
        raise CannotCall(f"That is no code of a room. {complaint(problem)}") from None
    until = _reserve_for_conference(extension)
    try:
        _ask(lambda: account.client().callference(request))
    except MayBeDone:
        raise
    except CannotCall:
        # Unless somebody else has said something about it meanwhile.
        Extension.objects.filter(pk=extension_id, out_until=until).update(
            out_until=extension.out_until, out_reason=extension.out_reason
        )
        raise
    log.info("conference extension=%s user=%s", extension_id, _id(user))
    return f"Extension {extension.number} rings and is put into the conference room."


def _reserve_for_conference(extension: Extension) -> datetime:
    """Keeps leads away from the extension before it rings; returns until when. Raises CannotCall.

    One statement, so that no claim comes between looking and keeping.
    """
    until = timezone.now() + timedelta(seconds=CONFERENCE_LASTS + 30)
    on_a_call = CallAttempt.objects.filter(extension=OuterRef("pk"), state__in=LIVE_STATES)
    reserved = Extension.objects.filter(
        ~Exists(on_a_call), pk=extension.pk, is_active=True, is_blocked=False
    ).update(out_until=until, out_reason="in the conference room")
    if not reserved:
        raise CannotCall("That extension is on a call, blocked or off.")
    return until


def _see_that_it_is_on(attempt: CallAttempt) -> None:
    """Raises CannotCall where the provider shows another call on the extension, or where nothing
    shows that the call was ever placed.

    Where it was accepted and the provider does not tell, it goes by our own index, which holds the
    extension for this attempt.
    """
    try:
        states = account.client().active_calls(attempt.extension_number)
    except VoicenterError:
        states = []
    if call_identity.sighting(account.asked(attempt), states).presence is CallPresence.ON:
        return
    if any(state.calls for state in states if state.extension == attempt.extension_number):
        raise CannotCall("That extension is on another call by now. Nothing was hung up.")
    if not attempt.call_id:
        raise CannotCall(
            "The provider does not show this call, so it is not known whether there is one. "
            "Nothing was hung up."
        )


def _to_be_called(lead_id: int) -> Lead:
    """The lead, locked, if a manager may have it called now. Raises CannotCall."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("source").get(pk=lead_id)
    log_context.follow(lead.public_id)
    if lead.status == LeadStatus.CALLING:
        raise CannotCall("This lead is being called right now.")
    if lead.status == LeadStatus.DUPLICATE:
        raise CannotCall(f"This is a repeated request. Open the first one, {lead.duplicate_of}.")
    try:
        number_guard.check_before_dial(lead.phone, lead.source)
    except PhoneRefused as refusal:
        raise CannotCall(refusal.message) from None
    return lead


def _keep_to_the_bound(phone: str, now: datetime) -> None:
    """Also a manager's wish: nobody's phone rings without end. Raises CannotCall."""
    if rested := number_limits.number_limited_until(phone, now, since=now):
        raise CannotCall(f"{_RUNG_OFTEN} Not before {_at(rested, '')}. Nothing was changed.")


def _keep_to_the_window(lead: Lead, now: datetime) -> None:
    """Nor at night, where the lead is. Raises CannotCall.

    Whether a team is open does not matter: who is to ring is chosen, or nobody is needed.
    """
    opening = calling_hours.next_in_window(config.current(), lead.source_id, lead.phone, now)
    if opening > now:
        raise CannotCall(f"{_OUT_OF_HOURS}. Not before {_at(opening, '')}. Nothing was changed.")


def _open_again(
    lead: Lead, now: datetime, call_after: datetime, **waits_until: datetime | None
) -> None:
    try:
        with transaction.atomic():
            opened = transitions.open_again(lead.pk, call_after, now, **waits_until)
    except IntegrityError:
        raise CannotCall(
            "The same number has another open request. Call that one instead."
        ) from None
    if not opened:
        raise CannotCall("This lead is being called right now.")


def _at(when: datetime, on: str = "on ") -> str:
    return f"{on}{timezone.localtime(when):%A, %-d %B at %H:%M}"


def _ask(request: Callable[[], object]) -> None:
    """Asks the provider at once; what went wrong becomes a sentence."""
    try:
        request()
    except InvalidCall as problem:
        raise CannotCall(f"The provider cannot do this: {problem}") from None
    except Refused as refusal:
        why = refusal.error_message or str(refusal)
        raise CannotCall(f"The provider refused: {why}") from None
    except NotSent:
        raise CannotCall("The provider cannot be reached. Nothing was sent; try again.") from None
    except OutcomeUnknown:
        raise MayBeDone(
            "The provider's answer was lost: it may have been done. Look before you try again."
        ) from None
    except VoicenterError as error:
        raise CannotCall(f"It did not work: {error}") from None


def _id(user: object) -> object:
    return getattr(user, "pk", None)
