"""The never-call list, with import and export as CSV."""

# ruff: noqa: ARG002  # the methods' parameters are Django's

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from callbacks.admin import html
from callbacks.admin.base import EditsOnlyWhatChanged
from callbacks.admin.leads.file_import import FileList, Found, ImportsFiles, default_countries
from callbacks.admin.search import by_phone, whole_numbers
from callbacks.exports.tables import Row
from callbacks.models.exports import ExportWhat
from leads import never_call, never_call_file, one_line
from leads.models import NeverCallNumber
from leads.phones import PhoneRefused

_AT_A_TIME = 500
_EXAMPLE = """phone,reason
050-555 0101,asked for it by mail
+44 20 7946 0018,"""


class NeverCallForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A number in any spelling, read in the default country of the sources."""

    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"dir": "ltr", "autocomplete": "off"}),
        help_text=_("In any format, for example 050-555 0101 or +972 50 555 0101."),
        error_messages={"required": _("Enter the number.")},
    )

    class Meta:
        model = NeverCallNumber
        fields = ["phone", "reason"]

    def clean_phone(self) -> str:
        """The number in E.164. Raises ValidationError if it is invalid or already listed."""
        try:
            typed = never_call_file.read(self.cleaned_data["phone"], default_countries())
        except PhoneRefused as refused:
            raise forms.ValidationError(refused.message) from None
        if never_call.entry(typed):
            raise forms.ValidationError(gettext("This number is already on the list."))
        return one_line.identity(typed)


@admin.register(NeverCallNumber)
class NeverCallAdmin(ImportsFiles, EditsOnlyWhatChanged):
    """Numbers that nobody may dial. Deleting a number here allows calls to it again."""

    form = NeverCallForm
    list_display = ["number", "reason", "asked_by", "added_by", "added"]
    list_filter = ["asked_by"]
    list_display_links = ["number"]
    search_fields = ["reason"]
    search_help_text = _("A phone number in any format, or a word of the reason.")
    show_full_result_count = False
    list_per_page = 50
    list_before_template = "admin/callbacks/never_call/hint.html"
    file_list = FileList(
        title=_("Import never-call numbers"),
        name="never_call_list",
        sheet=_("Never-call list"),
        columns=never_call_file.COLUMNS,
        example=_EXAMPLE,
        template="admin/callbacks/never_call/import.html",
        exported_as=ExportWhat.NEVER_CALL,
    )

    added = html.moment_of("added_at", _("added"))

    @display(description=_("phone"), ordering="phone")  # type: ignore[untyped-decorator]
    def number(self, obj: NeverCallNumber) -> SafeString:
        """The number as people read it; for an erased person, that the number is not kept."""
        return html.phone(obj.phone) if obj.phone else format_html("<i>{}</i>", str(obj))

    @display(description=_("request"))  # type: ignore[untyped-decorator]
    def request_shown(self, obj: NeverCallNumber) -> SafeString | None:
        """The request on whose page the visitor asked not to be called."""
        return html.link(obj.lead, str(obj.lead)) if obj.lead else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[NeverCallNumber]:
        """Loads who added each number."""
        found: QuerySet[NeverCallNumber] = super().get_queryset(request)
        return found.select_related("added_by")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[NeverCallNumber], search_term: str
    ) -> tuple[QuerySet[NeverCallNumber], bool]:
        """By number or reason."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        typed = search_term.strip()
        if number := by_phone(typed, "phone"):
            found |= queryset.filter(number)
        for whole in whole_numbers(typed):  # a hash is found only by the whole number
            found |= queryset.filter(never_call.of_number(whole))
        return found, distinct

    def get_fields(self, request: HttpRequest, obj: NeverCallNumber | None = None) -> list[str]:
        """The number is entered once; later only the reason can change."""
        return (
            ["phone", "reason"]
            if obj is None
            else ["number", "reason", "asked_by", "request_shown", "added_by", "added"]
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: NeverCallNumber | None = None
    ) -> list[str]:
        """All but the reason, for a number on the list."""
        return [] if obj is None else ["number", "asked_by", "request_shown", "added_by", "added"]

    def get_form(
        self, request: HttpRequest, obj: NeverCallNumber | None = None, change: bool = False,
        **kwargs: Any,
    ) -> Any:  # fmt: skip
        """Leaves out the number's field for a number on the list."""
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: NeverCallNumber, form: Any, change: bool
    ) -> None:
        """Adding a number also closes its lead that waits or is held."""
        if change:
            super().save_model(request, obj, form, change)
            return
        never_call.add(obj.phone or "", obj.reason, request.user)
        obj.pk = NeverCallNumber.objects.values_list("pk", flat=True).get(phone=obj.phone)

    def look_at(self, text: str) -> Found:
        """The numbers not yet on the list. Raises NotAFile."""
        read = never_call_file.contents(text, default_countries())
        found = never_call_file.difference(read.rows)
        return Found(((gettext("New"), found.new),), len(found.same), read.problems)

    def store_file(self, request: HttpRequest, text: str) -> tuple[bool, str]:
        """Adds new numbers; those on the list stay unchanged. Raises NotAFile."""
        read = never_call_file.contents(text, default_countries())
        new = never_call_file.store(read.rows, request.user)
        said = gettext(
            "Imported: %(new)d new, %(same)d already on the list, %(problems)d skipped."
        ) % {"new": new, "same": len(read.rows) - new, "problems": len(read.problems)}
        return bool(new), said

    def written(self, rows: QuerySet[Any]) -> tuple[Iterator[Row], int]:
        """Without erased people's numbers, which are not kept."""
        known = rows.exclude(phone=None)
        pairs = known.values_list("phone", "reason").iterator(chunk_size=_AT_A_TIME)
        return ((phone, reason) for phone, reason in pairs), known.count()
