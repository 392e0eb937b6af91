"""The extension's form: its checks and their messages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from callbacks.admin import form_errors
from callbacks.models import Extension, Schedule
from callbacks.models.extensions import LANGUAGE, is_telephone_number
from callbacks.opening_hours import calendar as opening_hours
from callbacks.voicenter import to_e164
from leads import languages, one_line


class LanguagesField(forms.CharField):
    """Codes separated by commas. A list in the code."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """The text for a list; typed text stays as typed."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """The codes. Raises ValidationError, naming the one that is wrong or appears twice."""
        codes = [_spelled(code) for code in str(value or "").split(",") if code.strip()]
        for number, code in enumerate(codes):
            try:
                LANGUAGE(code)
            except ValidationError:
                raise ValidationError(
                    gettext(
                        "%(code)s is not a language code. "
                        "Use codes like he, en, ru, separated by commas."
                    )
                    % {"code": code}
                ) from None
            if code in codes[:number]:
                raise ValidationError(
                    gettext("%(code)s appears twice. Enter each language once.") % {"code": code}
                )
        return codes

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the text differs from the list."""
        try:
            return self.clean(data) != (initial or [])
        except ValidationError:
            return True


def _spelled(code: str) -> str:
    """ " HE" -> "he", "iw" -> "he"; a region keeps its case."""
    return languages.todays(code.strip())


class ExtensionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Refuses a phone that exists already and hours that never meet."""

    may_enter_numbers = False  # True for users with callbacks.enter_phone_numbers

    languages = LanguagesField(
        label=_("Languages"),
        required=False,
        help_text=_(
            "Languages the salesperson speaks, separated by commas: he, en, ru. Empty: any."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form_errors.at_least_one(
            self,
            "tier",
            gettext("Tiers start at 1. Enter 1 for the extensions that get calls first."),
        )
        form_errors.at_least_one(
            self,
            "weight",
            gettext(
                "Enter 1 to 100. To give it fewer calls, raise the weight of the others. To give "
                "it none, switch it off."
            ),
        )
        form_errors.say(self, "weight", "max_value", "Enter 1 to 100.")
        form_errors.at_least_one(
            self,
            "daily_cap",
            gettext("Enter 1 or more, or leave this empty to use the team's limit."),
        )
        form_errors.say(
            self,
            "number",
            "unique",
            gettext("An extension with this number already exists. Open it instead."),
        )

    def clean(self) -> dict[str, Any]:
        """Refuses a phone that exists in another spelling or that the user may not enter, a login
        that is off, and hours that never meet.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if twin := self._same_phone(cleaned.get("number") or ""):
            self.add_error(
                "number",
                gettext("Extension %(twin)s already uses this phone. Open it instead.")
                % {"twin": twin},
            )
        if self._rings_a_number_unasked(cleaned):
            self.add_error(
                "number",
                gettext(
                    "You do not have permission to use telephone numbers as extensions. Ask for "
                    "it, or enter an extension of the account."
                ),
            )
        user = cleaned.get("user")
        if user and "user" in self.changed_data and not user.is_active:
            self.add_error(
                "user",
                gettext(
                    "The login of %(name)s is switched off, so their phone gets no calls. Switch "
                    "the login on first, or choose somebody else."
                )
                % {"name": user.get_full_name() or user.get_username()},
            )
        team, own = cleaned.get("team"), cleaned.get("schedule")
        if team and own and (words := _never_meet(team.schedule, own)):
            self.add_error("schedule", words)
        return cleaned

    def _rings_a_number_unasked(self, cleaned: dict[str, Any]) -> bool:
        """Whether a user without the right is changing which telephone number is rung."""
        changed = {"number", "kind"} & set(self.changed_data)
        kind, number = cleaned.get("kind") or "", cleaned.get("number") or ""
        return bool(changed) and not self.may_enter_numbers and is_telephone_number(kind, number)

    def _same_phone(self, number: str) -> Extension | None:
        phone = to_e164(number)
        if phone is None:
            return None
        spellings = set()
        for it in one_line.spellings(phone):
            spellings |= {it.lstrip("+"), "00" + it.lstrip("+")}
            if it.startswith("+972"):
                spellings.add("0" + it.removeprefix("+972"))
        # The unique constraint refuses the same spelling.
        others = Extension.objects.filter(number__in=spellings - {number})
        return others.exclude(pk=self.instance.pk).first()


def _never_meet(teams: Schedule | None, own: Schedule) -> str:
    now = timezone.now()
    calendar = own.calendar()
    if opening_hours.next_opening(calendar, now) is None:
        return gettext(
            "%(own)s never opens, so this phone would get no calls. Add opening hours to it first."
        ) % {"own": own}
    # A team that never opens is reported on its own page.
    if teams is None or opening_hours.next_opening(teams.calendar(), now) is None:
        return ""
    if opening_hours.next_common_opening([calendar, teams.calendar()], now) is None:
        return gettext(
            "%(own)s and the team's hours, %(teams)s, never overlap, so this phone would get "
            "no calls. Choose another schedule, or none."
        ) % {"own": own, "teams": teams}
    return ""
