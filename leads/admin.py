"""The part of the lead sources' admin that needs nothing from `callbacks`.

`callbacks.admin` registers LeadSource and Lead, since their pages show how calls are made.
"""

from typing import Any

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import DataError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextInputWidget

from leads.models import validate_country


class _ChangeList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """An address that asks for what no row can be is answered as any wrong one is."""

    def get_results(self, request: HttpRequest) -> None:
        """Raises IncorrectLookupParameters for a year 99999999999, and the like."""
        try:
            super().get_results(request)
        except (DataError, OverflowError, ValueError) as problem:
            raise IncorrectLookupParameters(problem) from problem


class Admin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The theme's ModelAdmin, hardened against query strings that PostgreSQL would refuse.

    `list_refresh`: the list shows what is new by itself (static/admin_extra/refresh.js).
    """

    list_refresh = False

    @property
    def media(self) -> forms.Media:
        """With the script that refreshes a list, where there is to be one."""
        media: forms.Media = super().media
        return media + forms.Media(js=["admin_extra/refresh.js"]) if self.list_refresh else media

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Django's rule, without look-ups by regular expression and without NUL characters.

        PostgreSQL refuses those, which would be an error 500; so they are answered 400.
        """
        values = value if isinstance(value, list) else [value]
        if lookup.endswith("regex") or any("\x00" in str(one) for one in values):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """The theme's, which no address can break."""
        return _ChangeList


class LeadSourceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Names the country code that is wrong: Django drops the validator's message for list items."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if target := self.fields.get("sla_target"):
            target.widget.attrs["min"] = 1
            sentence = _("Enter 1 second or more.")
            target.error_messages["min_value"] = sentence
            # Django's own field only knows the database's condition, with another message.
            target.validators.append(MinValueValidator(1, sentence))

    def clean_allowed_countries(self) -> list[str]:
        """Checks each country code."""
        countries: list[str] = self.cleaned_data["allowed_countries"]
        for code in countries:
            validate_country(code)
        return countries

    def clean(self) -> dict[str, Any]:
        """A calling window has both its times: the error stands beside the missing one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for here, there in (("call_from", "call_until"), ("call_until", "call_from")):
            if here in cleaned and cleaned[here] is None and cleaned.get(there) is not None:
                sentence = gettext("Enter this time too, or leave both empty to call at any hour.")
                self.add_error(here, sentence)
        return cleaned


class LeadSourceAdmin(Admin):
    """Lead sources: where leads come from, and which numbers each source accepts."""

    form = LeadSourceForm
    list_display = [
        "name", "slug", "is_active", "default_country", "allowed_countries", "sla_target",
    ]  # fmt: skip
    search_fields = ["name", "slug"]
    show_full_result_count = False
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}
    fieldsets = [
        (None, {"fields": [("name", "slug"), ("language", "is_active")]}),
        (
            _("Numbers that are called"),
            {"fields": ["default_country", "allowed_countries"]},
        ),
        (_("Promise"), {"fields": [("sla_target", "sla_clock"), "least_talk", "priority"]}),
        (_("When leads are called"), {"fields": [("call_from", "call_until"), "offers_times"]}),
        (_("Form on other websites"), {"fields": ["allowed_origins"]}),
    ]
