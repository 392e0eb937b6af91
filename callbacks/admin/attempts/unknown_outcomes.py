"""Calls with an unknown outcome: a worklist, with two ways to decide each."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from callbacks.admin import html, labels
from callbacks.admin.attempts.attempt_admin import CallAttemptAdmin
from callbacks.admin.commands import Command
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.models import CallRecord, UnknownOutcome
from callbacks.reconciliation import manual_resolution
from leads import visible_rows

LIST = "admin:callbacks_unknownoutcome_changelist"


def sees_attempts(request: HttpRequest) -> bool:
    """Whether the user may see attempts, and so those with an unknown outcome."""
    user = request.user
    return user.has_perm("callbacks.view_callattempt") or user.has_perm(
        "callbacks.change_callattempt"
    )


def may_settle(request: HttpRequest) -> bool:
    """Whether the user may enter how such a call ended."""
    return sees_attempts(request) and request.user.has_perm("callbacks.settle_outcome")


class _Decision(Command[UnknownOutcome]):
    """A person's decision about a call. Logged at the lead, whose page tells the whole story."""

    def lines(self, thing: UnknownOutcome, user: Any) -> Sequence[str]:
        """The lead called, and the extension."""
        at = html.moment(thing.claimed_at)
        return [
            format_html("<bdi>{}</bdi>, {}", thing.lead.name, html.phone(thing.phone)),
            format_html(gettext("through extension {}, {}"), str(thing.extension), at),
        ]

    def said(self, thing: UnknownOutcome, sentence: str) -> str:
        """The sentence after the lead's name."""
        return f"{thing.lead.name}: {sentence}"

    def log_entry(self, thing: UnknownOutcome) -> tuple[Model, str]:
        """Logs at the lead, and names the call."""
        written = html.written(thing.claimed_at)
        logged = gettext("%(logged)s (call of %(written)s)")
        return thing.lead, logged % {"logged": self.logged, "written": written}


_TALKED = _Decision(
    run=lambda attempt, user: manual_resolution.they_talked(attempt.pk, user),
    title=_("Did they talk?"),
    explanation=_(
        "Confirm only if the salesperson told you that they talked. The "
        "request is closed as connected, and nobody calls again."
    ),
    button=_("They talked"),
    logged=_("They talked"),
)
_AGAIN = _Decision(
    run=lambda attempt, user: manual_resolution.call_again(attempt.pk, user),
    title=_("Call again?"),
    explanation=_(
        "If the earlier call did take place, the lead is called a second "
        "time. The phone of a free salesperson rings first; when they "
        "answer, this number is called."
    ),
    button=_("Call again"),
    logged=_("Call again"),
)


