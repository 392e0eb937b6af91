"""Block lists out of CSV files and into them: a file is shown before it is stored."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from callbacks.exports.answers import answer
from callbacks.exports.records import Recorded
from callbacks.exports.tables import Column, Row, Rows
from callbacks.exports.workbook import Workbook
from callbacks.models.exports import ExportWhat
from leads.admin import Admin
from leads.guard import block_file
from leads.guard.block_file import Contents, NotAFile, Reading
from leads.models import BlockEntry, LeadSource

LIST = "admin:leads_blockentry_changelist"
# Of each part of the page; the rest is counted.
SHOWN = 50
_AT_A_TIME = 500
_EXAMPLE = """kind,entry,verdict,reason,until
number,+97259,hold,a wave of calls,2027-01-31
address,192.0.2.0/24,refuse,,
domain,shop.example.com,hold,,
word,casino,hold,,"""


class FileForm(forms.Form):
    """Which file."""

    file = forms.FileField(
        label=_("CSV file"),
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": _("Choose a file.")},
    )


def default_countries() -> list[str]:
    """In which a number without + is read: those of the sources."""
    found = LeadSource.objects.order_by("default_country").values_list("default_country", flat=True)
    return list(found.distinct()) or ["IL"]


class ImportsBlocks(Admin):
    """The part of the block lists' admin that imports and exports."""

    actions_list = ("import_blocks",)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Who may import: a right of its own, beside that to add and change entries."""
        may_write = self.has_add_permission(request) and self.has_change_permission(request)
        return bool(may_write and request.user.has_perm("leads.import_blockentry"))

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Who may export: a right of its own, beside that to see entries."""
        may_see = self.has_view_permission(request)
        return bool(may_see and request.user.has_perm("leads.export_blockentry"))

    def get_urls(self) -> list[Any]:
        """With the export's address beside the list's."""
        export = path(
            "export/", self.admin_site.admin_view(self.export_page), name="leads_blockentry_export"
        )
        return [export, *super().get_urls()]

    @action(  # type: ignore[untyped-decorator]
        description=_("Import a file"), url_path="import", permissions=["import"], icon="upload"
    )
    def import_blocks(self, request: HttpRequest) -> HttpResponse:
        """GET: asks for a file. POST with one: what it would do. POST of its text: does it."""
        if request.method != "POST":
            return self._page(request, FileForm())
        if "text" in request.POST:
            return self._store(request, request.POST["text"])
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form)
        try:
            text = block_file.text_of(form.cleaned_data["file"].read(block_file.LARGEST + 1))
            read = block_file.contents(text, _reading())
        except NotAFile as problem:
            form.add_error("file", str(problem))
            return self._page(request, form)
        return self._preview(request, text, read)

    def _store(self, request: HttpRequest, text: str) -> HttpResponse:
        """Reads the text anew, since what comes from a browser may be anything."""
        try:
            read = block_file.contents(text, _reading())
        except NotAFile as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return HttpResponseRedirect(request.path)
        with transaction.atomic():
            found = block_file.difference(read.rows)
            rows = (*found.new, *found.changed)
            block_file.store(rows, request.user.pk, timezone.now())
            said = gettext(
                "Imported: %(new)d new, %(changed)d changed, %(same)d as they were, "
                "%(problems)d left out."
            ) % {
                "new": len(found.new),
                "changed": len(found.changed),
                "same": len(found.same),
                "problems": len(read.problems),
            }
            _log(request, said)
        self.message_user(request, said, messages.SUCCESS if rows else messages.INFO)
        return HttpResponseRedirect(reverse(LIST))

    def _preview(self, request: HttpRequest, text: str, read: Contents) -> HttpResponse:
        found = block_file.difference(read.rows)
        parts = [
            (gettext("New"), found.new[:SHOWN], len(found.new)),
            (gettext("Changed: here it says something else"), found.changed[:SHOWN],
             len(found.changed)),
        ]  # fmt: skip
        return self._page(
            request,
            None,
            text=text,
            parts=[it for it in parts if it[2]],
            same=len(found.same),
            problems=read.problems[:SHOWN],
            count_of_problems=len(read.problems),
            count=len(found.new) + len(found.changed),
        )

    def _page(self, request: HttpRequest, form: FileForm | None, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Import a block list"),
            "opts": self.model._meta,
            "back": reverse(LIST),
            "form": form,
            "columns": ", ".join(block_file.COLUMNS),
            "example": _EXAMPLE,
            "most_kib": block_file.LARGEST // 1024,
            **more,
        }
        return TemplateResponse(request, "admin/callbacks/block/import.html", context)

    @method_decorator(require_POST)
    def export_page(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """POST: what the list shows for the same query, as csv or xlsx; recorded."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            entries: QuerySet[BlockEntry] = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{reverse(LIST)}?{request.GET.urlencode()}")
        table = Rows(
            tuple(Column(name) for name in block_file.COLUMNS), _written(entries), entries.count()
        )

        def fill(book: Workbook, recorded: Recorded) -> None:
            book.add(gettext("Block list"), table, recorded.tell)

        name = f"block_list_{timezone.localtime():%Y-%m-%d_%H%M}"
        return answer(request, ExportWhat.BLOCKS, name, table, fill)


def _reading() -> Reading:
    return Reading(
        default_countries=default_countries(),
        proxies=settings.TRUSTED_PROXIES,
        zone=timezone.get_current_timezone(),
        now=timezone.now(),
    )


def _written(entries: QuerySet[BlockEntry]) -> Iterator[Row]:
    for it in entries.iterator(chunk_size=_AT_A_TIME):
        until = f"{timezone.localtime(it.until):%Y-%m-%d %H:%M:%S%z}" if it.until else ""
        yield (it.kind, it.value, it.verdict, it.reason, until)


def _log(request: HttpRequest, said: str) -> None:
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(BlockEntry),
        object_repr=gettext("Block list"),
        action_flag=ADDITION,
        change_message=said,
    )
