"""Lead sources in the admin, as far as `leads` knows them.

`callbacks.admin` registers LeadSource and Lead: their pages show how calls are made.
"""

from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from leads.models import validate_country


class Admin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The theme's, for addresses that anybody may have written."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Django's rule, without what makes PostgreSQL refuse the query: the answer is 400."""
        values = value if isinstance(value, list) else [value]
        if lookup.endswith("regex") or any("\x00" in str(one) for one in values):
            return False
        return bool(super().lookup_allowed(lookup, value, request))


class LeadSourceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Says which country is none: Django's form drops the validator's words for a list's items."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if target := self.fields.get("sla_target"):
            target.widget.attrs["min"] = 1
            target.error_messages["min_value"] = "Enter 1 second or more."
            # Of the field alone: the database's own condition says it in other words.
            target.validators.append(MinValueValidator(1, "Enter 1 second or more."))

    def clean_allowed_countries(self) -> list[str]:
        """Each is a country."""
        countries: list[str] = self.cleaned_data["allowed_countries"]
        for code in countries:
            validate_country(code)
        return countries

    def clean(self) -> dict[str, Any]:
        """A calling window has both its times; said where the one is missing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for here, there in (("call_from", "call_until"), ("call_until", "call_from")):
            if here in cleaned and cleaned[here] is None and cleaned.get(there) is not None:
                self.add_error(here, "Enter this time too, or leave both empty: at any hour.")
        return cleaned


class LeadSourceAdmin(Admin):
    """Where leads come from, and which numbers are accepted from there."""

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
            "Numbers that are called",
            {"fields": ["default_country", "allowed_countries"]},
        ),
        ("Promise", {"fields": [("sla_target", "sla_clock"), "priority"]}),
        ("When leads are called", {"fields": [("call_from", "call_until"), "offers_times"]}),
        ("Form on other websites", {"fields": ["allowed_origins"]}),
    ]
