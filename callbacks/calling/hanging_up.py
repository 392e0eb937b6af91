"""Hangs up a call, or stops further calls; in both cases nobody calls the lead again."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling.manual_requests import BY_NUMBER, CannotCall, MayBeDone, ask, user_id
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.telephony import account, call_identity
from callbacks.telephony.call_identity import CallPresence
from callbacks.voicenter import Terminate, VoicenterError
from leads import log_context

log = logging.getLogger(__name__)

# The provider may know the call, and no record has ended it.
HANGABLE = (AttemptState.ACCEPTED, AttemptState.UNKNOWN)


def hang_up(attempt_id: int, user: object) -> str:
    """Ends a live call, and has nobody call its lead again.

    Unless the two talked, the lead is cancelled once the end of the call is known, and the
    salesperson who was rung has missed nothing.

    The provider hangs up by extension, not by call (vendor's page 1.5). So this is done only while
    the attempt is the live one on its extension and no other call is known to be on it.
    """
    attempt = CallAttempt.objects.select_related("extension", "lead").filter(pk=attempt_id).first()
    if attempt is None or attempt.state not in HANGABLE:
        raise CannotCall(gettext("That call has ended."))
    log_context.follow(attempt.lead_id)
    if attempt.extension is None or attempt.extension.kind not in BY_NUMBER:
        raise CannotCall(
            gettext("Only a call on a Voicenter extension or a phone number can be hung up.")
        )
    _see_that_it_is_on(attempt)
    lost: MayBeDone | None = None
    with transaction.atomic():
        # Before the extension: the same order as for a record that ends the call.
        CallAttempt.objects.select_for_update().get(pk=attempt_id)
        # While we hold the lock, no call begins on the extension and the end of this call waits. So
        # we cannot hang up the next lead's call.
        Extension.objects.select_for_update(no_key=True).get(pk=attempt.extension.pk)
        attempt.refresh_from_db(fields=["state"])
        if attempt.state not in HANGABLE:
            raise CannotCall(gettext("That call has ended."))
        # Rolled back if the provider refuses.
        stop(CallAttempt.objects.filter(pk=attempt_id), timezone.now())
        try:
            ask(lambda: account.client().terminate(Terminate(phone=attempt.extension_number)))
        except MayBeDone as error:
            lost = error
    if lost:
        raise lost
    log.info("hung up attempt=%s user=%s", attempt_id, user_id(user))
    return gettext(
        "The call on extension %(extension)s is being ended, and this lead is not called again."
    ) % {"extension": attempt.extension_number}


def _see_that_it_is_on(attempt: CallAttempt) -> None:
    """Raises CannotCall if another call is on the extension, or if the call may not exist at all.

    If the provider accepted the call but does not show its calls now, our unique index is enough:
    it holds the extension for this attempt.
    """
    try:
        states = account.client().active_calls(attempt.extension_number)
    except VoicenterError:
        states = []
    if call_identity.sighting(account.asked(attempt), states).presence is CallPresence.ON:
        return
    if any(state.calls for state in states if state.extension == attempt.extension_number):
        raise CannotCall(gettext("That extension is now on another call. Nothing was hung up."))
    if not attempt.call_id:
        raise CannotCall(
            gettext(
                "The provider does not show this call, so there may be none. Nothing was hung up."
            )
        )


def stop(attempts: QuerySet[CallAttempt], now: datetime) -> bool:
    """Marks live attempts as stopped: their end blames nobody, and nobody calls the lead again."""
    live = attempts.filter(state__in=LIVE_STATES)
    return bool(live.update(stopped_at=Coalesce("stopped_at", now)))
