"""What a salesperson says along with a pause."""

from datetime import datetime, tzinfo

from django import forms

from callbacks.extensions import pauses
from callbacks.extensions.pauses import PauseLength, PauseReason

_SOMETHING_ELSE = ("", "Something else")


class PauseForm(forms.Form):
    """For how long, and why. Made of what needs one touch each; words may be added."""

    lasts = forms.ChoiceField(
        label="For how long?",
        choices=PauseLength.choices,
        initial=PauseLength.QUARTER,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose for how long.",
            "invalid_choice": "Choose one of these times.",
        },
    )
    reason = forms.ChoiceField(
        label="Why?",
        choices=[*PauseReason.choices, _SOMETHING_ELSE],
        initial=PauseReason.BREAK,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose one of these reasons."},
    )
    note = forms.CharField(
        label="Anything to add?",
        max_length=80,  # with the reason before it, still within availability.LONGEST_REASON
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def change(self, now: datetime, zone: tzinfo) -> pauses.PauseChange:
        """The pause that was chosen, once the form is valid."""
        said = (self.cleaned_data["reason"], self.cleaned_data["note"])
        until = pauses.pause_ends(PauseLength(self.cleaned_data["lasts"]), now, zone)
        return pauses.pause(until, ", ".join(filter(None, said)), now, zone)
