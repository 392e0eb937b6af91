"""Teams: which sources they answer, when they step in, and how calls are distributed."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from callbacks.admin import html
from callbacks.admin.base import EditsOnlyWhatChanged
from callbacks.admin.extensions.forms import ExtensionForm
from callbacks.admin.schedules import week_preview
from callbacks.admin.teams.forms import PEOPLE, PeopleFormSet, TeamForm, TeamSourceFormSet
from callbacks.common import task_publisher
from callbacks.explain import unroutable
from callbacks.models import Extension, Team, TeamSource
from callbacks.routing import availability, config
from callbacks.scheduling import calling_hours

# A team's page shows only this many of its extensions; the list of extensions has all.
_SHOWN = 30


class TeamSourceInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """The sources a team answers, and after how long it steps in."""

    model = TeamSource
    formset = TeamSourceFormSet
    extra = 0
    hide_title = True
    autocomplete_fields = ["source"]
    verbose_name_plural = _("Sources it answers")


class PeopleInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """Extensions added together with the team. Existing extensions have their own pages."""

    model = Extension
    form = ExtensionForm
    formset = PeopleFormSet
    fields = ["number", "kind", "name", "user", "languages", "tier", "is_active"]
    extra = 0
    hide_title = True
    can_delete = False
    autocomplete_fields = ["user"]
    verbose_name = _("extension")
    verbose_name_plural = _("Add people")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Extension]:
        """No existing extensions: a team may have thousands."""
        queryset: QuerySet[Extension] = super().get_queryset(request)
        return queryset.none()

    def get_formset(self, request: HttpRequest, obj: Team | None = None, **more: Any) -> Any:
        """Tells the forms whether their user may enter telephone numbers."""
        formset: Any = super().get_formset(request, obj, **more)
        formset.form.may_enter_numbers = request.user.has_perm("callbacks.enter_phone_numbers")
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """For users who may add extensions: there is nothing else to see."""
        return bool(self.has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """Never here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """Never here."""
        return False


@admin.register(Team)
class TeamAdmin(EditsOnlyWhatChanged):
    """Who answers which sources, and when."""

    form = TeamForm
    list_display = ["name", "sources_shown", "strategy", "open_now", "free_now"]
    search_fields = ["name"]
    ordering = ["name"]  # the count of extensions would leave lists to choose from unordered
    show_full_result_count = False
    list_fullwidth = True
    inlines = [TeamSourceInline, PeopleInline]
    change_form_before_template = "admin/team_now.html"
    fieldsets = [
        (None, {"fields": [("name", "schedule"), "is_active"]}),
        (
            _("Who gets calls"),
            {
                "fields": ["strategy", ("sticky_agent_days", "sticky_agent_wait"), "language_wait"],
                "description": _(
                    "Applied in this order: the owner, then people who speak the lead's language, "
                    "then the lowest tier, then the strategy among those who are left."
                ),
            },
        ),
        (
            _("Limits"),
            {"fields": [("daily_cap", "wrap_up"), ("calls_a_day", "opening_rate")]},
        ),
        (
            _("When leads are called"),
            {"fields": [("call_from", "call_until")]},
        ),
    ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Off, because nobody is in the team yet."""
        return {"is_active": False, **super().get_changeform_initial_data(request)}

    def get_inlines(self, request: HttpRequest, obj: Team | None) -> list[Any]:
        """Leaves out the rows for people if none were posted, as by a page without these rows."""
        inlines: list[Any] = [*super().get_inlines(request, obj)]
        if request.method == "POST" and f"{PEOPLE}-TOTAL_FORMS" not in request.POST:
            inlines.remove(PeopleInline)
        return inlines

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Loads sources and hours, and counts the extensions that are switched on."""
        queryset: QuerySet[Team] = super().get_queryset(request)
        on = Count("extensions", filter=Q(extensions__is_active=True), distinct=True)
        return (
            queryset.select_related("schedule")
            .prefetch_related("teamsource_set__source", "schedule__hours", "schedule__exceptions")
            .annotate(extension_count=on)
        )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds how many extensions of each team are free, in one query for all."""
        changes: ChangeList = super().get_changelist_instance(request)
        now = timezone.now()
        teams: dict[int, Any] = {team.pk: team for team in changes.result_list}
        found = availability.how_many(teams, config.current().closed_shifts(teams, now), now)
        for pk, team in teams.items():
            team.free_count = found.get(pk, 0)
        return changes

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Adds the team's state now, its extensions and its week."""
        if team := context.get("original"):
            now = timezone.now()
            context["team_now"] = self.open_now(team)
            context["team_extensions"] = team.extensions.order_by("tier", "number")[:_SHOWN]
            context["team_more"] = max(team.extensions.count() - _SHOWN, 0)
            if team.schedule:
                context["week"] = week_preview.picture(team.schedule.calendar(), now)
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Wakes the team: with other sources or hours, there may be somebody to call now."""
        super().save_related(request, form, formsets, change)
        task_publisher.work_team_on_commit(form.instance.pk)

    @display(description=_("sources"))  # type: ignore[untyped-decorator]  # unfold has no types
    def sources_shown(self, obj: Team) -> SafeString | str:
        """The sources, and after how many seconds the team steps in."""
        answered = obj.teamsource_set.all()
        if not answered:
            return html.trouble(gettext("none: gets no leads"))
        return ", ".join(
            f"{it.source} after {it.overflow_after} s" if it.overflow_after else str(it.source)
            for it in answered
        )

    @display(description=_("extensions free"))  # type: ignore[untyped-decorator]
    def free_now(self, obj: Team) -> SafeString | str:
        """How many of the extensions that are switched on are free."""
        count: int = getattr(obj, "extension_count", 0)
        if not count:
            return html.trouble(gettext("none: nobody gets calls"))
        return gettext("%(getattr)s of %(count)s") % {
            "getattr": getattr(obj, "free_count", 0),
            "count": count,
        }

    @display(description=_("now"))  # type: ignore[untyped-decorator]
    def open_now(self, obj: Team) -> SafeString:
        """Open, closed and until when, or off."""
        if not obj.is_active:
            return html.label("off")
        now = timezone.now()
        if calling_hours.is_open(obj, now):
            return html.label("open", html.GREEN)
        opening = calling_hours.next_opening([obj], now)
        if opening is None:
            return html.label(gettext("never opens"), html.RED, unroutable.team_problem(obj, now))
        return html.label(
            "closed",
            html.GREY,
            gettext("opens %(localtime)s")
            % {"localtime": f"{timezone.localtime(opening):%a %d %b %H:%M}"},
        )
