"""Importing lists from CSV files, with a preview, and exporting them.

Each list's admin describes its files (`FileList`); the pages and the rights work alike for all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from callbacks.common.translation import Text
from callbacks.exports.answers import answer
from callbacks.exports.records import Recorded
from callbacks.exports.tables import Column, Row, Rows
from callbacks.exports.workbook import Workbook
from callbacks.models.exports import ExportWhat
from leads import csv_file
from leads.admin import Admin
from leads.csv_file import NotAFile, Problem
from leads.models import LeadSource

# Rows shown of each part of the page; the rest are only counted.
SHOWN = 50


class FileForm(forms.Form):
    """Which file to import."""

    file = forms.FileField(
        label=_("CSV file"),
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": _("Choose a file.")},
    )


def default_countries() -> list[str]:
    """The countries in which a number without + is read: those of the sources."""
    found = LeadSource.objects.order_by("default_country").values_list("default_country", flat=True)
    return list(found.distinct()) or ["IL"]


@dataclass(frozen=True)
class Found:
    """What importing a file would do. `parts`: titles with the rows to store; `same`: the number of
    rows already stored unchanged. `reach`: how the rows would have affected recent requests, in
    sentences.
    """

    parts: Sequence[tuple[str, Sequence[Any]]]
    same: int
    problems: Sequence[Problem]
    reach: Sequence[str] = ()

    @property
    def count(self) -> int:
        """How many rows would be stored."""
        return sum(len(rows) for _title, rows in self.parts)


@dataclass(frozen=True)
class FileList:
    """A list's files. `template`: the import page, with its texts."""

    title: Text
    name: str  # of an exported file
    sheet: Text
    columns: tuple[str, ...]
    example: str
    template: str
    exported_as: ExportWhat


class ImportsFiles(Admin):
    """The part of a list's admin that imports and exports. Importing and exporting each need their
    own right, besides the rights to the rows.
    """

    actions_list = ("import_file",)
    file_list: ClassVar[FileList]

    def look_at(self, text: str) -> Found:
        """What importing a file would do. Raises NotAFile."""
        raise NotImplementedError

    def store_file(self, request: HttpRequest, text: str) -> tuple[bool, str]:
        """Stores the file. Returns whether anything changed, and a sentence. Runs in a transaction.

        Raises NotAFile.
        """
        raise NotImplementedError

    def written(self, rows: "QuerySet[Any]") -> tuple[Iterator[Row], int]:
        """The rows to export, and how many there are."""
        raise NotImplementedError

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whether the user may import."""
        may_write = self.has_add_permission(request) and self.has_change_permission(request)
        return bool(may_write and request.user.has_perm(self._right("import")))

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether the user may export."""
        may_see = self.has_view_permission(request)
        return bool(may_see and request.user.has_perm(self._right("export")))

    def get_urls(self) -> list[Any]:
        """Adds the address of the export."""
        view = self.admin_site.admin_view(self.export_page)
        return [path("export/", view, name=self._named("export")), *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds the export's address to the list."""
        changes: Any = super().get_changelist_instance(request)
        if self.has_export_permission(request):
            address = reverse(f"admin:{self._named('export')}")
            changes.export_address = f"{address}?{request.GET.urlencode()}"
        return changes  # type: ignore[no-any-return]

    @action(  # type: ignore[untyped-decorator]
        description=_("Import a file"), url_path="import", permissions=["import"], icon="upload"
    )
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """GET: asks for a file. POST with a file: previews it. POST with its text: imports it."""
        if request.method != "POST":
            return self._page(request, FileForm())
        if "text" in request.POST:
            return self._store(request, request.POST["text"])
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form)
        try:
            text = csv_file.text_of(form.cleaned_data["file"].read(csv_file.LARGEST + 1))
            found = self.look_at(text)
        except NotAFile as problem:
            form.add_error("file", str(problem))
            return self._page(request, form)
        return self._preview(request, text, found)

    def _store(self, request: HttpRequest, text: str) -> HttpResponse:
        """Reads the text again, because a browser may send anything."""
        try:
            with transaction.atomic():
                changed, said = self.store_file(request, text)
                self._log(request, said)
        except NotAFile as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return HttpResponseRedirect(request.path)
        self.message_user(request, said, messages.SUCCESS if changed else messages.INFO)
        return HttpResponseRedirect(self._list())

    def _preview(self, request: HttpRequest, text: str, found: Found) -> HttpResponse:
        return self._page(
            request,
            None,
            text=text,
            parts=[(title, rows[:SHOWN], len(rows)) for title, rows in found.parts if rows],
            same=found.same,
            reach=found.reach,
            problems=found.problems[:SHOWN],
            count_of_problems=len(found.problems),
            count=found.count,
        )

    def _page(self, request: HttpRequest, form: FileForm | None, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": self.file_list.title,
            "opts": self.model._meta,
            "back": self._list(),
            "form": form,
            "columns": ", ".join(self.file_list.columns),
            "example": self.file_list.example,
            "most_kib": csv_file.LARGEST // 1024,
            **more,
        }
        return TemplateResponse(request, self.file_list.template, context)

    def export_page(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """POST: exports what the list shows for the same query as csv or xlsx, and records it."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        page = f"{self._list()}?{request.GET.urlencode()}"
        if request.method != "POST":  # sent back here after logging in again
            return HttpResponseRedirect(page)
        try:
            shown: QuerySet[Any] = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(page)
        table = Rows(tuple(Column(name) for name in self.file_list.columns), *self.written(shown))

        def fill(book: Workbook, recorded: Recorded) -> None:
            book.add(str(self.file_list.sheet), table, recorded.tell)

        name = f"{self.file_list.name}_{timezone.localtime():%Y-%m-%d_%H%M}"
        return answer(request, self.file_list.exported_as, name, table, fill)

    def _named(self, page: str) -> str:
        meta = self.model._meta
        return f"{meta.app_label}_{meta.model_name}_{page}"

    def _list(self) -> str:
        return reverse(f"admin:{self._named('changelist')}")

    def _right(self, to: str) -> str:
        meta = self.model._meta
        return f"{meta.app_label}.{to}_{meta.model_name}"

    def _log(self, request: HttpRequest, said: str) -> None:
        LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=str(self.file_list.sheet),
            action_flag=ADDITION,
            change_message=said,
        )
