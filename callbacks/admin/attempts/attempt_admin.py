"""Attempts: what was dialled, and the outcome. Read-only, except that a call can be hung up."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from callbacks.admin import html, labels, search
from callbacks.admin.attempts.record_admin import RecordInline
from callbacks.admin.base import ReadOnly, ReadOnlyInline, SearchesCalls
from callbacks.admin.commands import Command
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.filters import (
    ClaimedFilter,
    DaysFilter,
    LiveFilter,
    PersonFilter,
    ReportFilter,
    TroubleFilter,
)
from callbacks.calling import hanging_up, manual_requests
from callbacks.common.formatting import in_words
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.models.call_notes import note_of, standing_notes
from callbacks.reconciliation import manual_resolution
from leads import visible_rows
from leads.models import Lead


def can_hang_up(attempt: CallAttempt) -> bool:
    """Whether to offer hanging up: a call may be on, and the provider can be told which."""
    return (
        attempt.state in hanging_up.HANGABLE
        and attempt.extension is not None
        and attempt.extension.kind in manual_requests.BY_NUMBER
    )


def may_hang_up(request: HttpRequest) -> bool:
    """Whether the user may hang up: they see attempts and hold `callbacks.hang_up_call`."""
    user = request.user
    return user.has_perm("callbacks.hang_up_call") and (
        user.has_perm("callbacks.view_callattempt") or user.has_perm("callbacks.change_callattempt")
    )


class ShowsAttempts:
    """Fields of an attempt, for its own list and its lead's page."""

    claimed = html.moment_of("claimed_at", _("claimed"))
    ended = html.moment_of("ended_at", _("ended"))

    @display(description=_("through"), ordering="extension_number")  # type: ignore[untyped-decorator]
    def through(self, obj: CallAttempt) -> str:
        """The extension to ring, or the message to play."""
        return labels.through(obj)

    @display(description=_("why this extension"))  # type: ignore[untyped-decorator]
    def why_rung(self, obj: CallAttempt) -> str:
        """Why this extension was rung and not others."""
        return labels.why_rung(obj, timezone.get_current_timezone())

    @display(description=_("through"))  # type: ignore[untyped-decorator]
    def through_and_why(self, obj: CallAttempt) -> SafeString | str:
        """The extension, and in small type why it was chosen."""
        why = self.why_rung(obj)
        return html.explained(labels.through(obj), why) if why else labels.through(obj)

    @display(description=_("state"), ordering="state")  # type: ignore[untyped-decorator]
    def state_now(self, obj: CallAttempt) -> SafeString:
        """The state as a label."""
        return html.label(obj.get_state_display(), labels.ATTEMPT_COLOURS.get(obj.state, ""))

    @display(description=_("talked"), ordering="talk_time")  # type: ignore[untyped-decorator]
    def conversation(self, obj: CallAttempt) -> SafeString | str:
        """How long they talked, the cost, and a link to the recording."""
        talked = "" if obj.talk_time is None else in_words(obj.talk_time)
        notes = html.dotted((labels.shekels(obj.price), html.recording(obj.recording_url)))
        return html.below(format_html("<span>{}</span>", talked), notes) if talked else notes

    @display(description=_("disposition"))  # type: ignore[untyped-decorator]
    def came_of_it(self, obj: CallAttempt) -> SafeString | str:
        """The disposition, and the note below it."""
        return html.call_note(note_of(obj))

    @display(description=_("CALLID"), ordering="call_id")  # type: ignore[untyped-decorator]
    def call_id_shown(self, obj: CallAttempt) -> str:
        """The provider's id of the call."""
        return html.call_id(obj.call_id)

    @display(description=_("error"))  # type: ignore[untyped-decorator]
    def error(self, obj: CallAttempt) -> SafeString | str:
        """ERRORCODE and message, or else our own reason."""
        return html.trouble(html.error(obj.error_code, obj.error_message) or obj.failure_reason)

    @display(description="")  # type: ignore[untyped-decorator]
    def hang_up_link(self, obj: CallAttempt) -> SafeString | str:
        """A link to the question, while the call can be hung up."""
        if not can_hang_up(obj):
            return ""
        address = reverse("admin:callbacks_callattempt_hang_up", args=[obj.pk])
        return format_html('<a class="quiet-link nowrap" href="{}">Hang up</a>', address)


class AttemptInline(ShowsAttempts, ReadOnlyInline):
    """What was dialled for a lead."""

    model = CallAttempt
    verbose_name_plural = _("Attempts")
    fields = [
        "claimed", "through_and_why", "state_now", "conversation", "came_of_it", "call_id_shown",
        "error",
        "ended", "hang_up_link",
    ]  # fmt: skip
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Lead | None = None) -> list[str]:
        """Leaves out "Hang up" if there is nothing to hang up or the user may not."""
        is_on = obj is not None and any(map(can_hang_up, obj.call_attempts.all()))
        with_it = is_on and may_hang_up(request)
        return [name for name in self.fields if name != "hang_up_link" or with_it]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallAttempt]:
        """Loads what each row shows."""
        found: QuerySet[CallAttempt] = visible_rows.of(request.user, super().get_queryset(request))
        return found.select_related("extension", "lead").prefetch_related(standing_notes())


