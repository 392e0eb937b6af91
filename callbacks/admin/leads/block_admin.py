"""The block list: entries that hold a request for a manager, or refuse it."""

# ruff: noqa: ARG002  # the methods' parameters are Django's

from contextlib import suppress
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.admin import html
from callbacks.admin.base import EditsOnlyWhatChanged
from callbacks.admin.leads.block_import import ImportsBlocks
from callbacks.admin.leads.block_reach_shown import AsksBeforeRefusing, sure_field
from callbacks.admin.leads.file_import import default_countries
from callbacks.admin.search import whole_numbers
from leads.guard import address, block_counts, block_values
from leads.guard.block_values import NotAnEntry
from leads.models import BlockEntry, BlockKind, BlockVerdict

_DAYS = 7  # the list counts what each entry refused in this many days


class BlockForm(AsksBeforeRefusing, forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """An entry; its value may be typed in any spelling."""

    sure = sure_field()

    class Meta:
        model = BlockEntry
        fields = ["kind", "value", "verdict", "reason", "until"]
        help_texts = {
            "value": _(
                "A number in any format, or a prefix: +97259. An address or a "
                "network: 192.0.2.7, 192.0.2.0/24, 2001:db8::/48. A mail domain, "
                "including its subdomains: shop.example.com. A word in the name or "
                "the message, or up to three words in a row; upper and lower case, "
                "accents and vowel points make no difference."
            ),
            "verdict": _(
                "Held: stored, and called only after a manager releases it. "
                "Refused: not stored. The visitor is told that we cannot take the "
                "request, and the number is not dialled."
            ),
        }

    def clean(self) -> dict[str, Any]:
        """Normalizes the value; refuses one that would block everybody."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind, value = cleaned.get("kind", self.instance.kind), cleaned.get("value", "")
        try:
            if "value" in cleaned:
                proxies = settings.TRUSTED_PROXIES
                value = block_values.read(kind, value, default_countries(), proxies)
                cleaned["value"] = value
            if cleaned.get("verdict"):
                block_values.refuse_too_much(kind, value or self.instance.value, cleaned["verdict"])
        except NotAnEntry as problem:
            self.add_error("value" if "value" in self.fields else "verdict", str(problem))
        if "verdict" in self.changed_data and not self.errors:
            entry = (kind, value or self.instance.value)
            self.ask_before_refusing(cleaned["verdict"], [entry])
        until = cleaned.get("until")
        if until and until <= timezone.now() and "until" in self.changed_data:
            self.add_error("until", gettext("Enter a time in the future."))
        return cleaned


class InForceFilter(SimpleListFilter):
    """Whether an entry is in force or expired."""

    title = _("in force")
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [("yes", _("In force")), ("no", _("Expired"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The entries in the chosen state."""
        over = Q(until__lte=timezone.now())
        return {"yes": queryset.exclude(over), "no": queryset.filter(over)}.get(
            self.value() or "", queryset
        )


@admin.register(BlockEntry)
class BlockEntryAdmin(ImportsBlocks, EditsOnlyWhatChanged):
    """Newest first. Typing a whole number, address or mail address finds the entries that match."""

    form = BlockForm
    list_display = [
        "entry", "what", "verdict", "refused", "reason", "until_shown", "added_by", "added",
    ]  # fmt: skip
    list_display_links = ["entry"]
    list_filter = ["kind", "verdict", InForceFilter]
    list_filter_submit = True
    search_fields = ["value", "reason"]
    search_help_text = _(
        "Enter a number, address or mail address to find the entries that block it."
    )
    list_before_template = "admin/callbacks/block/hint.html"
    show_full_result_count = False
    list_per_page = 50

    added = html.moment_of("added_at", _("added"))

    @display(description=_("entry"), ordering="value")  # type: ignore[untyped-decorator]
    def entry(self, obj: BlockEntry) -> SafeString:
        """The value as it is compared."""
        return format_html("<bdi>{}</bdi>", obj.value)

    @display(description=_("kind"), ordering="kind")  # type: ignore[untyped-decorator]
    def what(self, obj: BlockEntry) -> str:
        """The kind in words."""
        return str(obj.get_kind_display())

    @display(description=_("until"), ordering="until")  # type: ignore[untyped-decorator]
    def until_shown(self, obj: BlockEntry) -> SafeString | str:
        """When the entry expires, or that it has expired."""
        if obj.until is None:
            return "-"
        if obj.until <= timezone.now():
            return format_html("<span>{}</span>", gettext("expired"))
        return html.moment(obj.until)

    @display(description=_("refused in 7 days"))  # type: ignore[untyped-decorator]
    def refused(self, obj: BlockEntry) -> str:
        """How many requests it refused in the last seven days."""
        lately: int = obj.refused_lately  # type: ignore[attr-defined]  # see above
        return str(lately) if lately or obj.verdict == BlockVerdict.REFUSE else "-"

    def get_queryset(self, request: HttpRequest) -> QuerySet[BlockEntry]:
        """Loads who added each entry."""
        found: QuerySet[BlockEntry] = super().get_queryset(request)
        return found.select_related("added_by")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds how many requests each entry refused. One query."""
        changes: Any = super().get_changelist_instance(request)
        listed = [it.pk for it in changes.result_list]
        counts = block_counts.refused(listed, timezone.now(), days=_DAYS)
        for entry in changes.result_list:
            entry.refused_lately = counts.get(entry.pk, 0)
        return changes  # type: ignore[no-any-return]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BlockEntry], search_term: str
    ) -> tuple[QuerySet[BlockEntry], bool]:
        """By part of the value or reason, or by a number, address or mail that the entry covers."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        typed = search_term.strip()
        numbers = whole_numbers(typed)
        with suppress(NotAnEntry):
            numbers.add(block_values.read(BlockKind.NUMBER, typed))
        for number in numbers:
            fitting = block_values.of_number(number)
            found |= queryset.filter(kind=BlockKind.NUMBER, value__in=fitting)
        if whole := address.read(typed):
            fitting = block_values.of_address(whole)
            found |= queryset.filter(kind=BlockKind.ADDRESS, value__in=fitting)
        if "@" in typed:
            fitting = block_values.of_mail(typed)
            found |= queryset.filter(kind=BlockKind.DOMAIN, value__in=fitting)
        return found, distinct

    def get_fields(self, request: HttpRequest, obj: BlockEntry | None = None) -> list[str]:
        """The blocked value is entered once; later only the other fields can change."""
        asked = ["verdict", "sure", "reason", "until"]
        return ["kind", "value", *asked] if obj is None else ["what", "entry", *asked, "added_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: BlockEntry | None = None) -> list[str]:
        """An existing entry's value, and who added it."""
        return [] if obj is None else ["what", "entry", "added_by"]

    def save_model(self, request: HttpRequest, obj: BlockEntry, form: Any, change: bool) -> None:
        """Stores who added it."""
        if not change:
            obj.added_by_id = request.user.pk
        super().save_model(request, obj, form, change)
