"""What a team's page refuses, and with which words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet

from callbacks.admin import form_words
from callbacks.models import Extension, Team

NO_EXTENSION = (
    "It has no extension that is switched on: nobody would be rung. Save it switched off, add its "
    "extensions, then switch it on."
)
NO_SOURCE = (
    "A team that is switched on answers at least one source. Add one here, or switch the team off."
)


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A team that is on has somebody to ring."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty = "Enter 1 or more, or leave it empty for no limit."
        form_words.at_least_one(self, "daily_cap", empty)
        form_words.at_least_one(self, "opening_rate", empty)
        form_words.say(self, "name", "unique", "There is a team with this name. Choose another.")

    def clean_is_active(self) -> bool:
        """Refuses a team without an extension that is switched on."""
        is_active: bool = self.cleaned_data["is_active"]
        if is_active and not has_extension(self.instance):
            raise ValidationError(NO_EXTENSION)
        return is_active


class TeamSourceFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The sources of one team."""

    def clean(self) -> None:
        """Refuses a source twice, and a team that is on and answers none."""
        super().clean()
        if any(self.errors):
            return
        rows = [form.cleaned_data for form in self.forms if form not in self.deleted_forms]
        sources = [row["source"] for row in rows if row.get("source")]
        if self.instance.is_active and not sources:
            raise ValidationError(NO_SOURCE)

    def get_unique_error_message(self, unique_check: Any) -> str:  # noqa: ARG002  # Django's
        """One row a source."""
        return "This source is there twice. Keep one of its rows."


def has_extension(team: Team, besides: Extension | None = None) -> bool:
    """Whether an extension of the team is switched on, `besides` left aside."""
    if team._state.adding:
        return False
    extensions = team.extensions.filter(is_active=True)
    if besides is not None:
        extensions = extensions.exclude(pk=besides.pk)
    return bool(extensions.exists())
