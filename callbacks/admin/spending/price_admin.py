"""Call prices: the estimated cost of calls, by the beginning of their number."""

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
    """A country, typed as a name or a code; stored as its code."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: str) -> str:
        """The name for a stored code; typed text stays as typed."""
        return countries.name(value) if value and len(value) == _A_CODE else value

    def clean(self, value: str) -> str:
        """The country's code. Raises ValidationError if there is no such country."""
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
    """A price, with the country by its name."""

    country = CountryField(label=_("Country"), required=False)

    class Meta:
        model = CallPrice
        fields = ["prefix", "country", "set_up", "per_minute"]

    def clean_prefix(self) -> str:
        """As numbers are stored. Lines with two country codes (+972 59, +970 59) use only one."""
        typed: str = self.cleaned_data["prefix"]
        try:
            return block_values.one_spelling(typed, typed)
        except NotAnEntry as problem:
            raise forms.ValidationError(str(problem)) from problem


@admin.register(CallPrice)
class CallPriceAdmin(Admin):
    """A table of prices, from which the cost of calls is estimated."""

    form = PriceForm
    list_display = ["prefix", "country_name", "set_up", "per_minute"]
    list_editable: ClassVar[list[str]] = ["set_up", "per_minute"]
    search_fields = ["prefix", "country"]
    list_per_page = 100
    show_full_result_count = False
    list_before_template = "admin/spending_hint.html"

    @display(description=_("country"), ordering="country")  # type: ignore[untyped-decorator]
    def country_name(self, price: CallPrice) -> str:
        """The country's name."""
        return countries.name(price.country) if price.country else "-"
