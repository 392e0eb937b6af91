"""Why a phone that a manager has chosen, or a lead's number, cannot be called at this moment."""

from django.utils.translation import gettext

from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind


def sentence(phone: str = "", extension_id: int | None = None) -> str:
    """A sentence for the manager about the number or extension that could not be reserved."""
    reason = _of_number(phone) or (_of_extension(extension_id) if extension_id else "")
    if reason:
        return reason
    # It was locked by somebody else at that moment: nothing else is known.
    return gettext("It was in use at that moment. Try again.")


def _of_number(phone: str) -> str:
    live = CallAttempt.objects.filter(phone=phone, state__in=LIVE_STATES).first() if phone else None
    if live is None:
        return ""
    if live.kind == AttemptKind.MESSAGE:
        return gettext("A message is being played to this number, or is about to be.")
    return gettext("This number is on a call.")


def _of_extension(extension_id: int) -> str:
    extension = Extension.objects.filter(pk=extension_id).first()
    if extension is None or not extension.is_active:
        return gettext("That extension is off.")
    if extension.is_blocked:
        return gettext("That extension is blocked.")
    live = CallAttempt.objects.filter(state__in=LIVE_STATES)
    if live.filter(extension=extension).exists():
        return gettext("That extension is on a call.")
    if extension.user_id and live.filter(salesperson=extension.user_id).exists():
        return gettext("The person there is on a call on their other phone.")
    return ""
