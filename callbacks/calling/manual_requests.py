"""What all that is done by hand shares: how it fails, and what a manager is told of it."""

from collections.abc import Callable

from django.utils.translation import gettext

from callbacks.models import Extension
from callbacks.voicenter import InvalidCall, NotSent, OutcomeUnknown, Refused, VoicenterError

# Terminate and Callference name one phone by its number; a trunk or a login code is not one phone.
BY_NUMBER = (Extension.Kind.SIP, Extension.Kind.PHONE)


class CannotCall(Exception):  # noqa: N818  # said of the lead, to a manager
    """What a manager asked for cannot be done; the message is a sentence that says why."""


class MayBeDone(CannotCall):
    """The provider's answer was lost: what the manager asked for may have happened."""


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
                "The provider gave no answer that tells: it may have been done. Look before "
                "you try again."
            )
        ) from None
    except VoicenterError as error:
        sentence = gettext("It did not work: %(problem)s")
        raise CannotCall(sentence % {"problem": error}) from None


def user_id(user: object) -> object:
    """Who it was, for the log; None for nobody."""
    return getattr(user, "pk", None)
