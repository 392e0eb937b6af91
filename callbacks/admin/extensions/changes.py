"""What a manager changes about whether an extension is rung: what is asked, and what is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from callbacks.admin.confirm import Confirmation
from callbacks.extensions import pauses
from callbacks.extensions.pauses import PauseLength, PauseReason
from callbacks.models import Extension


@dataclass(frozen=True)
class Act:
    """A change in a manager's words; of a pause, which its form completes, `change` is None."""

    verb: str
    explanation: str
    done: str
    already: str
    change: pauses.PauseChange | None = None

    def question(
        self,
        extensions: Sequence[Extension],
        back: str,
        action: str = "",
        form: forms.Form | None = None,
    ) -> Confirmation:
        """What is asked before it is done to `extensions`."""
        which = "this extension" if len(extensions) == 1 else f"these {len(extensions)} extensions"
        return Confirmation(
            title=f"{self.verb} {which}?",
            explanation=self.explanation,
            button=self.verb,
            things=[str(extension) for extension in extensions],
            back=back,
            action=action,
            chosen=[extension.pk for extension in extensions],
            form=form,
        )


PAUSE = Act(
    verb="Pause",
    explanation="It is not rung for leads until the pause is over or somebody un-pauses it. A call "
    "that is on goes on. One that is paused already is paused like this instead.",
    done="is paused",
    already="is paused like that already",
)
UNPAUSE = Act(
    verb="Un-pause",
    explanation="It is rung again at once if somebody waits for a call.",
    done="is rung again",
    already="is not paused",
    change=pauses.UNPAUSE,
)
CLEAR_BLOCK = Act(
    verb="Clear block",
    explanation="Do this once the provider has allowed the extension for Click2Call; otherwise "
    "the next call marks it as blocked again.",
    done="is no longer marked as blocked",
    already="is not blocked",
    change=pauses.CLEAR_BLOCK,
)
BRING_BACK = Act(
    verb="Ring again",
    explanation="It was left out for a while: offline, not answered, or in the conference room. "
    "Bring it back when somebody sits there again.",
    done="is rung again",
    already="is not out",
    change=pauses.BRING_BACK,
)


class ExtensionPauseForm(forms.Form):
    """For how long, and why."""

    lasts = forms.ChoiceField(
        label="For how long",
        choices=PauseLength.choices,
        widget=forms.RadioSelect(attrs={"class": "choice"}),
        error_messages={
            "required": "Choose for how long.",
            "invalid_choice": "Choose one of these times.",
        },
    )
    reason = forms.CharField(
        label="Why",
        max_length=pauses.LONGEST_REASON,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text="Colleagues read it. For example: "
        + ", ".join(label.lower() for label in PauseReason.labels)
        + ".",
    )

    def act(self) -> Act:
        """PAUSE as it was chosen, once the form is valid. The day is the site's."""
        now, zone = timezone.now(), timezone.get_current_timezone()
        until = pauses.pause_ends(PauseLength(self.cleaned_data["lasts"]), now, zone)
        reason = self.cleaned_data["reason"]
        return replace(PAUSE, change=pauses.pause(until, reason, now, zone))


def carry_out(
    model_admin: Any, request: HttpRequest, extensions: Sequence[Extension], act: Act
) -> None:
    """Does it to each, where nobody was first; tells the manager."""
    if act.change is None:
        raise ValueError("a pause needs its form")
    for extension in extensions:
        if pauses.carry_out(act.change, extension, request.user):
            model_admin.message_user(request, f"{extension} {act.done}.", messages.SUCCESS)
        else:
            model_admin.message_user(request, f"{extension} {act.already}.", messages.WARNING)
