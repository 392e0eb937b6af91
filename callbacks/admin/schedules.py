"""Schedules: the week, holidays and exceptions, and what they come to."""

# the methods' parameters are Django's

from collections import defaultdict
from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, TimeField
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import display

from callbacks import wakeups
from callbacks.admin import week
from callbacks.models import OpeningHours, Schedule, ScheduleException, Team
from callbacks.schedule import Hours, overlaps
from leads.admin import Admin


def _rows(formset: Any) -> list[dict[str, Any]]:
    """What will be stored: rows that are complete and stay."""
    return [
        form.cleaned_data
        for form in formset.forms
        if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
    ]


def _said(hours: Hours) -> str:
    return f"{hours.opens_at:%H:%M}-{hours.closes_at:%H:%M}"


class OpeningHoursFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The week, looked at as a whole."""

    def clean(self) -> None:
        """Refuses hours that cover the same time twice."""
        super().clean()
        if any(self.errors):
            return
        hours: dict[int, list[Hours]] = defaultdict(list)
        for row in _rows(self):
            hours[row["weekday"]].append(Hours(row["opens_at"], row["closes_at"]))
        day = dict(OpeningHours.Weekday.choices)
        if found := [
            f"{day[first]} {_said(a)} and {day[second]} {_said(b)} overlap. Change one of them."
            for first, a, second, b in overlaps(hours)
        ]:
            raise ValidationError(found)


class ExceptionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The exceptions, day by day."""

    def clean(self) -> None:
        """Refuses a day that is closed and open, and hours that cover the same time twice."""
        super().clean()
        if any(self.errors):
            return
        days: dict[date, list[Hours | None]] = defaultdict(list)
        for row in _rows(self):
            is_closed = row.get("opens_at") is None
            hours_of_row = None if is_closed else Hours(row["opens_at"], row["closes_at"])
            days[row["date"]].append(hours_of_row)
        found = []
        for day, given in days.items():
            hours = [each for each in given if each]
            if len(hours) < len(given) > 1:
                found.append(f"{day:%d %b %Y} is there as closed. Keep that row, or the others.")
            found += [
                f"{day:%d %b %Y}: {_said(a)} and {_said(b)} overlap. Change one of them."
                for _, a, _, b in overlaps({0: hours})
            ]
        if found:
            raise ValidationError(found)


class _ToTheMinute(TabularInline):  # type: ignore[misc]  # unfold has no types
    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(db_field, TimeField):
            field.widget.format = "%H:%M"
        return field


class OpeningHoursInline(_ToTheMinute):
    """The intervals of a week."""

    model = OpeningHours
    formset = OpeningHoursFormSet
    extra = 0


class ExceptionInline(_ToTheMinute):
    """Days that are different."""

    model = ScheduleException
    formset = ExceptionFormSet
    extra = 0


@admin.register(Schedule)
class ScheduleAdmin(Admin):
    """Opening hours, with a picture of what they come to in the next seven days."""

    list_display = ["name", "time_zone", "intervals", "holidays_of", "teams_shown", "now"]
    search_fields = ["name"]
    show_full_result_count = False
    fields = [("name", "time_zone"), ("holidays_of", "eve_closes_at")]
    inlines = [OpeningHoursInline, ExceptionInline]
    change_form_before_template = "admin/schedule_week.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """With hours, exceptions and teams."""
        queryset: QuerySet[Schedule] = super().get_queryset(request)
        return queryset.prefetch_related("hours", "exceptions", "teams")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the picture of what is stored."""
        if schedule := context.get("original"):
            context["week"] = week.picture(schedule.calendar(), timezone.now())
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Other hours may mean that a team, or one of its phones, is on now."""
        super().save_related(request, form, formsets, change)
        schedule = form.instance.pk
        teams = Team.objects.filter(schedule=schedule) | Team.objects.filter(
            extensions__schedule=schedule
        )
        for team_id in teams.order_by().values_list("pk", flat=True).distinct():
            wakeups.work_team_on_commit(team_id)

    @display(description="opening hours")  # type: ignore[untyped-decorator]
    def intervals(self, obj: Schedule) -> str:
        """All of them in a line."""
        return ", ".join(str(hours) for hours in obj.hours.all()) or "none"

    @display(description="teams")  # type: ignore[untyped-decorator]
    def teams_shown(self, obj: Schedule) -> str:
        """Who keeps them."""
        return ", ".join(team.name for team in obj.teams.all())

    @display(description="now")  # type: ignore[untyped-decorator]
    def now(self, obj: Schedule) -> str:
        """Open or closed, and until when."""
        return week.in_words(obj.calendar(), timezone.now())
