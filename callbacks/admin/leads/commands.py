"""Call now, call with, play, cancel: what each asks, does, and writes into the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin import html
from callbacks.admin.confirm import Confirmation
from callbacks.calling import manual
from callbacks.common.translation import Text
from callbacks.models import Extension
from leads.models import Lead


@dataclass(frozen=True)
class LeadAct:
    """Something a manager does to leads.

    `run(lead_id, user)` returns a sentence for the manager or raises manual.CannotCall; `logged`
    is what the log says. It commits an intention and asks the provider nothing: a worker does.
    """

    run: Callable[[int, Any], str]
    logged: Text
    title: Text
    explanation: Text
    button: Text
    danger: bool = False

    def question(
        self,
        leads: Sequence[Lead],
        back: str,
        action: str = "",
        form: forms.Form | None = None,
    ) -> Confirmation:
        """What is asked before it is done to `leads`."""
        return Confirmation(
            title=self.title,
            explanation=self.explanation,
            button=self.button,
            things=[
                format_html("<bdi>{}</bdi>, {}", it.name, html.phone(it.phone)) for it in leads
            ],
            back=back,
            danger=self.danger,
            action=action,
            chosen=[lead.pk for lead in leads] if action else [],
            form=form,
        )


def _not_chosen_yet(_lead_id: int, _user: object) -> str:
    raise manual.CannotCall(gettext("Nothing was chosen."))


CALL = LeadAct(
    run=manual.call_now,
    logged=_("Call now"),
    title=_("Call now?"),
    explanation=_(
        "The phone of a free salesperson rings first. When they answer, this number is "
        "called and the two are connected."
    ),
    button=_("Call now"),
)
CANCEL = LeadAct(
    run=manual.cancel,
    logged="Cancelled",
    title=_("Cancel the callback?"),
    explanation=_(
        "Nobody will call this number for this request any more. You can still have it "
        "called later with “Call now”."
    ),
    button=_("Cancel the callback"),
    danger=True,
)
CALL_WITH = LeadAct(
    run=_not_chosen_yet,
    logged=_("Call now"),
    title=_("Call now with one extension?"),
    explanation=_(
        "The extension that you choose rings at once, also when it is paused, out or "
        "off shift. When it is answered, this number is called and the two are "
        "connected."
    ),
    button=_("Call now"),
)
PLAY = LeadAct(
    run=_not_chosen_yet,
    logged="Message",
    title=_("Play a message?"),
    explanation=_(
        "This number is called now, and whoever answers hears the record. No "
        "salesperson is on the line, and the request stays as it is."
    ),
    button=_("Play the message"),
)


def call_with(extension: Extension) -> LeadAct:
    """CALL_WITH, with the extension chosen."""

    def run(lead_id: int, user: object) -> str:
        return manual.call_with(lead_id, extension.pk, user)

    return replace(
        CALL_WITH,
        run=run,
        logged=gettext("Call now with extension %(extension)s") % {"extension": extension},
    )


def play(record_name: str) -> LeadAct:
    """PLAY, with the record named."""

    def run(lead_id: int, user: object) -> str:
        return manual.play(lead_id, record_name, user)

    return replace(
        PLAY,
        run=run,
        logged=gettext("Played the message %(record_name)s") % {"record_name": record_name},
    )


def carry_out(model_admin: Any, request: HttpRequest, leads: Sequence[Lead], what: LeadAct) -> None:
    """Does it to each lead; one that is refused does not keep the others from it."""
    for lead in leads:
        try:
            # The log entry is committed with the act, or neither is.
            with transaction.atomic():
                said = what.run(lead.pk, request.user)
                model_admin.log_change(request, lead, what.logged)
        except manual.CannotCall as refusal:
            model_admin.message_user(request, f"{lead.name}: {refusal}", messages.ERROR)
        else:
            model_admin.message_user(request, f"{lead.name}: {said}", messages.SUCCESS)
