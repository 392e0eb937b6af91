"""What a manager changes about whether an extension is rung: what is asked, and what is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from callbacks.admin.confirm import Confirmation
from callbacks.common.translation import Text
from callbacks.extensions import pauses
from callbacks.extensions.pauses import PauseLength
from callbacks.models import Extension


@dataclass(frozen=True)
class Act:
    """A change in a manager's words; of a pause, which its form completes, `change` is None."""

    title_of_one: Text
    title_of_several: Text
    button: Text
    explanation: Text
    done: Text
    already: Text
    change: pauses.PauseChange | None = None

    def question(
        self,
        extensions: Sequence[Extension],
        back: str,
        action: str = "",
        form: forms.Form | None = None,
    ) -> Confirmation:
        """What is asked before it is done to `extensions`."""
        title = self.title_of_several if len(extensions) > 1 else self.title_of_one
        return Confirmation(
            title=str(title) % {"count": len(extensions)},
            explanation=self.explanation,
            button=self.button,
            things=[str(extension) for extension in extensions],
            back=back,
            action=action,
            chosen=[extension.pk for extension in extensions],
            form=form,
        )


PAUSE = Act(
    title_of_one=_("Pause this extension?"),
    title_of_several=_("Pause these %(count)d extensions?"),
    button=_("Pause"),
    explanation=_(
        "It is not rung for leads until the pause is over or somebody un-pauses it. A "
        "call that is on goes on. One that is paused already is paused like this "
        "instead."
    ),
    done=_("is paused"),
    already=_("is paused like that already"),
)
UNPAUSE = Act(
    title_of_one=_("Un-pause this extension?"),
    title_of_several=_("Un-pause these %(count)d extensions?"),
    button=_("Un-pause"),
    explanation=_("It is rung again at once if somebody waits for a call."),
    done=_("is rung again"),
    already=_("is not paused"),
    change=pauses.UNPAUSE,
)
CLEAR_BLOCK = Act(
    title_of_one=_("Clear the block of this extension?"),
    title_of_several=_("Clear the block of these %(count)d extensions?"),
    button=_("Clear block"),
    explanation=_(
        "Do this once the provider has allowed the extension for Click2Call; otherwise "
        "the next call marks it as blocked again."
    ),
    done=_("is no longer marked as blocked"),
    already=_("is not blocked"),
    change=pauses.CLEAR_BLOCK,
)
BRING_BACK = Act(
    title_of_one=_("Ring this extension again?"),
    title_of_several=_("Ring these %(count)d extensions again?"),
    button=_("Ring again"),
    explanation=_(
        "It was left out for a while: offline, not answered, or in the conference room."
        " Bring it back when somebody sits there again."
    ),
    done=_("is rung again"),
    already=_("is not out"),
    change=pauses.BRING_BACK,
)


class ExtensionPauseForm(forms.Form):
    """For how long, and why."""

    lasts = forms.ChoiceField(
        label=_("For how long"),
        choices=PauseLength.choices,
        widget=forms.RadioSelect(attrs={"class": "choice"}),
        error_messages={
            "required": _("Choose for how long."),
            "invalid_choice": _("Choose one of these times."),
        },
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=pauses.LONGEST_REASON,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("Colleagues read it. For example: lunch, meeting, paperwork."),
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
        raise ValueError(gettext("a pause needs its form"))
    for extension in extensions:
        if pauses.carry_out(act.change, extension, request.user):
            model_admin.message_user(request, f"{extension} {act.done}.", messages.SUCCESS)
        else:
            model_admin.message_user(request, f"{extension} {act.already}.", messages.WARNING)
