"""Commands that change whether an extension is rung: the question, the change, the message."""

from functools import partial
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from callbacks.admin.commands import Command, NothingToDo
from callbacks.common.translation import Text
from callbacks.extensions import pauses
from callbacks.extensions.pauses import PauseLength
from callbacks.models import Extension


def _change(
    change: pauses.PauseChange, done: Text, already: Text, extension: Extension, user: Any
) -> str:
    """Makes the change, which `pauses` logs. `done` and `already` are whole sentences."""
    named = {"extension": extension}
    if pauses.carry_out(change, extension, user):
        return str(done) % named
    raise NothingToDo(str(already) % named)


def _not_chosen_yet(_extension: Extension, _user: object) -> str:
    raise ValueError("a pause needs its form")


PAUSE = Command(
    run=_not_chosen_yet,
    title=_("Pause this extension?"),
    title_of_several=_("Pause these %(count)d extensions?"),
    button=_("Pause"),
    explanation=_(
        "It gets no calls for leads until the pause ends or somebody un-pauses it. A "
        "call in progress continues. If it is already paused, this pause replaces the "
        "old one."
    ),
)
UNPAUSE = Command(
    run=partial(
        _change,
        pauses.UNPAUSE,
        _("%(extension)s gets calls again."),
        _("%(extension)s is not paused."),
    ),
    title=_("Un-pause this extension?"),
    title_of_several=_("Un-pause these %(count)d extensions?"),
    button=_("Un-pause"),
    explanation=_("It gets a call at once if a lead is waiting."),
)
CLEAR_BLOCK = Command(
    run=partial(
        _change,
        pauses.CLEAR_BLOCK,
        _("%(extension)s is no longer marked as blocked."),
        _("%(extension)s is not blocked."),
    ),
    title=_("Clear the block of this extension?"),
    title_of_several=_("Clear the block of these %(count)d extensions?"),
    button=_("Clear block"),
    explanation=_(
        "Do this once the provider allows Click2Call for the extension. Otherwise the "
        "next call marks it as blocked again."
    ),
)
BRING_BACK = Command(
    run=partial(
        _change,
        pauses.BRING_BACK,
        _("%(extension)s gets calls again."),
        _("%(extension)s is already available."),
    ),
    title=_("Make this extension available again?"),
    title_of_several=_("Make these %(count)d extensions available again?"),
    button=_("Make available"),
    explanation=_(
        "It gets no calls for a while because it was offline, did not answer, or is in "
        "the conference room. Make it available when somebody is there again."
    ),
)


class ExtensionPauseForm(forms.Form):
    """How long the pause lasts, and why."""

    lasts = forms.ChoiceField(
        label=_("For how long"),
        choices=PauseLength.choices,
        widget=forms.RadioSelect(attrs={"class": "choice"}),
        error_messages={
            "required": _("Choose how long."),
            "invalid_choice": _("Choose one of these times."),
        },
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=pauses.LONGEST_REASON,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("Colleagues see it. For example: lunch, meeting, paperwork."),
    )

    def command(self) -> Command[Extension]:
        """PAUSE with what was chosen. For a valid form. Days are in the site's time zone."""
        now, zone = timezone.now(), timezone.get_current_timezone()
        until = pauses.pause_ends(PauseLength(self.cleaned_data["lasts"]), now, zone)
        reason = self.cleaned_data["reason"]
        change = pauses.pause(until, reason, now, zone)
        done, already = (
            _("%(extension)s is paused."),
            _("%(extension)s already has this pause."),
        )
        return PAUSE.doing(partial(_change, change, done, already))
