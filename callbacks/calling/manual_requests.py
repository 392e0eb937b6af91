"""What all manual requests share: their errors, and the sentences that managers read."""

from collections.abc import Callable

from django.utils.translation import gettext

from callbacks.models import Extension
from callbacks.voicenter import InvalidCall, NotSent, OutcomeUnknown, Refused, VoicenterError

# Terminate and Callference name one phone by its number. A trunk or a login code is not one phone.
BY_NUMBER = (Extension.Kind.SIP, Extension.Kind.PHONE)


class CannotCall(Exception):  # noqa: N818  # about the lead, for a manager
    """The manager's request cannot be carried out; the message is a sentence that says why."""


class MayBeDone(CannotCall):
    """The provider's answer was lost: the request may have been carried out."""


def ask(request: Callable[[], object]) -> None:
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
                "The provider's answer was unclear: it may have been done. Check before you try "
                "again."
            )
        ) from None
    except VoicenterError as error:
        sentence = gettext("It did not work: %(problem)s")
        raise CannotCall(sentence % {"problem": error}) from None


def user_id(user: object) -> object:
    """The user's id for the log; None for nobody."""
    return getattr(user, "pk", None)
