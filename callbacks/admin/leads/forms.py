"""Forms for a manager's commands: the extension, the recording, the reason."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from callbacks.access.scope import Scope
from callbacks.admin.extensions import state
from callbacks.calling import hours_by_hand
from callbacks.models import Extension, SourceMessages
from callbacks.models.parameters import validate_record_name
from leads.models import Lead, LeadStatus

# The lead was tried and not reached, so the given-up message fits best.
_TRIED = (LeadStatus.UNREACHED, LeadStatus.FAILED, LeadStatus.CALLED)


def extensions_for(lead: Lead, seen: Scope) -> list[Extension]:
    """The extensions of teams that answer the lead's source, as far as the user may see them.
    Those that can ring come first.
    """
    extensions = state.loaded(
        Extension.objects.filter(
            seen.of_teams("team"),
            team__sources=lead.source_id,
            team__is_active=True,
            is_active=True,
        ).order_by("number")
    )
    return sorted(extensions, key=lambda extension: not _can_ring(extension))


def _can_ring(extension: Extension) -> bool:
    """Whether claim.claim_chosen would accept it. Only saves a useless click: that rule decides."""
    return not extension.is_blocked and state.live_attempt(extension) is None


class _Radios(forms.RadioSelect):
    """Radio buttons, some of them disabled."""

    def __init__(self, unavailable: Collection[str]) -> None:
        super().__init__(attrs={"class": "choice"})
        self._unavailable = unavailable

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self._unavailable:
            option["attrs"]["disabled"] = True
        return option


class _AsksAboutTheHour(forms.Form):
    """Asks for confirmation before ringing a number where it may be night."""

    def ask_about_the_hour(self, lead: Lead, now: datetime) -> None:
        """Adds the box to tick as the last field, if it is needed."""
        if said := hours_by_hand.question(lead, now):
            self.fields["sure"] = forms.BooleanField(
                label=gettext("Call now, although it may be night there"),
                help_text=said,
                widget=UnfoldBooleanWidget(),
                error_messages={"required": gettext("Tick this box, or call at another hour.")},
            )

    def is_sure(self) -> bool:
        """Whether the box was shown and ticked. For a valid form."""
        return bool(self.cleaned_data.get("sure"))


class CallWithForm(_AsksAboutTheHour):
    """Which extension is to ring. Shows what each is doing now."""

    def __init__(
        self, lead: Lead, extensions: Sequence[Extension], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        now = timezone.now()
        self._extensions = {str(it.pk): it for it in extensions}
        self.fields["extension"] = forms.ChoiceField(
            choices=[(pk, _choice(it, now)) for pk, it in self._extensions.items()],
            widget=_Radios([pk for pk, it in self._extensions.items() if not _can_ring(it)]),
            error_messages={
                "required": gettext("Choose an extension."),
                "invalid_choice": gettext("Choose one of these extensions."),
            },
        )
        self.ask_about_the_hour(lead, now)

    def chosen(self) -> Extension:
        """The extension. For a valid form."""
        return self._extensions[self.cleaned_data["extension"]]


def _choice(extension: Extension, now: datetime) -> SafeString:
    return format_html("<bdi>{}</bdi> {}", extension, state.shown(extension, now, linked=False))


class BlockForm(forms.Form):
    """The reason for never calling a number again."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "dir": "auto"}),
        help_text=_("Shown on the never-call list."),
    )


class LegalHoldForm(forms.Form):
    """The reason why a lead must be kept."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "dir": "auto"}),
        help_text=_("Which law or dispute requires keeping it. Do not enter names or numbers."),
        error_messages={"required": _("Enter the reason.")},
    )


class PlayForm(_AsksAboutTheHour):
    """Which recording to play. Suggests the source's own."""

    record_name = forms.CharField(
        label=_("Name of the recording"),
        max_length=100,
        validators=[validate_record_name],
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "dir": "auto"}),
        error_messages={"required": _("Enter the recording's name.")},
    )

    def __init__(self, lead: Lead, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = SourceMessages.objects.filter(source=lead.source_id).first()
        names = [said.when_closed, said.when_given_up] if said else []
        if lead.status in _TRIED:
            names.reverse()
        self.ask_about_the_hour(lead, timezone.now())
        own = [name for name in names if name]
        field = self.fields["record_name"]
        field.initial = own[0] if own else ""
        field.help_text = gettext("Its name at the provider, without the file extension.")
        if len(set(own)) > 1:
            field.help_text += gettext(" This source uses %(0)s and %(1)s.") % {
                "0": own[0],
                "1": own[1],
            }
