"""The list of exports, for superusers and users with the right to it."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.admin import html
from callbacks.models import ExportRecord
from callbacks.models.exports import ExportState
from leads.admin import Admin

_COLOURS = {ExportState.COMPLETE: html.GREEN, ExportState.BROKEN_OFF: html.RED}


@admin.register(ExportRecord)
class ExportRecordAdmin(Admin):
    """Read-only: nobody adds, changes or deletes an export here."""

    list_display = ["started", "username", "what", "file_format", "rows", "state_shown"]
    list_filter = ["what", "file_format"]
    search_fields = ["username"]
    list_select_related = ["user"]
    fields = [
        "started", "username", "user", "what", "file_format", "asked", "rows", "rows_written",
        "state_shown",
    ]  # fmt: skip
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ExportRecord | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ExportRecord | None = None) -> bool:
        """Never."""
        return False

    started = html.moment_of("started_at", _("started at"))

    @display(description=_("state"), ordering="state")  # type: ignore[untyped-decorator]
    def state_shown(self, obj: ExportRecord) -> SafeString:
        """How far the export is, or how it ended."""
        state = obj.state_at(timezone.now())
        return html.label(str(state.label), _COLOURS.get(state, ""))
