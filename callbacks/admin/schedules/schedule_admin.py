"""Schedules: the week, holidays and exceptions, and the resulting hours."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, QuerySet, TimeField
from django.db.models.functions import Mod
from django.forms.formsets import all_valid
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from callbacks.admin import html
from callbacks.admin.schedules import forms, typed_rows, week_preview
from callbacks.admin.schedules.forms import (
    ExceptionFormSet,
    OpeningHoursFormSet,
    ScheduleForm,
    never_opens,
)
from callbacks.common import task_publisher
from callbacks.models import OpeningHours, Schedule, ScheduleException, Team
from callbacks.models.schedules import time_zones
from callbacks.reports.date_ranges import FORMATS
from leads.admin import Admin

# At most this many teams and extensions are shown as users of a schedule.
_SHOWN = 20


class _ToTheMinute:
    """Times without seconds."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(db_field, TimeField):
            field.widget.format = "%H:%M"
            field.input_formats = ("%H:%M", "%H:%M:%S", "%H.%M", "%H")
            field.error_messages["invalid"] = gettext(
                "Enter a 24-hour time, for example 09:00 or 17:30. Enter 00:00 for midnight."
            )
        return field


class OpeningHoursInline(_ToTheMinute, TabularInline):  # type: ignore[misc]  # unfold has no types
    """The intervals of a week, which starts on the first weekday of the page's language."""

    model = OpeningHours
    formset = OpeningHoursFormSet
    verbose_name = _("interval")
    verbose_name_plural = _("opening hours")
    extra = 0
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[OpeningHours]:
        """Sorted by the order of the week."""
        queryset: QuerySet[OpeningHours] = super().get_queryset(request)
        since_first_day = Mod(F("weekday") + 8 - forms.first_weekday(), 7)
        return queryset.order_by(since_first_day, "opens_at")

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The same order for the choice of days."""
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        blank = [it for it in field.choices if it[0] in ("", None)]
        days = [it for it in field.choices if it[0] not in ("", None)]
        field.choices = [*blank, *sorted(days, key=lambda it: forms.days_since_first(it[0]))]
        return field


class ExceptionInline(_ToTheMinute, TabularInline):  # type: ignore[misc]
    """Days with different hours."""

    model = ScheduleException
    formset = ExceptionFormSet
    extra = 0
    hide_title = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Says what happens to a night that began the day before, and takes the report's dates."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "date":
            # As in the report, and not in American order.
            field.input_formats = FORMATS
        if db_field.name == "opens_at":
            field.help_text = gettext(
                "Both empty: closed all day from midnight. With hours, opening hours that run "
                "past midnight from the day before still apply."
            )
        return field


@admin.register(Schedule)
class ScheduleAdmin(_ToTheMinute, Admin):
    """Opening hours, with a picture of the next seven days."""

    form = ScheduleForm
    list_display = ["name", "now", "intervals", "holidays_of", "time_zone", "kept_by"]
    search_fields = ["name"]
    show_full_result_count = False
    fields = [
        ("name", "time_zone"), ("holidays_of", "eve_closes_at"), ("week_typed", "days_typed"),
        "holidays_file",
    ]  # fmt: skip
    inlines = [OpeningHoursInline, ExceptionInline]
    change_form_before_template = "admin/schedule_week.html"

    class Media:
        js = ("common/released.js", "admin_extra/schedule.js")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """Loads hours, exceptions and teams, and counts extensions."""
        queryset: QuerySet[Schedule] = super().get_queryset(request)
        return queryset.prefetch_related("hours", "exceptions", "teams").annotate(
            extension_count=Count("extensions", distinct=True)
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Adds the picture of the stored hours."""
        if schedule := context.get("original"):
            context["week"] = week_preview.picture(schedule.calendar(), timezone.now())
            context["used_by"] = used_by(schedule)
        context["zones"] = sorted(time_zones())
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer

    def get_fields(self, request: HttpRequest, obj: Schedule | None = None) -> Any:
        """Leaves out the fields for typing if nothing may be changed."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return self.fields if may else self.fields[:2]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Replaces typed lines by rows first."""
        if request.method == "POST":
            typed_rows.expand(request)
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def get_urls(self) -> list[Any]:
        """Adds the preview of what is being typed."""
        view = self.admin_site.admin_view(self.preview)
        return [path("preview/", view, name="callbacks_schedule_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Shows the hours that the posted form would lead to, or its errors. Stores nothing."""
        schedule = self.get_object(request, request.GET.get("of", ""))
        may = self.has_change_permission(request) if schedule else self.has_add_permission(request)
        if request.method != "POST" or not may:
            raise PermissionDenied
        typed_rows.expand(request)
        form = self.get_form(request, schedule, change=bool(schedule))(
            request.POST, request.FILES, instance=schedule
        )
        form.is_valid()
        formsets, _ = self._create_formsets(request, form.instance, change=bool(schedule))
        all_valid(formsets)
        context: dict[str, Any] = {"problems": forms.problems(form, formsets)}
        if calendar := getattr(form.instance, "entered", None):
            context["week"] = week_preview.picture(calendar, timezone.now())
            context["is_typed"] = True
        return TemplateResponse(request, "admin/week_panel.html", context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Wakes the teams: with other hours, a team or one of its phones may be on now."""
        super().save_related(request, form, formsets, change)
        schedule = form.instance.pk
        teams = Team.objects.filter(schedule=schedule) | Team.objects.filter(
            extensions__schedule=schedule
        )
        for team_id in teams.order_by().values_list("pk", flat=True).distinct():
            task_publisher.work_team_on_commit(team_id)

    @display(description=_("opening hours"))  # type: ignore[untyped-decorator]
    def intervals(self, obj: Schedule) -> SafeString | str:
        """The week, with days of the same hours grouped."""
        found = week_preview.in_a_line(obj.calendar().week)
        return html.joined([format_html('<span class="nowrap">{}</span>', it) for it in found])

    @display(description=_("used by"))  # type: ignore[untyped-decorator]
    def kept_by(self, obj: Schedule) -> str:
        """The teams' names, and the number of extensions."""
        count: int = getattr(obj, "extension_count", 0)
        extensions = (
            [ngettext("%(count)s extension", "%(count)s extensions", count) % {"count": count}]
            if count
            else []
        )
        return ", ".join([*(team.name for team in obj.teams.all()), *extensions])

    @display(description=_("now"))  # type: ignore[untyped-decorator]
    def now(self, obj: Schedule) -> SafeString | str:
        """Open or closed, and until when."""
        calendar = obj.calendar()
        words = week_preview.in_words(calendar, timezone.now())
        return html.trouble(words) if never_opens(calendar) else words


def used_by(schedule: Schedule) -> list[SafeString]:
    """Links to the first teams and extensions that use these hours."""
    teams, extensions = schedule.teams.all()[:_SHOWN], schedule.extensions.all()[:_SHOWN]
    more = schedule.extensions.count() - len(extensions)
    return [
        *(html.link(team, gettext("team %(team)s") % {"team": team}) for team in teams),
        *(
            html.link(extension, gettext("extension %(extension)s") % {"extension": extension})
            for extension in extensions
        ),
        *([_more(more)] if more > 0 else []),
    ]


def _more(count: int) -> SafeString:
    words = ngettext("%(count)s more extension", "%(count)s more extensions", count)
    return format_html("{}", words % {"count": count})
