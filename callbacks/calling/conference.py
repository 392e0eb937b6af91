"""Calls an extension into the provider's conference room."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling import why_not_free
from callbacks.calling.manual_requests import BY_NUMBER, CannotCall, MayBeDone, ask, user_id
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.models.extensions import (
    IN_CONFERENCE,
    first_leg,
    first_leg_refusal,
    is_telephone_number,
    sources_countries,
)
from callbacks.spending import without_lead
from callbacks.spending.limits import LimitReachedError
from callbacks.spending.without_lead import CountedCall
from callbacks.telephony import account
from callbacks.voicenter import Callference, InvalidCall, to_e164

log = logging.getLogger(__name__)

# Seconds. The provider's own default of 30 (vendor's page 1.4) is too short for a conference.
CONFERENCE_LASTS = 3600


def call_into_room(extension_id: int, room_code: str, user: object) -> str:
    """Rings an extension and puts it into the conference room (vendor's page 1.4).

    The extension gets no leads until the conference must be over. Raises MayBeDone if the
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
    until, counted = _reserve_for_conference(extension)
    try:
        ask(lambda: account.client().callference(request))
    except MayBeDone:
        raise
    except CannotCall:
        without_lead.uncount(counted)
        # Unless somebody else changed the extension meanwhile.
        Extension.objects.filter(pk=extension_id, unavailable_until=until).update(
            unavailable_until=extension.unavailable_until,
            unavailable_reason=extension.unavailable_reason,
        )
        raise
    log.info("conference extension=%s user=%s", extension_id, user_id(user))
    return gettext("Extension %(extension)s rings and joins the conference room.") % {
        "extension": extension.number
    }


def _reserve_for_conference(extension: Extension) -> tuple[datetime, CountedCall]:
    """Reserves the extension and counts the call for the spending limits; does both or neither.

    Returns the end of the reservation and what was counted. Raises CannotCall.

    A claim holds its extension until its attempt is committed. So the attempts are read in a second
    statement, after the lock: a single statement that waited for the claim would not see them.
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
            raise CannotCall(why_not_free.sentence(extension_id=extension.pk))
        Extension.objects.filter(pk=extension.pk).update(
            unavailable_until=until, unavailable_reason=IN_CONFERENCE
        )
        is_number = is_telephone_number(extension.kind, extension.number)
        phone = to_e164(extension.number) if is_number else ""
        try:  # last, as for every counted call
            counted = without_lead.count(phone or "", timezone.now())
        except LimitReachedError as reached:
            raise CannotCall(" ".join([str(reached), gettext("Nothing was changed.")])) from None
    return until, counted
