"""The list of leads, and a lead's page."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from callbacks.access import others_calls, scope
from callbacks.admin import ai_data, html, search
from callbacks.admin.alerts.alert_admin import AlertedLeadsFilter
from callbacks.admin.attempts.attempt_admin import AttemptInline, without
from callbacks.admin.base import EditsOnlyWhatChanged
from callbacks.admin.filters import (
    AssignedFilter,
    DispositionFilter,
    FollowUpFilter,
    MoodFilter,
    OverdueFilter,
    RelatedFilter,
    ReportFilter,
    SubmittedFilter,
    ToDoFilter,
    UnansweredFilter,
)
from callbacks.admin.leads import consent_shown, number_page, saved_lists, timeline
from callbacks.admin.leads.alike_filter import AlikeFilter
from callbacks.admin.leads.assigning import AssignsLeads
from callbacks.admin.leads.calls_shown import ShowsCalls, add_calls
from callbacks.admin.leads.came_from_shown import WHERE_FROM, ShowsWhereFrom
from callbacks.admin.leads.consent_shown import ConsentFilter, ShowsConsent
from callbacks.admin.leads.feedback_shown import FeedbackFilter, ShowsFeedback
from callbacks.admin.leads.form_fields_shown import ShowsAnswers
from callbacks.admin.leads.lateness_shown import (
    LatenessFilter,
    ShowsLateness,
    add_lateness,
    is_about_lateness,
)
from callbacks.admin.leads.lead_export import ExportsLeads
from callbacks.admin.leads.requests_shown import ShowsRequests
from callbacks.admin.leads.standing_shown import ShowsStanding, add_unanswered
from callbacks.admin.leads.talks import ShowsTalks
from callbacks.common.formatting import in_words
from callbacks.explain import waiting_reason
from callbacks.exports.records import may_export_leads
from callbacks.models import CallAttempt, CallNote, CallRecord
from callbacks.models.call_notes import standing_notes
from callbacks.models.people import shown_name
from callbacks.reports import time_breakdown
from leads import never_call, visible_rows
from leads.models import Lead, LeadStatus

_LOADED = (
    "source", "first_source", "duplicate_of", "disposition", "follow_up_of", "assigned_to",
    "challenge", "consent__text", "answers", "attribution", "taken_back", "feedback",
    "legal_hold__placed_by",
)  # fmt: skip


@admin.register(Lead)
class LeadAdmin(
    ShowsStanding,
    ShowsRequests,
    ExportsLeads,
    ShowsTalks,
    ShowsCalls,
    ShowsLateness,
    ShowsConsent,
    ShowsWhereFrom,
    ShowsFeedback,
    ShowsAnswers,
    AssignsLeads,
    EditsOnlyWhatChanged,
):
    """A manager corrects name, e-mail and message. The number cannot be edited: it was checked on
    submission, and limits and attempts depend on it. Only the engine changes the other fields.
    """

    list_display = [
        "came", "person", "standing", "promise", "talked_with", "last_outcome", "call_id_shown",
    ]  # fmt: skip
    list_display_links = ["came", "person"]
    list_filter = [
        ("status", ChoicesCheckboxFilter),
        ("source", RelatedFilter),
        SubmittedFilter,
        ToDoFilter,
        OverdueFilter,
        UnansweredFilter,
        AlertedLeadsFilter,
        AssignedFilter,
        ("disposition", DispositionFilter),
        FollowUpFilter,
        ConsentFilter,
        *WHERE_FROM,
        FeedbackFilter,
        ReportFilter,
        LatenessFilter,
        AlikeFilter,
    ]
    list_filter_submit = True
    list_refresh = True
    list_fullwidth = True
    list_per_page = 50
    sortable_by = ("came",)  # the one with an index; filters do the rest
    list_before_template = "admin/lead_list_notes.html"
    show_full_result_count = False
    search_fields = ["pk"]  # only makes the theme show the search field; see get_search_results
    search_help_text = _(
        "Part of a name, a number in any format, an e-mail or a message; "
        "CALLID; lead 105; the address of the visitor's page."
    )
    inlines = [AttemptInline]
    formfield_overrides = {
        models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})}
    }
    readonly_fields = [
        "story", "stages", "heard", "waits_for", "assigned", "newest_request", "phone_shown",
        "source", "status_shown", "due", "duplicate",
        "duplicates_shown", "submitted", "clock_started", "due_by", "not_before", "closed",
        "call_id_shown", "error", "attempts", "first_dialed", "rang", "connected", "ring_time",
        "talk_time", "came_of_it", "follow_ups_shown", "never_called", "submitted_from",
        "held_legally", "sent_by", "agreed_to", "said_after",
    ]  # fmt: skip
    fieldsets = [
        (
            _("Person"),
            {
                "fields": [
                    ("name", "phone_shown"), ("email", "source"), "message", "newest_request",
                    "agreed_to",
                ]
            },
        ),
        (
            _("Now"),
            {
                "fields": [
                    ("status_shown", "due"), "waits_for", "assigned", "never_called",
                    "held_legally", "came_of_it", "said_after", "follow_ups_shown",
                    "attempts", ("ring_time", "talk_time"), "call_id_shown", "error",
                ]
            },
        ),
        (_("AI findings"), {"fields": ["heard"], "classes": ["story"]}),
        (_("Where the time went"), {"fields": ["stages"], "classes": ["story"]}),
        (_("Same number"), {"fields": [("duplicate", "duplicates_shown")]}),
        (_("What happened"), {"fields": ["story"], "classes": ["story"]}),
        (
            _("Times"),
            {
                "fields": [
                    ("submitted", "clock_started"), ("submitted_from", "sent_by"),
                    ("due_by", "not_before"), ("first_dialed", "rang"), ("connected", "closed"),
                ]
            },
        ),
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: leads come in through the form or the API, which check every rule."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Lead | None = None) -> bool:
        """Never: what was dialled, and for whom, stays on record."""
        return False

    # --- the list -------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        """Uses callbacks.admin.search, whose message for the manager is shown above the list."""
        if not search_term.strip():
            return queryset, False
        found = search.leads(search_term, request.user)
        request.found = found  # type: ignore[attr-defined]
        return queryset.filter(pk__in=found.ids), False

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Adds the filter by AI findings for users who may read them."""
        found: list[Any] = [*super().get_list_filter(request)]
        return [*found, MoodFilter] if ai_data.may_read(request.user) else found

    submitted = html.moment_of("submitted_at", _("submitted"))
    clock_started = html.moment_of("clock_started_at", _("clock started"))
    due_by = html.moment_of("due_at", _("due at"))
    not_before = html.moment_of("call_after", _("not called before"))
    first_dialed = html.moment_of("first_dialed_at", _("first accepted by the provider"))
    rang = html.moment_of("rang_at", _("phone rang"))
    connected = html.moment_of("connected_at", _("connected"))
    closed = html.moment_of("closed_at", _("closed"))

    # The list has few columns, each with small notes, so that all of them fit on the screen.

    @display(description=_("submitted"), ordering="submitted_at")  # type: ignore[untyped-decorator]
    def came(self, obj: Lead) -> SafeString:
        """When the lead was submitted, and through which source."""
        at = format_html("{}", html.moment(obj.submitted_at))
        return html.below(at, format_html("<bdi>{}</bdi>", obj.source))

    @display(description=_("name"), ordering="name")  # type: ignore[untyped-decorator]
    def person(self, obj: Lead) -> SafeString:
        """The person's name and number."""
        return html.person(obj.name, obj.phone)

    @display(description=_("phone"), ordering="phone")  # type: ignore[untyped-decorator]
    def phone_shown(self, obj: Lead) -> SafeString:
        """The number as people read it, with a link to the page about it."""
        return number_page.phone_with_link(obj)

    @display(description=_("CALLID"), ordering="call_id")  # type: ignore[untyped-decorator]
    def call_id_shown(self, obj: Lead) -> str:
        """The provider's id of the newest call."""
        return html.call_id(obj.call_id)

    @display(description=_("error"))  # type: ignore[untyped-decorator]
    def error(self, obj: Lead) -> SafeString | str:
        """ERRORCODE and message of the newest attempt."""
        return html.trouble(html.error(obj.error_code, obj.error_message))

    @display(description=_("time to ring"))  # type: ignore[untyped-decorator]
    def ring_time(self, obj: Lead) -> str:
        """The time on the lead's clock when its phone first rang."""
        return _duration(obj.time_to_ring)

    @display(description=_("time to talk"))  # type: ignore[untyped-decorator]
    def talk_time(self, obj: Lead) -> str:
        """The time on the lead's clock when they first talked."""
        return _duration(obj.time_to_talk)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Adds saved lists, links and the rows' notes, such as why a lead waits."""
        changes: Any = super().get_changelist_instance(request)
        changes.saved_lists = saved_lists.chips(request)
        changes.address_to_save = saved_lists.address_to_save(request)
        changes.found = getattr(request, "found", None)
        if changes.found and changes.found.number:
            changes.number_page = number_page.address_of(changes.found.number)
        if may_export_leads(request.user):
            export = reverse("admin:leads_lead_export")
            changes.export_address = f"{export}?{request.GET.urlencode()}"
        add_unanswered(changes.result_list)
        add_calls(changes.result_list)
        waits = waiting_reason.of_leads(changes.result_list, timezone.now())
        for lead in changes.result_list:
            lead.waits = waits.get(lead.pk)
        if is_about_lateness(request):
            add_lateness(changes.result_list)
        return changes  # type: ignore[no-any-return]

    # --- one lead -------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        """Leads with their source; a lead's page loads its history too (get_object)."""
        queryset: QuerySet[Lead] = (
            super().get_queryset(request).select_related("source", "disposition", "assigned_to")
        )
        return queryset

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Lead | None:
        """The lead with everything that its page shows."""
        found: Lead | None = super().get_object(request, object_id, from_field)
        if found is None:
            return None
        seen = scope.of(request.user)
        records = CallRecord.objects.filter(seen.calls("attempt__"))
        attempts = CallAttempt.objects.select_related("extension").prefetch_related(
            Prefetch("records", queryset=records), standing_notes()
        )
        notes = CallNote.objects.filter(seen.calls("attempt__")).select_related(
            "disposition", "follow_up", "written_by"
        )
        lead: Any = (
            Lead.objects.select_related(*_LOADED)
            .prefetch_related(
                Prefetch("call_attempts", attempts),
                "duplicates__source",
                "duplicates__answers",
                "duplicates__attribution",
                "clock_changes",
                "findings",
                Prefetch("call_notes", notes),
                Prefetch("follow_ups", visible_rows.of(request.user, Lead.objects.all())),
            )
            .get(pk=found.pk)
        )
        self.hide_on_page(request, lead)
        add_unanswered([lead])
        add_lateness([lead])
        if ai_data.may_read(request.user):
            lead.heard = ai_data.of_lead(lead, seen)
        return lead  # type: ignore[no-any-return]

    def get_fieldsets(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """Leaves out fields with nothing to show, "Same number" for a lead without duplicates,
        "Where the time went" for a duplicate, which is never called, and "AI findings" if the user
        may not read them or there are none.
        """
        left_out = set()
        if obj and not obj.duplicate_of_id and not obj.duplicates.all():
            left_out.add(gettext("Same number"))
        if obj and obj.duplicate_of_id:
            left_out.add(gettext("Where the time went"))
        if not getattr(obj, "heard", ""):
            left_out.add(gettext("AI findings"))
        rows = [row for row in super().get_fieldsets(request, obj) if row[0] not in left_out]
        is_there: dict[str, Callable[[Lead], object]] = {
            "waits_for": lambda it: it.status == LeadStatus.WAITING,
            "assigned": lambda it: it.assigned_to_id,
            "newest_request": lambda it: it.duplicates.all(),
            "came_of_it": lambda it: it.call_notes.all(),
            "follow_ups_shown": lambda it: it.follow_up_of_id or it.follow_ups.all(),
            "never_called": lambda it: never_call.entry(it.phone),
            "agreed_to": consent_shown.is_told,
            "held_legally": lambda it: hasattr(it, "legal_hold"),
        }
        absent = [name for name, asks in is_there.items() if obj and not asks(obj)]
        for name in absent:
            rows = [(title, {**options, "fields": without(name, options["fields"])})
                    for title, options in rows]  # fmt: skip
        return rows

    @display(description=_("assigned to"))  # type: ignore[untyped-decorator]
    def assigned(self, obj: Lead) -> SafeString:
        """The salesperson whom a manager assigned it to."""
        return format_html("<bdi>{}</bdi>", shown_name(obj.assigned_to))

    @display(description="")  # type: ignore[untyped-decorator]
    def story(self, obj: Lead) -> str:
        """What happened, as a timeline."""
        attempts = list(obj.call_attempts.all())
        records = [record for attempt in attempts for record in attempt.records.all()]
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Lead), object_id=str(obj.pk)
        ).select_related("user")
        entries = others_calls.own_entries(obj, entries)
        events = timeline.of(obj, attempts, records, entries, obj.call_notes.all())
        return render_to_string("admin/lead_timeline.html", {"events": events})

    @display(description="")  # type: ignore[untyped-decorator]
    def heard(self, obj: Lead) -> str:
        """The provider's AI data on its calls, loaded by `get_object` for users who may read it."""
        return getattr(obj, "heard", "")

    @display(description="")  # type: ignore[untyped-decorator]
    def stages(self, obj: Lead) -> str:
        """Where its time went, stage by stage."""
        now_spent = time_breakdown.of_lead(obj, obj.call_attempts.all(), timezone.now())
        return render_to_string("admin/lead_stages.html", {"spent": now_spent})


def _duration(time: timedelta | None) -> str:
    return "" if time is None else in_words(time.total_seconds())
