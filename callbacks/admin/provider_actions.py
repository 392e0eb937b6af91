"""What is asked of the provider while the manager waits: told, and written into the log."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext

from callbacks.calling import manual


def carry_out(
    model_admin: Any, request: HttpRequest, about: Model, act: Callable[[], str], *, logged: str
) -> None:
    """Does it, outside of any transaction: the provider may take seconds to answer.

    `act` returns a sentence or raises manual.CannotCall. The log, at the object it is `about`,
    tells what was done and what may have been.
    """
    try:
        said = act()
    except manual.MayBeDone as doubt:
        model_admin.log_change(
            request,
            about,
            gettext("%(logged)s; the provider's answer was lost") % {"logged": logged},
        )
        model_admin.message_user(request, str(doubt), messages.WARNING)
    except manual.CannotCall as refusal:
        model_admin.message_user(request, str(refusal), messages.ERROR)
    else:
        model_admin.log_change(request, about, logged)
        model_admin.message_user(request, said, messages.SUCCESS)