@admin.register(UnknownOutcome)
class UnknownOutcomeAdmin(CallAttemptAdmin):
    """Attempts without a record of the outcome, oldest first. Each is decided once."""

    list_display = ["claimed", "person", "who", "known", "decide"]
    list_display_links = ["claimed"]
    list_filter = []
    ordering = ["ended_at", "pk"]
    list_before_template = "admin/unknown_outcomes_hint.html"
    actions_detail = ["they_talked", "call_again"]

    claimed = html.moment_of("claimed_at", _("called"))

    # --- permissions ----------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same as for attempts."""
        return sees_attempts(request)

    def has_settle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may enter that they talked."""
        return may_settle(request)

    def has_call_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may have them called again, which also needs the right to call leads."""
        return may_settle(request) and request.user.has_perm("leads.call_lead")

    # --- the list -------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnknownOutcome]:
        """The calls that wait for a decision, with what is known about them."""
        records = Prefetch("records", queryset=CallRecord.objects.order_by("leg"))
        return (
            visible_rows.of(request.user, manual_resolution.open_questions())
            .order_by(*self.ordering)
            .select_related("lead", "extension")
            .prefetch_related(records)
        )

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Shows the buttons that this person may press."""
        if self.has_call_permission(request):
            return self.list_display
        shown = [name for name in self.list_display if name != "decide"]
        return [*shown, "talked_button"] if self.has_settle_permission(request) else shown

    @display(description=_("salesperson"), ordering="extension_number")  # type: ignore[untyped-decorator]
    def who(self, obj: UnknownOutcome) -> SafeString:
        """The salesperson to ask."""
        name = obj.extension.name if obj.extension else ""
        return html.below(format_html("<bdi>{}</bdi>", name or "Extension"), obj.extension_number)

    @display(description=_("what is known"))  # type: ignore[untyped-decorator]
    def known(self, obj: UnknownOutcome) -> SafeString:
        """The provider's answer, what was seen since, and how often the provider was asked."""
        facts = format_html_join("", "<li>{}</li>", ((fact,) for fact in _facts(obj)))
        return format_html('<ul class="facts">{}</ul>', facts)

    @display(description=_("how did it end?"))  # type: ignore[untyped-decorator]
    def decide(self, obj: UnknownOutcome) -> SafeString:
        """Both decisions, each with a question first."""
        return _buttons(
            (_TALKED, _address(obj, "they_talked")), (_AGAIN, _address(obj, "call_again"))
        )

    @display(description=_("how did it end?"))  # type: ignore[untyped-decorator]
    def talked_button(self, obj: UnknownOutcome) -> SafeString:
        """The decision for users who may not have leads called."""
        return _buttons((_TALKED, _address(obj, "they_talked")))

    # --- one call -------------------------------------------------------------------------------

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Both decisions: every call in this list can be decided."""
        actions: list[Any] = super(CallAttemptAdmin, self).get_actions_detail(request, object_id)
        return actions

    @action(  # type: ignore[untyped-decorator]
        description=_("They talked"),
        url_path="they-talked",
        permissions=["settle"],
        icon="handshake",
    )  # fmt: skip
    def they_talked(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then closes the lead as connected."""
        return self._decide(request, object_id, _TALKED)

    @action(  # type: ignore[untyped-decorator]
        description=_("Call again"), url_path="call-again", permissions=["call"], icon="call",
        variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def call_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then has the lead called."""
        return self._decide(request, object_id, _AGAIN)

    def _decide(self, request: HttpRequest, object_id: str, what: _Decision) -> HttpResponse:
        attempt = _find(request, object_id)
        if not is_confirmed(request):
            return ask(request, self, what.question([attempt], request.user, back=reverse(LIST)))
        what.carry_out(self, request, [attempt])
        return HttpResponseRedirect(reverse(LIST))


def _find(request: HttpRequest, object_id: str) -> UnknownOutcome:
    """An attempt, even a decided one: the person who presses the button is told so. Raises Http404,
    also for another team's attempt.
    """
    found: UnknownOutcome | None = None
    if object_id.isdecimal() and len(object_id) < 19:
        attempts = visible_rows.of(
            request.user, UnknownOutcome.objects.select_related("lead", "extension")
        )
        found = attempts.filter(pk=int(object_id), extension__isnull=False).first()
    if found is None:
        raise Http404(gettext("There is no such attempt."))
    return found


def _facts(attempt: UnknownOutcome) -> Iterator[str | SafeString]:
    yield labels.lost(attempt)
    if attempt.picked_up_at:
        yield format_html(
            gettext("The salesperson picked up: {}."), html.moment(attempt.picked_up_at)
        )
    for record in attempt.records.all():
        yield (
            gettext("Record of leg %(leg)s: %(status)s.")
            % {"leg": record.leg, "status": record.status}
            if record.leg
            else record.type
        )
    if attempt.call_id:
        yield html.call_id(attempt.call_id)
    if attempt.lookup_count:
        yield _asked(attempt.lookup_count, again=attempt.next_lookup_at is not None)


def _asked(count: int, *, again: bool) -> str:
    """How often the provider was asked about the call."""
    if again:
        sentence = ngettext(
            "The provider was asked once and will be asked again.",
            "The provider was asked %(count)d times and will be asked again.",
            count,
        )
    else:
        sentence = ngettext(
            "The provider was asked once.", "The provider was asked %(count)d times.", count
        )
    return sentence % {"count": count}


def _buttons(*decisions_at: tuple[_Decision, str]) -> SafeString:
    links = ((address, what.button) for what, address in decisions_at)
    return format_html(
        '<span class="decide">{}</span>', format_html_join("", '<a href="{}">{}</a>', links)
    )


def _address(attempt: UnknownOutcome, name: str) -> str:
    return reverse(f"admin:callbacks_unknownoutcome_{name}", args=[attempt.pk])
