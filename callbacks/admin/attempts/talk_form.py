"""The form for the result of a talk, at the desk and in the admin."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from callbacks.calling.after_talk import Writing
from callbacks.models import CallAttempt, CallNote
from callbacks.models.call_notes import LONGEST_NOTE
from callbacks.routing import config
from callbacks.scheduling import follow_up_times
from callbacks.scheduling.follow_up_times import OfferedTime, TimeRefused
from leads.models import Disposition, DispositionEffect
from leads.typed_text import clean_text

_MOST_DIGITS = 18  # of an id in the database


class TalkForm(forms.Form):
    """A disposition, with the time of a follow-up if it needs one, and a note.

    `choice` is "<disposition>", or "<disposition>@<time>" for a button that names its time.
    Otherwise `again` holds the time. `instead`: the next possible time, if the chosen time is
    refused.
    """

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "autocomplete": "off"}),
    )
    again = forms.CharField(
        label=_("Call again at"),
        required=False,
        max_length=40,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    choice = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        attempt: CallAttempt,
        stands: CallNote | None,
        now: datetime,
        zone: ZoneInfo,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        at = stands.call_again_at if stands else None
        initial = {
            "note": stands.note if stands else "",
            "seen": stands.pk if stands else None,
            "again": at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else "",
        }
        super().__init__(data, initial=initial)
        self.attempt, self.stands, self.now, self.zone = attempt, stands, now, zone
        self.offered = list(Disposition.objects.filter(is_active=True))
        self.instead: OfferedTime | None = None

    @property
    def times(self) -> list[OfferedTime]:
        """The times offered as buttons."""
        lead = self.attempt.lead
        current = config.current()
        return follow_up_times.offered(current, lead.source_id, lead.phone, self.now, self.zone)

    def clean_note(self) -> str:
        """Removes characters that are not text; line ends become "\\n"."""
        return clean_text(self.cleaned_data["note"])

    def clean(self) -> dict[str, Any]:
        """Adds `writing`, which is what to store."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        pk, _at, told = cleaned.get("choice", "").partition("@")
        typed = told or cleaned.get("again", "")
        is_another_time = bool(told) or ("again" in self.changed_data and bool(typed))
        disposition = self._disposition(pk, is_another_time=is_another_time)
        if self.errors:
            return cleaned
        note, call_again_at = cleaned.get("note", ""), None
        if disposition is None and not note:
            raise forms.ValidationError(gettext("Choose how it went, or write a note."))
        if disposition and disposition.effect == DispositionEffect.CALL_AGAIN:
            call_again_at = self._time(typed, disposition)
        cleaned["writing"] = Writing(disposition, note, call_again_at)
        return cleaned

    def _disposition(self, pk: str, *, is_another_time: bool) -> Disposition | None:
        """The chosen disposition. Without a choice: the first that calls again if there is a new
        time, or else the one that stands.
        """
        before = self.stands.disposition if self.stands else None
        if not pk:
            calls_again = (it for it in self.offered if is_another_time and _calls_again(it))
            return next(calls_again, before)
        known = {str(it.pk): it for it in [*self.offered, *([before] if before else [])]}
        if pk not in known:
            self.add_error(None, gettext("That choice is no longer available. Choose another."))
        return known.get(pk)

    def _time(self, typed: str, disposition: Disposition) -> datetime | None:
        before = self.stands
        unchanged = not typed or typed == self.initial["again"]
        if before and before.disposition == disposition and before.call_again_at and unchanged:
            return before.call_again_at
        if not typed:
            self.add_error("again", gettext("Choose when to call again."))
            return None
        lead = self.attempt.lead
        try:
            return follow_up_times.chosen(
                typed, config.current(), lead.source_id, lead.phone, self.now, self.zone
            )
        except TimeRefused as refused:
            self.add_error("again", str(refused))
            if refused.instead:
                self.instead = follow_up_times.instead(refused.instead, self.now, self.zone)
            return None


def _calls_again(disposition: Disposition) -> bool:
    return disposition.effect == DispositionEffect.CALL_AGAIN


class ManagersTalkForm(TalkForm):
    """The same as one form in the admin, with the dispositions as radio buttons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        before = self.stands.disposition if self.stands else None
        shown = self.offered + [it for it in [before] if it and it not in self.offered]
        self.fields["choice"] = forms.ChoiceField(
            label=_("How did it go?"),
            required=False,
            choices=[(str(it.pk), it.name) for it in shown],
            initial=str(before.pk) if before else None,
            widget=forms.RadioSelect(attrs={"class": "choice"}),
            error_messages={
                "invalid_choice": gettext("That choice is no longer available. Choose another.")
            },
        )
        self.fields["again"].widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
        self.fields["again"].help_text = gettext(
            "For “Call again”. The time is that of %(zone)s."
        ) % {"zone": self.zone.key}
        self.fields["note"].widget = UnfoldAdminTextareaWidget(attrs={"rows": 4, "dir": "auto"})
        self.order_fields(["choice", "again", "note", "seen"])