@admin.register(CallAttempt)
class CallAttemptAdmin(ShowsAttempts, ReadOnly, SearchesCalls):
    """Every click2call request, and every message played."""

    list_display = [
        "claimed", "person", "through", "state_and_error", "conversation", "came_of_it",
        "call_id_shown", "hang_up_link",
    ]  # fmt: skip
    list_filter = [
        ReportFilter, PersonFilter, ClaimedFilter, ("claimed_at", DaysFilter), LiveFilter,
        TroubleFilter, ("state", ChoicesCheckboxFilter), ("outcome", ChoicesCheckboxFilter),
        ("kind", ChoicesCheckboxFilter),
    ]  # fmt: skip
    list_refresh = True
    list_before_template = "reports/behind.html"
    list_filter_submit = True
    list_fullwidth = True
    list_per_page = 50
    ordering = ["-pk"]  # newest first, by the only index that has all rows
    sortable_by = ()
    show_full_result_count = False
    search_fields = ["call_id"]
    search_help_text = _(
        "CALLID or its last part, extension, anything that finds the lead, or lead 105."
    )
    inlines = [RecordInline]
    actions_detail = ["no_call_came", "hang_up"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("lead_shown", "state_now"), "outcome_shown",
                    ("phone_shown", "extension_shown"), "record_name", "why_rung",
                ]
            },
        ),
        (_("Conversation"), {"fields": [("talked", "price_shown"), "recording", "came_of_it"]}),
        (_("Provider"), {"fields": ["call_id_shown", ("error", "reason_shown")]}),
        (
            _("Times"),
            {
                "fields": [
                    ("claimed", "answered"), ("picked_up", "connected"), ("ended", "held_until"),
                ]
            },
        ),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallAttempt]:
        """Loads lead and extension."""
        queryset: QuerySet[CallAttempt] = super().get_queryset(request)
        return queryset.select_related("lead", "extension").prefetch_related(standing_notes())

    def found(self, typed: str, user: Any) -> Q:
        """By extension, lead or CALLID."""
        extensions = Extension.objects.filter(number=typed).values_list("pk", flat=True)
        return Q(pk__in=search.attempts(typed, user)) | Q(extension__in=list(extensions))

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Leaves out "Hang up" for users who may not."""
        return [it for it in self.list_display if it != "hang_up_link" or may_hang_up(request)]

    def get_fieldsets(self, request: HttpRequest, obj: CallAttempt | None = None) -> Any:
        """Shows the extension of a call, or the record name of a message."""
        left_out = "record_name" if obj is None or obj.extension_id else "extension_shown"
        return [
            (title, {**options, "fields": without(left_out, options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]

    answered = html.moment_of("answered_at", _("provider responded"))
    picked_up = html.moment_of("picked_up_at", _("salesperson picked up"))
    connected = html.moment_of("connected_at", _("lead answered"))
    held_until = html.moment_of("hold_until", _("held until at the latest"))

    @display(description=_("lead"), ordering="lead")  # type: ignore[untyped-decorator]
    def lead_shown(self, obj: CallAttempt) -> SafeString:
        """The lead, with a link to its page."""
        return html.link(obj.lead, f"{obj.lead.name} ({obj.lead_id})")

    @display(description=_("lead"), ordering="lead")  # type: ignore[untyped-decorator]
    def person(self, obj: CallAttempt) -> SafeString:
        """The lead, and the number as it was dialled."""
        page = html.page_of(Lead, obj.lead_id)
        return html.person(f"{obj.lead.name} ({obj.lead_id})", obj.phone, page)

    @display(description=_("state"), ordering="state")  # type: ignore[untyped-decorator]
    def state_and_error(self, obj: CallAttempt) -> SafeString:
        """The state, and what went wrong."""
        wrong = html.error(obj.error_code, obj.error_message) or obj.failure_reason
        return html.trouble_below(self.state_now(obj), wrong)

    @display(description=_("phone"))  # type: ignore[untyped-decorator]
    def phone_shown(self, obj: CallAttempt) -> SafeString:
        """The number as it was dialled."""
        return html.phone(obj.phone)

    # These replace the fields' own help texts, which address people who edit them.
    @display(description=_("outcome"), ordering="outcome")  # type: ignore[untyped-decorator]
    def outcome_shown(self, obj: CallAttempt) -> str:
        """How the call ended, as the policy sees it; empty for a live call and for a message."""
        return obj.get_outcome_display()

    @display(description=_("extension"), ordering="extension")  # type: ignore[untyped-decorator]
    def extension_shown(self, obj: CallAttempt) -> SafeString | str:
        """The extension to ring."""
        return html.link(obj.extension, str(obj.extension)) if obj.extension else ""

    @display(description=_("reason"))  # type: ignore[untyped-decorator]
    def reason_shown(self, obj: CallAttempt) -> str:
        """Our word for what went wrong."""
        return obj.failure_reason

    @display(description=_("talked"))  # type: ignore[untyped-decorator]
    def talked(self, obj: CallAttempt) -> str:
        """How long they talked."""
        return "" if obj.talk_time is None else in_words(obj.talk_time)

    @display(description=_("price"))  # type: ignore[untyped-decorator]
    def price_shown(self, obj: CallAttempt) -> str:
        """The price of both legs."""
        return labels.shekels(obj.price)

    @display(description=_("recording"))  # type: ignore[untyped-decorator]
    def recording(self, obj: CallAttempt) -> SafeString | str:
        """A player, or a link to the recording."""
        return html.player(obj.recording_url)

    # --- hanging up -----------------------------------------------------------------------------

    def has_hang_up_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may end a call in progress."""
        return may_hang_up(request)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The actions that fit the call's state."""
        attempt = self.get_object(request, str(object_id))
        if attempt is None:
            return []
        useful = {
            "hang-up": can_hang_up(attempt),
            "no-call-came": attempt.state == AttemptState.UNKNOWN,
        }
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return [it for it in actions if useful[it.path]]

    def has_settle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may enter that a call never came."""
        sees = self.has_view_or_change_permission(request)
        return bool(sees and request.user.has_perm("callbacks.settle_outcome"))

    @action(  # type: ignore[untyped-decorator]
        description=_("No call came"), url_path="no-call-came", permissions=["settle"],
        icon="phone_disabled",
    )  # fmt: skip
    def no_call_came(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then lets the lead be called again. Logged at the lead."""
        attempt = self.get_object(request, object_id)
        if attempt is None:
            raise Http404(gettext("There is no such attempt."))
        back = html.page_of(CallAttempt, attempt.pk)
        if not is_confirmed(request):
            return ask(request, self, _NO_CALL_CAME.question([attempt], request.user, back=back))
        _NO_CALL_CAME.carry_out(self, request, [attempt])
        return HttpResponseRedirect(back)

    @action(  # type: ignore[untyped-decorator]
        description=_("Hang up and stop"), url_path="hang-up", permissions=["hang_up"],
        icon="call_end", variant=ActionVariant.DANGER,
    )  # fmt: skip
    def hang_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then ends the call. Logged at the lead, whose page tells the whole story."""
        attempt = self.get_object(request, object_id)
        if attempt is None:
            raise Http404(gettext("There is no such attempt."))
        sees_leads = request.user.has_perm("leads.view_lead")
        back = (
            html.page_of(Lead, attempt.lead_id)
            if sees_leads
            else html.page_of(CallAttempt, attempt.pk)
        )
        command = _hang_up(attempt)
        if not is_confirmed(request):
            return ask(request, self, command.question([attempt], request.user, back=back))
        command.carry_out(self, request, [attempt])
        return HttpResponseRedirect(back)


class _AttemptCommand(Command[CallAttempt]):
    """Something a manager does to a live call. Logged at its lead."""

    def lines(self, thing: CallAttempt, user: Any) -> Sequence[str]:
        """The lead's name and number."""
        return [format_html("<bdi>{}</bdi>, {}", thing.lead.name, html.phone(thing.phone))]

    def log_entry(self, thing: CallAttempt) -> tuple[Model, str]:
        """Logs at the lead."""
        return thing.lead, str(self.logged)


