"""The part of the lead source admin that needs nothing from `callbacks`.

`callbacks.admin` registers LeadSource and Lead, because their pages show how calls are made.
"""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.core.validators import MinValueValidator
from django.db import DataError
from django.db.models import BinaryField, QuerySet, UUIDField
from django.db.models.fields.related import RelatedField
from django.http import HttpRequest
from django.utils.functional import cached_property, lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from leads import countries, language_choice, languages, origins, visible_rows
from leads.models import LeadSource, SourceText

_NO_LOOKUPS = frozenset(
    {
        "regex", "iregex", "range", "search", "unaccent", "trigram_similar",
        "trigram_word_similar", "trigram_strict_word_similar",
    }
)  # fmt: skip

# Keys, hashes and mails (mails hold links). All UUID and binary columns are secret too. Anybody who
# can filter by a prefix finds a value in a few hundred tries, and a request's public id opens the
# visitor's page and answers in the visitor's place.
_SECRETS = frozenset(
    {
        "auth_hash", "digests", "number_hash", "password", "sealed_key", "submission_fingerprint",
        "headers", "html", "text",
    }
)  # fmt: skip


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts no further than MOST: showing the first page does not count a list of millions."""

    MOST = 10_000
    template_name = "admin/bounded_pagination.html"

    @cached_property
    def _counted(self) -> int:
        # In the list's order, which Django keeps, so that the count uses the list's own index.
        rows = self.object_list[: self.MOST + 1]
        return rows.count() if isinstance(rows, QuerySet) else len(rows)

    @cached_property
    def count(self) -> int:
        """The number of rows, at most MOST."""
        return min(self._counted, self.MOST)

    @property
    def has_more(self) -> bool:
        """Whether there are more rows than `count`; no page shows the others."""
        return self._counted > self.MOST


class _ChangeList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """Answers an address that asks for an impossible value like any other wrong address."""

    def get_ordering_field(self, field_name: str) -> Any:
        """None for a column that the list cannot be sorted by, even if the address asks for it:
        without an index, sorting would read all rows.
        """
        allowed = self.sortable_by is None or field_name in self.sortable_by
        return super().get_ordering_field(field_name) if allowed else None

    @property
    def is_narrowed(self) -> bool:
        """Whether the list is searched or filtered, so that more rows may exist than it shows."""
        return bool(self.query or self.has_active_filters or self.date_hierarchy)

    def get_results(self, request: HttpRequest) -> None:
        """Raises IncorrectLookupParameters for values such as the year 99999999999."""
        try:
            super().get_results(request)
        except (DataError, OverflowError, ValueError) as problem:
            raise IncorrectLookupParameters(problem) from problem


class Admin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The theme's ModelAdmin, hardened against query strings that PostgreSQL would refuse.

    `list_refresh`: the list shows new rows without a reload (static/admin_extra/refresh.js).
    """

    list_refresh = False
    paginator = BoundedPaginator
    show_facets = ShowFacets.NEVER  # facets would count all rows for each choice of each filter

    @property
    def media(self) -> forms.Media:
        """Adds the script that refreshes the list, if `list_refresh` is set."""
        media: forms.Media = super().media
        return (
            media
            + forms.Media(
                js=["common/released.js", "admin_extra/being_left.js", "admin_extra/refresh.js"]
            )
            if self.list_refresh
            else media
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows this user may see: in lists, pages, actions and choices (leads.visible_rows)."""
        return visible_rows.of(request.user, super().get_queryset(request))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Warns if the address was not understood: Django then lists every row."""
        if ERROR_FLAG in request.GET:
            sentence = gettext(
                "The address has a filter that this list does not know, or that you may not "
                "use: nothing is filtered."
            )
            self.message_user(request, sentence, messages.WARNING)
        return super().changelist_view(request, extra_context)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Raises BadRequest if a ticked value cannot be a primary key."""
        for ticked in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.model._meta.pk.to_python(ticked)
            except ValidationError as problem:
                raise BadRequest from problem
        return super().response_action(request, queryset)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Removes NUL characters; Django's autocomplete view does not check what is typed."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, search_term.replace("\x00", "")
        )
        return found

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The values that the address fills in, without impossible ones."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        return {name: value for name, value in initial.items() if self._may_be(name, value)}

    def _may_be(self, name: str, value: Any) -> bool:
        try:
            field = self.model._meta.get_field(name)
            if not field.concrete or isinstance(field, ArrayField):
                return False  # rows of other tables, and lists, are filled in by hand
            for one in value if isinstance(value, list) else [value]:
                (field.target_field if isinstance(field, RelatedField) else field).to_python(one)
        except FieldDoesNotExist:
            return True  # the form's own
        except ValidationError:
            return False
        return True

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Django's rule, which allows every column of the model itself, minus secrets, NUL
        characters, and lookups that no address can express.

        Such lookups would cause error 500: PostgreSQL refuses them, an extension is missing, or a
        single value is not a range. Refusing them here gives 400.
        """
        if self._is_secret(lookup.partition("__")[0]):
            return False
        values = value if isinstance(value, list) else [value]
        if _NO_LOOKUPS & {*lookup.split("__")} or any("\x00" in str(one) for one in values):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def _is_secret(self, name: str) -> bool:
        try:
            field = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        return name in _SECRETS or isinstance(field, (UUIDField, BinaryField))

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """The theme's change list, which no address can break."""
        return _ChangeList


class CountriesField(forms.CharField):
    """Countries as codes or names, in any case, separated by commas; cleaned to a list of codes."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """The codes, joined with commas; text that was typed stays as it is."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """The codes, without repeats. Raises ValidationError naming the unknown country."""
        typed = str(super().clean(value))
        found = [self._code(it.strip()) for it in re.split(r"[,;\n]", typed) if it.strip()]
        return list(dict.fromkeys(code for codes in found for code in codes))

    def _code(self, typed: str) -> list[str]:
        if code := countries.code(typed):
            return [code]
        # "IL GB" is two countries; "United Kingdom", found above, is one.
        parts = [countries.code(part) for part in typed.split()]
        if len(parts) > 1 and all(parts):
            return [str(part) for part in parts]
        raise ValidationError(
            gettext(
                "%(typed)s is not a known country. Use codes or names, separated by commas: IL, "
                "United Kingdom."
            )
            % {"typed": typed}
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the text means something other than the list did."""
        try:
            return self.clean(data) != (initial or [])
        except ValidationError:
            return True


class OriginsField(forms.CharField):
    """Websites, as in the address bar or as people say them; cleaned to a list of origins."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """The origins, joined with commas; text that was typed stays as it is."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """The origins, without repeats. Raises ValidationError naming the entry that is not a
        website.
        """
        typed = re.split(r"[,;\s]+", str(super().clean(value)))
        try:
            return list(dict.fromkeys(origins.read(it) for it in typed if it))
        except origins.NoOrigin as refused:
            raise ValidationError(str(refused)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the text means something other than the list did."""
        try:
            return self.clean(data) != (initial or [])
        except ValidationError:
            return True


_name_of = lazy(languages.name_of, str)


def privacy_notice(model: type[LeadSource | SourceText]) -> Any:
    """A form's field for `privacy_url` of this model. It adds https:// to what has no scheme."""
    field = model._meta.get_field("privacy_url")
    return field.formfield(assume_scheme="https", widget=UnfoldAdminURLInputWidget)


class LeadSourceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Takes countries by name, and websites as people type them."""

    allowed_origins = OriginsField(
        label=_("Allowed origins"),
        required=False,
        help_text=_(
            "Websites that may show the form inside their own pages, for example "
            "https://www.example.com. Others cannot."
        ),
    )
    privacy_url = privacy_notice(LeadSource)
    languages_offered = forms.MultipleChoiceField(
        label=_("Visitors may also choose"),
        required=False,
        choices=lambda: [(it, _name_of(it)) for it in language_choice.codes()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_(
            "The form and the request page then show a list of languages. Choose only languages "
            "that the salespeople of this source speak."
        ),
    )
    allowed_countries = CountriesField(
        label=_("Allowed countries"),
        help_text=_(
            "Codes or names, separated by commas. Numbers from other countries are never called."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "default_country" in self.fields:
            named = sorted(
                ((code, str(name)) for code, name in countries.NAMES.items()), key=lambda it: it[1]
            )
            self.fields["default_country"] = forms.ChoiceField(
                choices=named,
                initial="IL",
                label=self.fields["default_country"].label,
                help_text=gettext("The country of numbers typed without a country code."),
                widget=UnfoldAdminSelectWidget,
            )
        if target := self.fields.get("sla_target"):
            target.widget.attrs["min"] = 1
            sentence = _("Enter 1 second or more.")
            target.error_messages["min_value"] = sentence
            # Django's own field only checks the database's condition, with another message.
            target.validators.append(MinValueValidator(1, sentence))

    def clean(self) -> dict[str, Any]:
        """Requires both times of a calling window, or neither."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        demand_both_times(self, cleaned)
        return cleaned


def demand_both_times(form: Any, cleaned: Mapping[str, Any]) -> None:
    """Adds an error beside the missing time of a half-filled calling window, on a source's or a
    team's page.
    """
    for here, there in (("call_from", "call_until"), ("call_until", "call_from")):
        if here in cleaned and cleaned[here] is None and cleaned.get(there) is not None:
            sentence = gettext("Enter this time too, or leave both empty to call at any hour.")
            form.add_error(here, sentence)


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
        (None, {"fields": [("name", "slug"), ("language", "is_active"), "languages_offered"]}),
        (
            _("Numbers that are called"),
            {"fields": ["default_country", "allowed_countries"]},
        ),
        (_("Promise"), {"fields": [("sla_target", "sla_clock"), "least_talk", "priority"]}),
        (
            _("When leads are called"),
            {"fields": [("call_from", "call_until"), "calls_a_day", "offers_times"]},
        ),
        (_("Mail to visitors"), {"fields": ["mails_visitors"]}),
        (_("Form on other websites"), {"fields": ["allowed_origins"]}),
        (_("Requests through the API"), {"fields": ["without_key"]}),
        (_("How long leads are kept"), {"fields": [("kept_days", "after_that")]}),
        (_("Consent"), {"fields": [("demands_consent", "privacy_url")]}),
    ]
