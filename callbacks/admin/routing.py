"""Teams."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from callbacks import matching, wakeups
from callbacks.admin import html
from callbacks.admin.base import EditsOnlyWhatChanged
from callbacks.models import Team, TeamSource


class TeamSourceInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """The sources a team answers, and after how long it steps in."""

    model = TeamSource
    extra = 0
    autocomplete_fields = ["source"]


@admin.register(Team)
class TeamAdmin(EditsOnlyWhatChanged):
    """Who answers which sources, and when."""

    list_display = ["name", "sources_shown", "schedule", "extensions_shown", "open_now"]
    search_fields = ["name"]
    show_full_result_count = False
    fields = [
        ("name", "is_active"), "schedule", ("strategy", "opening_rate"),
        ("owner_days", "owner_wait"), "language_wait", ("daily_cap", "rest"),
    ]  # fmt: skip
    inlines = [TeamSourceInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """With sources, hours, and the number of extensions."""
        queryset: QuerySet[Team] = super().get_queryset(request)
        return (
            queryset.select_related("schedule")
            .prefetch_related("sources", "schedule__hours", "schedule__exceptions")
            .annotate(extension_count=Count("extensions", distinct=True))
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Another source or schedule may mean that somebody can be called now."""
        super().save_related(request, form, formsets, change)
        wakeups.work_team_on_commit(form.instance.pk)

    @display(description="sources")  # type: ignore[untyped-decorator]  # unfold has no types
    def sources_shown(self, obj: Team) -> str:
        """Their names."""
        return ", ".join(source.name for source in obj.sources.all()) or "none: gets no leads"

    @display(description="extensions", ordering="extension_count")  # type: ignore[untyped-decorator]
    def extensions_shown(self, obj: Team) -> int:
        """How many."""
        count: int = getattr(obj, "extension_count", 0)
        return count

    @display(description="now")  # type: ignore[untyped-decorator]
    def open_now(self, obj: Team) -> SafeString:
        """Open, closed until when, or off."""
        if not obj.is_active:
            return html.label("off")
        now = timezone.now()
        if matching.is_open(obj, now):
            return html.label("open", html.GREEN)
        opening = matching.next_opening([obj], now)
        if opening is None:
            return html.label("never opens", html.RED)
        return html.label(
            "closed", html.GREY, f"opens {timezone.localtime(opening):%a %d %b %H:%M}"
        )
