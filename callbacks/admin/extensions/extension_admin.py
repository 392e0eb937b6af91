"""Extensions: the state of each, and whether it may be rung."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from callbacks.admin import effective_parameters, html
from callbacks.admin.base import EditsOnlyWhatChanged
from callbacks.admin.commands import Command
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.extensions import conference, empty_teams, state
from callbacks.admin.extensions.account_import import ImportsExtensions
from callbacks.admin.extensions.changes import (
    BRING_BACK,
    CLEAR_BLOCK,
    PAUSE,
    UNPAUSE,
    ExtensionPauseForm,
)
from callbacks.admin.extensions.forms import ExtensionForm
from callbacks.admin.filters import AvailabilityFilter, RelatedFilter
from callbacks.admin.parameters import ExtensionParametersInline
from callbacks.admin.schedules import week_preview
from callbacks.common import task_publisher
from callbacks.models import Extension, Team


@admin.register(Extension)
class ExtensionAdmin(ImportsExtensions, EditsOnlyWhatChanged):
    """The form does not edit the state set by the engine and the actions (paused, blocked, out,
    ...). Each state has its action, with its own permission and log entry.
    """

    list_display = [
        "number", "name", "team", "kind_shown", "state_now", "last_called", "missed_in_a_row",
    ]  # fmt: skip
    list_display_links = ["number", "name"]
    list_filter = [("team", RelatedFilter), AvailabilityFilter]
    list_filter_submit = True
    list_fullwidth = True
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["number", "name", "user__username", "user__first_name", "user__last_name"]
    autocomplete_fields = ["user", "team"]
    actions = ["pause_selected", "unpause_selected", "clear_block_selected"]
    actions_detail = ["pause", "unpause", "bring_back", "clear_block", "conference"]
    inlines = [ExtensionParametersInline]
    change_form_outer_after_template = "admin/what_holds.html"
    form = ExtensionForm
    list_refresh = True
    readonly_fields = [
        "state_now",
        "last_called",
        "missed_in_a_row",
        "unavailable_until",
        "unavailable_reason",
    ]
    change_form_before_template = "admin/shift_week.html"
    fieldsets = [
        (
            _("Now"),
            {"fields": [("state_now", "last_called"), ("missed_in_a_row", "unavailable_reason")]},
        ),
        (
            _("Extension"),
            {"fields": [("number", "kind"), ("name", "user"), ("team", "schedule"), "is_active"]},
        ),
        (
            _("Call distribution"),
            {"fields": [("tier", "weight"), "languages", ("daily_cap", "wrap_up")]},
        ),
    ]

    def has_pause_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may decide if an extension is rung: they see extensions and hold
        `callbacks.pause_extension`.
        """
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and request.user.has_perm("callbacks.pause_extension"))

    def has_conference_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may call an extension into the conference room."""
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and request.user.has_perm("callbacks.use_conference"))

    def get_form(
        self, request: HttpRequest, obj: Extension | None = None, change: bool = False, **more: Any
    ) -> Any:
        """Tells the form whether its user may enter telephone numbers."""
        form: Any = super().get_form(request, obj, change, **more)
        form.may_enter_numbers = request.user.has_perm("callbacks.enter_phone_numbers")
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[Extension]:
        """Loads the team, its hours, and the live attempt."""
        return state.loaded(super().get_queryset(request))

    def save_model(self, request: HttpRequest, obj: Extension, form: Any, change: bool) -> None:
        """Wakes the team: an extension just added, moved or switched on may have leads to call."""
        super().save_model(request, obj, form, change)
        if change:
            empty_teams.warn(self, request, Team.objects.filter(pk=form.initial["team"]))
        task_publisher.work_team_on_commit(obj.team_id)

    def delete_model(self, request: HttpRequest, obj: Extension) -> None:
        """Warns if it was its team's last one."""
        super().delete_model(request, obj)
        empty_teams.warn(self, request, Team.objects.filter(pk=obj.team_id))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Extension]) -> None:
        """The same for several."""
        teams = list(queryset.order_by().values_list("team", flat=True).distinct())
        super().delete_queryset(request, queryset)
        empty_teams.warn(self, request, Team.objects.filter(pk__in=teams))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Adds the week, and the call parameters for users who may see them."""
        extension = context.get("original")
        if extension:
            both = (extension.schedule, extension.team.schedule)
            own, teams = (it.calendar() if it else None for it in both)
            context["week"] = week_preview.picture_of_both(teams, own, timezone.now())
            context["week_is_open"] = own is not None
        if extension and effective_parameters.may_see(request):
            chosen = request.GET.get("source", "")
            context["what_holds"] = effective_parameters.for_extension(extension, chosen)
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer

    @display(description=_("kind"), ordering="kind")  # type: ignore[untyped-decorator]
    def kind_shown(self, obj: Extension) -> str:
        """The kind, in a word or two."""
        return "SIP" if obj.kind == Extension.Kind.SIP else obj.get_kind_display()

    @display(description=_("current state"))  # type: ignore[untyped-decorator]
    def state_now(self, obj: Extension) -> SafeString | str:
        """What it is doing now."""
        if obj._state.adding:
            return ""
        return state.shown(obj, timezone.now())

    @display(description=_("last called"), ordering="last_called_at")  # type: ignore[untyped-decorator]
    def last_called(self, obj: Extension) -> SafeString | str:
        """When it last got a call."""
        return html.moment(obj.last_called_at) or "never"

    # --- actions --------------------------------------------------------------------------------

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The actions that would change something."""
        actions: list[Any] = super().get_actions_detail(request, object_id)
        extension = self.get_object(request, str(object_id))
        if extension is None:
            return []
        is_out = bool(extension.unavailable_until and extension.unavailable_until > timezone.now())
        useful = {
            "pause": extension.is_active,
            "un-pause": extension.is_paused,
            "bring-back": is_out and not extension.is_paused,
            "clear-block": extension.is_blocked,
            "conference": conference.can_join(extension),
        }
        return [it for it in actions if useful[it.path]]

    @action(description=_("Pause"), url_path="pause", permissions=["pause"], icon="pause")  # type: ignore[untyped-decorator]
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks for how long and why, then pauses this extension."""
        return self._one(request, object_id, PAUSE)

    @action(  # type: ignore[untyped-decorator]
        description=_("Un-pause"), url_path="un-pause", permissions=["pause"], icon="play_arrow"
    )
    def unpause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then un-pauses this extension."""
        return self._one(request, object_id, UNPAUSE)

    @action(  # type: ignore[untyped-decorator]
        description=_("Clear block"),
        url_path="clear-block",
        permissions=["pause"],
        icon="lock_open",
    )
    def clear_block(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then clears this extension's block."""
        return self._one(request, object_id, CLEAR_BLOCK)

    @action(  # type: ignore[untyped-decorator]
        description=_("Make available"),
        url_path="bring-back",
        permissions=["pause"],
        icon="play_arrow",
    )
    def bring_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then makes this extension available before its time."""
        return self._one(request, object_id, BRING_BACK)

    @action(  # type: ignore[untyped-decorator]
        description=_("Conference"),
        url_path="conference",
        permissions=["conference"],
        icon="groups",
    )
    def conference(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks for the room's code, then calls this extension into the room."""
        return conference.ask_or_call(self, request, self._found(request, object_id))

    @admin.action(description=_("Pause"), permissions=["pause"])
    def pause_selected(
        self, request: HttpRequest, queryset: QuerySet[Extension]
    ) -> HttpResponse | None:
        """Asks for how long and why, then pauses the chosen extensions."""
        chosen = list(queryset)
        form = ExtensionPauseForm(request.POST if is_confirmed(request) else None)
        if not (is_confirmed(request) and form.is_valid()):
            back = request.get_full_path()
            return ask(
                request, self, PAUSE.question(chosen, request.user, back, "pause_selected", form)
            )
        form.command().carry_out(self, request, chosen)
        return None

    @admin.action(description=_("Un-pause"), permissions=["pause"])
    def unpause_selected(self, request: HttpRequest, queryset: QuerySet[Extension]) -> None:
        """Un-pauses the chosen extensions."""
        UNPAUSE.carry_out(self, request, list(queryset))

    @admin.action(description=_("Clear block"), permissions=["pause"])
    def clear_block_selected(self, request: HttpRequest, queryset: QuerySet[Extension]) -> None:
        """Clears the block of the chosen extensions."""
        CLEAR_BLOCK.carry_out(self, request, list(queryset))

    def _found(self, request: HttpRequest, object_id: str) -> Extension:
        extension: Extension | None = self.get_object(request, object_id)
        if extension is None:
            raise Http404(gettext("There is no such extension."))
        return extension

    def _one(
        self, request: HttpRequest, object_id: str, command: Command[Extension]
    ) -> HttpResponse:
        extension = self._found(request, object_id)
        page = reverse("admin:callbacks_extension_change", args=[extension.pk])
        form = (
            ExtensionPauseForm(request.POST if is_confirmed(request) else None)
            if command is PAUSE
            else None
        )
        if not is_confirmed(request) or (form and not form.is_valid()):
            return ask(request, self, command.question([extension], request.user, page, form=form))
        (form.command() if form else command).carry_out(self, request, [extension])
        return HttpResponseRedirect(page)
