"""The form that a salesperson pauses a phone with."""

from datetime import datetime, tzinfo

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from callbacks.extensions import pauses
from callbacks.extensions.pauses import PauseLength
from callbacks.models.pauses import PauseReason

_SOMETHING_ELSE = ("", _("Something else"))


class PauseForm(forms.Form):
    """How long, and why: one tap each, and an optional note."""

    lasts = forms.ChoiceField(
        label=_("For how long?"),
        choices=PauseLength.choices,
        initial=PauseLength.QUARTER,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how long."),
            "invalid_choice": _("Choose one of these times."),
        },
    )
    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=[*PauseReason.choices, _SOMETHING_ELSE],
        initial=PauseReason.BREAK,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of these reasons.")},
    )
    note = forms.CharField(
        label=_("Anything to add?"),
        max_length=80,  # with the reason, still within pauses.LONGEST_REASON
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def change(self, now: datetime, zone: tzinfo) -> pauses.PauseChange:
        """The pause that the salesperson chose. The form must be valid."""
        reason_and_note = (self.cleaned_data["reason"], self.cleaned_data["note"])
        until = pauses.pause_ends(PauseLength(self.cleaned_data["lasts"]), now, zone)
        with translation.override(settings.LANGUAGE_CODE):  # managers read it
            return pauses.pause(until, ", ".join(filter(None, reason_and_note)), now, zone)
