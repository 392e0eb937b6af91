"""The history of pauses: the list behind the figures of the people report. Read-only."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display

from callbacks.admin import html
from callbacks.admin.base import ReadOnly
from callbacks.admin.filters import ReportFilter
from callbacks.common.formatting import in_words
from callbacks.models import Pause
from callbacks.reports.salespeople.access import may_see
from leads.admin import Admin


@admin.register(Pause)
class PauseAdmin(ReadOnly, Admin):
    """Every recorded pause, for users who may see the people report."""

    list_display = ["person", "reason", "made", "began", "ended", "lasted"]
    list_filter = [ReportFilter, ("kind", ChoicesCheckboxFilter)]
    list_before_template = "reports/behind.html"
    list_filter_submit = True
    list_fullwidth = True
    list_per_page = 50
    list_display_links = None
    ordering = ["-pk"]
    sortable_by = ()
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same right as for the people report, because this is about people."""
        return may_see(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same."""
        return may_see(request.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pause]:
        """Loads the people and extensions."""
        found: QuerySet[Pause] = super().get_queryset(request)
        return found.select_related("extension", "salesperson", "made_by")

    began = html.moment_of("began_at", _("began"))

    @display(description=_("salesperson"))  # type: ignore[untyped-decorator]
    def person(self, obj: Pause) -> SafeString:
        """Whose phone it was, and which phone."""
        name = (
            obj.salesperson.get_full_name() or obj.salesperson.get_username()
            if (obj.salesperson)
            else gettext("No login")
        )
        return html.below(html.link(obj.extension, name), str(obj.extension))

    @display(description=_("paused by"))  # type: ignore[untyped-decorator]
    def made(self, obj: Pause) -> str:
        """Who or what paused the extension."""
        if obj.made_by:
            return obj.made_by.get_full_name() or obj.made_by.get_username()
        return obj.get_kind_display() or gettext("not known")

    @display(description=_("ended"))  # type: ignore[untyped-decorator]
    def ended(self, obj: Pause) -> SafeString | str:
        """When it ended, or that it is still on."""
        over = obj.over_at(timezone.now())
        if over < timezone.now():
            return html.moment(over)
        return gettext("still on")

    @display(description=_("lasted"))  # type: ignore[untyped-decorator]
    def lasted(self, obj: Pause) -> str:
        """From beginning to end, including time off shift."""
        now = timezone.now()
        return in_words((obj.over_at(now) - obj.began_at).total_seconds())
