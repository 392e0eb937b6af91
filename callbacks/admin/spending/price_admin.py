"""Call prices: what calls are taken to cost, by how their number begins."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from callbacks.models import CallPrice
from leads import countries
from leads.admin import Admin
from leads.guard import block_values
from leads.guard.block_values import NotAnEntry

_A_CODE = 2  # letters


class CountryField(forms.CharField):
    """A country's name or code, as a manager types it; its code."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: str) -> str:
        """The name of what is stored."""
        return countries.name(value) if value and len(value) == _A_CODE else value

    def clean(self, value: str) -> str:
        """Raises ValidationError for what is no country."""
        typed: str = super().clean(value)
        if not typed:
            return ""
        found = countries.code(typed)
        if not found:
            raise forms.ValidationError(
                _("There is no country “%(typed)s”. Enter its English name or two-letter code."),
                params={"typed": typed},
            )
        return found


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """With the country by its name."""

    country = CountryField(label=_("Country"), required=False)

    class Meta:
        model = CallPrice
        fields = ["prefix", "country", "set_up", "per_minute"]

    def clean_prefix(self) -> str:
        """As numbers are stored: of lines with two country codes (+972 59, +970 59), by one."""
        typed: str = self.cleaned_data["prefix"]
        try:
            return block_values.one_spelling(typed, typed)
        except NotAnEntry as problem:
            raise forms.ValidationError(str(problem)) from problem


@admin.register(CallPrice)
class CallPriceAdmin(Admin):
    """A table to type prices into; what a call is taken to cost follows from it."""

    form = PriceForm
    list_display = ["prefix", "country_name", "set_up", "per_minute"]
    list_editable: ClassVar[list[str]] = ["set_up", "per_minute"]
    search_fields = ["prefix", "country"]
    list_per_page = 100
    show_full_result_count = False
    list_before_template = "admin/spending_hint.html"

    @display(description=_("country"), ordering="country")  # type: ignore[untyped-decorator]
    def country_name(self, price: CallPrice) -> str:
        """In words."""
        return countries.name(price.country) if price.country else "-"
