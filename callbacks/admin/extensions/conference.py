"""Calling an extension into the conference room, from its page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from callbacks.admin.commands import Command
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.extensions.state import live_attempt
from callbacks.calling import conference, manual_requests
from callbacks.common.formatting import in_words
from callbacks.models import Extension
from callbacks.models.parameters import complaint
from callbacks.voicenter import Callference, InvalidCall


class RoomForm(forms.Form):
    """Which conference room."""

    room_code = forms.CharField(
        label=_("Room code"),
        max_length=64,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("The room's entry code, as set up at the provider. Optional."),
    )

    def clean_room_code(self) -> str:
        """Refuses a code that the provider cannot understand."""
        code: str = self.cleaned_data["room_code"]
        try:
            Callference(phone="101", bbbcode=code or None)
        except InvalidCall as problem:
            raise ValidationError(complaint(problem)) from None
        return code


def can_join(extension: Extension) -> bool:
    """Whether to offer the conference. Expects a `loaded` extension."""
    return (
        extension.is_active
        and not extension.is_blocked
        and extension.kind in manual_requests.BY_NUMBER
        and live_attempt(extension) is None
    )


def ask_or_call(model_admin: Any, request: HttpRequest, extension: Extension) -> HttpResponse:
    """Asks for the room's code, then calls the extension into the room."""
    page = reverse("admin:callbacks_extension_change", args=[extension.pk])
    form = RoomForm(request.POST if is_confirmed(request) else None)
    command: Command[Extension] = Command(
        # The code stays out of the log, because it opens the room.
        run=lambda it, user: conference.call_into_room(it.pk, form.cleaned_data["room_code"], user),
        title=gettext("Call this extension into the conference room?"),
        explanation=gettext(
            "Its phone rings, and the person who answers joins the room. It gets no calls "
            "for leads for %(lasts)s, the longest the call can last. “Make available” ends "
            "this sooner."
        )
        % {"lasts": in_words(conference.CONFERENCE_LASTS)},
        button=gettext("Call into the room"),
        logged=gettext("Called into the conference room"),
        asks_provider=True,
    )
    if not (is_confirmed(request) and form.is_valid()):
        return ask(
            request, model_admin, command.question([extension], request.user, back=page, form=form)
        )
    command.carry_out(model_admin, request, [extension])
    return HttpResponseRedirect(page)