_NO_CALL_CAME = _AttemptCommand(
    run=lambda it, user: manual_resolution.no_call_came(it.pk, user),
    title=_("Confirm that no phone rang?"),
    explanation=_(
        "The provider's answer does not tell whether it called. Ask the "
        "salesperson. If their phone did not ring, confirm, and the lead "
        "is called again now. If it did ring, do not confirm: the lead "
        "would be called twice."
    ),
    button=_("No call came"),
    logged=_("No call came"),
)


def _hang_up(attempt: CallAttempt) -> _AttemptCommand:
    named = {"extension_number": attempt.extension_number}
    return _AttemptCommand(
        run=lambda it, user: hanging_up.hang_up(it.pk, user),
        title=gettext("Hang up this call?"),
        explanation=gettext(
            "The call on extension %(extension_number)s ends at once, for the "
            "salesperson and for the lead. It does not count as missed, and "
            "the lead is not called again automatically."
        )
        % named,
        button=gettext("Hang up and stop"),
        logged=gettext("Hung up the call on extension %(extension_number)s") % named,
        danger=True,
        asks_provider=True,
    )


def without(name: str, fields: list[Any]) -> list[Any]:
    """The rows of fields without the named field."""
    rows = [
        tuple(it for it in row if it != name) if isinstance(row, tuple) else row for row in fields
    ]
    return [row for row in rows if row != name]
