"""The forms of a team: their checks and messages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin import form_errors
from callbacks.models import Team
from leads.admin import demand_both_times

NO_EXTENSION = _(
    "The team has no extension switched on, so nobody would get its calls. Add one "
    "below, or save the team switched off."
)
NO_SOURCE = _(
    "A team that is switched on must answer at least one source. Add one here, or "
    "switch the team off."
)

PEOPLE = "extensions"  # the prefix of the rows below the team

# In words for managers; callbacks.routing.rules has the rules.
STRATEGIES = {
    "Longest idle": _(
        "The person who has gone longest without a call, counted from the end of their "
        "last one. People with long talks get fewer calls."
    ),
    "Round robin": _(
        "Everyone in turn: the person whose last call started longest ago, however long "
        "their calls take."
    ),
    "Priority tiers with weights": _(
        "Within a tier, an extension with weight 2 gets twice as many calls as one with weight 1."
    ),
    "Fair by conversations": _(
        "Everyone gets an equal share of conversations. A call that did not become a "
        "conversation does not count. Weights apply here too."
    ),
}


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A team, which must have an extension to ring if it is on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty = gettext("Enter 1 or more, or leave this empty for no limit.")
        form_errors.at_least_one(self, "daily_cap", empty)
        form_errors.at_least_one(self, "opening_rate", empty)
        if strategy := self.fields.get("strategy"):
            strategy.help_text = format_html(
                '<dl class="explains">{}</dl>',
                format_html_join("", "<dt>{}</dt><dd>{}</dd>", STRATEGIES.items()),
            )
        form_errors.say(
            self,
            "name",
            "unique",
            gettext("A team with this name already exists. Choose another name."),
        )

    def clean(self) -> dict[str, Any]:
        """Requires both times of a calling window, or neither."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        demand_both_times(self, cleaned)
        return cleaned

    def clean_is_active(self) -> bool:
        """Refuses an active team without an active extension."""
        is_active: bool = self.cleaned_data["is_active"]
        adds_people = f"{PEOPLE}-TOTAL_FORMS" in self.data  # then PeopleFormSet checks
        if is_active and not adds_people and not has_extension(self.instance):
            raise ValidationError(NO_EXTENSION)
        return is_active


class TeamSourceFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The sources of one team."""

    def clean(self) -> None:
        """Refuses the same source twice, and an active team that answers none."""
        super().clean()
        if any(self.errors):
            return
        rows = [form.cleaned_data for form in self.forms if form not in self.deleted_forms]
        sources = [row["source"] for row in rows if row.get("source")]
        if self.instance.is_active and not sources:
            raise ValidationError(NO_SOURCE)

    def get_unique_error_message(self, unique_check: Any) -> str:  # noqa: ARG002  # Django's
        """For a source in two rows."""
        return gettext("This source appears twice. Keep one of its rows.")


class PeopleFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """New extensions of a team, with the people who use them."""

    def clean(self) -> None:
        """Refuses an active team without an active extension."""
        super().clean()
        if any(self.errors) or not self.instance.is_active or has_extension(self.instance):
            return
        rows = [form.cleaned_data for form in self.forms if form.has_changed()]
        if not any(row.get("is_active") for row in rows):
            raise ValidationError(NO_EXTENSION)


def has_extension(team: Team) -> bool:
    """Whether an extension of the team is switched on."""
    return not team._state.adding and team.extensions.filter(is_active=True).exists()
