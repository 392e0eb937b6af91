"""What a manager does with leads, from the list and from a lead's page."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from callbacks.access import scope
from callbacks.admin.attempts import attempt_admin, unknown_outcomes
from callbacks.admin.attempts.talk_form import ManagersTalkForm
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.leads import commands, forms, held_commands
from callbacks.admin.leads.commands import LeadCommand
from callbacks.calling import after_talk
from callbacks.models import CallAttempt, UnknownOutcome
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind
from callbacks.reconciliation import manual_resolution
from leads import visible_rows
from leads.admin import Admin
from leads.models import Lead, LeadStatus

# Each lead to call is a decision: nobody makes a thousand of them in one click.
_AT_ONCE = 50


class ActsOnLeads(Admin):
    """The actions of the leads' admin. Each asks first and has its own permission."""

    actions = ["call_selected", "cancel_selected", "done_selected", "block_selected"]
    actions_detail = [
        "release", "call_now", "call_with", "they_talked", "after_talk", "play", "hang_up",
        "cancel", "hold_legally", "lift_hold",
    ]  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Lead | None = None) -> bool:
        """Not for an erased lead: nothing more is written about that person."""
        return bool(super().has_change_permission(request, obj) and not (obj and obj.erased_at))

    def has_call_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may have leads called or played a message: they see leads and hold
        `leads.call_lead`.
        """
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and request.user.has_perm("leads.call_lead"))

    def has_release_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may release and reject held leads."""
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and request.user.has_perm("leads.judge_heldlead"))

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may cancel leads."""
        return bool(self.has_change_permission(request))

    def has_block_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may put numbers on the never-call list."""
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and request.user.has_perm("leads.add_nevercallnumber"))

    def has_hang_up_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may end a call in progress."""
        return bool(
            self.has_view_or_change_permission(request) and attempt_admin.may_hang_up(request)
        )

    def has_settle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may enter how a call with an unknown outcome ended."""
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and unknown_outcomes.may_settle(request))

    def has_note_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may enter how a talk went."""
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and request.user.has_perm("callbacks.add_callnote"))

    def has_legal_hold_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may place and lift legal holds."""
        may_see = self.has_view_or_change_permission(request)
        return bool(may_see and request.user.has_perm("leads.hold_lead"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The actions that would change something for this lead."""
        actions: list[Any] = super().get_actions_detail(request, object_id)
        lead = self._plain(request, str(object_id))
        if lead is None:
            return []
        live = _live_attempt(lead)
        can_be_called = live is None and not commands.why_not(lead, request.user)
        useful = {
            "release": lead.status == LeadStatus.HELD,
            "call-now": can_be_called,
            "call-with": can_be_called,
            "assign": lead.status != LeadStatus.DUPLICATE,
            "they-talked": live is None and _question_of(request, lead) is not None,
            "after-talk": _newest_call(request, lead) is not None,
            "play": live is None and not commands.why_not(lead, request.user, to_play=True),
            "hang-up": live is not None and attempt_admin.can_hang_up(live),
            "cancel": lead.is_open,
            "legal-hold": lead.erased_at is None and not hasattr(lead, "legal_hold"),
            "lift-hold": hasattr(lead, "legal_hold"),
        }
        if lead.erased_at:  # nobody can be called, and nothing more is written
            useful = dict.fromkeys(useful, False)
        return [it for it in actions if useful[it.path]]

    @action(  # type: ignore[untyped-decorator]
        description=_("Release"), url_path="release", permissions=["release"], icon="lock_open",
        variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then has this held lead called."""
        return self._one(request, self._found(request, object_id), held_commands.RELEASE)

    @action(  # type: ignore[untyped-decorator]
        description=_("Call now"), url_path="call-now", permissions=["call"], icon="call",
        variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def call_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then has this lead called."""
        lead = self._found(request, object_id)
        return self._refused(request, lead) or self._one(request, lead, commands.CALL)

    @action(  # type: ignore[untyped-decorator]
        description=_("Call with …"), url_path="call-with", permissions=["call"],
        icon="phone_forwarded",
    )  # fmt: skip
    def call_with(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks which extension, then has it call this lead."""
        lead = self._found(request, object_id)
        if (found := self._refused(request, lead)) is not None:
            return found
        extensions = forms.extensions_for(lead, scope.of(request.user))
        if not extensions:
            said = gettext("No extension answers leads from %(source)s.") % {"source": lead.source}
            self.message_user(request, said, messages.ERROR)
            return HttpResponseRedirect(page_of(lead))
        typed = request.POST if is_confirmed(request) else None
        form = forms.CallWithForm(lead, extensions, typed)
        if not (is_confirmed(request) and form.is_valid()):
            question = commands.CALL_WITH.question(
                [lead], request.user, back=page_of(lead), form=form
            )
            return ask(request, self, question)
        command = commands.call_with(form.chosen(), whatever_hour=form.is_sure())
        command.carry_out(self, request, [lead])
        return HttpResponseRedirect(page_of(lead))

    @action(  # type: ignore[untyped-decorator]
        description=_("They talked"),
        url_path="they-talked",
        permissions=["settle"],
        icon="handshake",
    )
    def they_talked(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Redirects to the question how the call with an unknown outcome ended."""
        lead = self._found(request, object_id)
        attempt = _question_of(request, lead)
        if attempt is None:
            said = (
                gettext(
                    "There is nothing left for you to decide: somebody has already "
                    "decided, or another team will."
                )
                if scope.of(request.user).is_limited
                else gettext("Somebody else has decided in the meantime.")
            )
            self.message_user(request, said, messages.WARNING)
            return HttpResponseRedirect(page_of(lead))
        address = reverse("admin:callbacks_unknownoutcome_they_talked", args=[attempt.pk])
        return HttpResponseRedirect(address)

    @action(  # type: ignore[untyped-decorator]
        description=_("After the talk"), url_path="after-talk", permissions=["note"],
        icon="rate_review",
    )  # fmt: skip
    def after_talk(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks how the lead's newest call went, and stores it."""
        lead = self._found(request, object_id)
        attempt = _newest_call(request, lead)
        if attempt is None:
            said = (
                gettext("None of your teams has called this lead yet.")
                if scope.of(request.user).is_limited
                else gettext("Nobody has called this lead yet.")
            )
            self.message_user(request, said, messages.WARNING)
            return HttpResponseRedirect(page_of(lead))
        form = ManagersTalkForm(
            attempt,
            after_talk.standing(attempt.pk),
            timezone.now(),
            ZoneInfo(settings.TIME_ZONE),
            request.POST if is_confirmed(request) else None,
        )
        if not (is_confirmed(request) and form.is_valid()):
            question = commands.AFTER_TALK.question(
                [lead], request.user, back=page_of(lead), form=form
            )
            return ask(request, self, question)
        commands.after_talk(attempt, form).carry_out(self, request, [lead])
        return HttpResponseRedirect(page_of(lead))

    @action(  # type: ignore[untyped-decorator]
        description=_("Play a message"), url_path="play", permissions=["call"], icon="campaign"
    )
    def play(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks which message, then has it played to this lead."""
        lead = self._found(request, object_id)
        if (found := self._refused(request, lead, to_play=True)) is not None:
            return found
        form = forms.PlayForm(lead, request.POST if is_confirmed(request) else None)
        if not (is_confirmed(request) and form.is_valid()):
            question = commands.PLAY.question([lead], request.user, back=page_of(lead), form=form)
            return ask(request, self, question)
        record_name = form.cleaned_data["record_name"]
        command = commands.play(record_name, whatever_hour=form.is_sure())
        command.carry_out(self, request, [lead])
        return HttpResponseRedirect(page_of(lead))

    @action(  # type: ignore[untyped-decorator]
        description=_("Hang up and stop"), url_path="hang-up", permissions=["hang_up"],
        icon="call_end", variant=ActionVariant.DANGER,
    )  # fmt: skip
    def hang_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Redirects to the question about the call in progress, so that no later call is ended."""
        lead = self._found(request, object_id)
        live = _live_attempt(lead)
        if live is None:
            self.message_user(request, gettext("That call has ended."), messages.WARNING)
            return HttpResponseRedirect(page_of(lead))
        address = reverse("admin:callbacks_callattempt_hang_up", args=[live.pk])
        return HttpResponseRedirect(address)

    @action(  # type: ignore[untyped-decorator]
        description=_("Cancel"), url_path="cancel", permissions=["cancel"], icon="cancel"
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then cancels this lead."""
        return self._one(request, self._found(request, object_id), commands.CANCEL)

    @action(  # type: ignore[untyped-decorator]
        description=_("Legal hold"), url_path="legal-hold", permissions=["legal_hold"],
        icon="gavel",
    )  # fmt: skip
    def hold_legally(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks why, then keeps this lead from being erased."""
        lead = self._found(request, object_id)
        form = forms.LegalHoldForm(request.POST if is_confirmed(request) else None)
        if not (is_confirmed(request) and form.is_valid()):
            question = commands.HOLD.question([lead], request.user, back=page_of(lead), form=form)
            return ask(request, self, question)
        commands.hold(form.cleaned_data["reason"]).carry_out(self, request, [lead])
        return HttpResponseRedirect(page_of(lead))

    @action(  # type: ignore[untyped-decorator]
        description=_("Lift the legal hold"), url_path="lift-hold", permissions=["legal_hold"],
        icon="gavel",
    )  # fmt: skip
    def lift_hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then lets this lead be erased again."""
        return self._one(request, self._found(request, object_id), commands.LIFT)

    @admin.action(description=_("Call now"), permissions=["call"])
    def call_selected(self, request: HttpRequest, queryset: QuerySet[Lead]) -> HttpResponse | None:
        """Asks, then has the chosen leads called."""
        return self._several(request, queryset, commands.CALL, "call_selected")

    @admin.action(description=_("Cancel"), permissions=["cancel"])
    def cancel_selected(
        self, request: HttpRequest, queryset: QuerySet[Lead]
    ) -> HttpResponse | None:
        """Asks, then cancels the chosen leads."""
        return self._several(request, queryset, commands.CANCEL, "cancel_selected")

    @admin.action(description=_("Mark as done"), permissions=["cancel"])
    def done_selected(self, request: HttpRequest, queryset: QuerySet[Lead]) -> HttpResponse | None:
        """Asks, then closes the chosen leads."""
        return self._several(request, queryset, commands.DONE, "done_selected")

    @admin.action(description=_("Block the number"), permissions=["block"])
    def block_selected(self, request: HttpRequest, queryset: QuerySet[Lead]) -> HttpResponse | None:
        """Asks why, then puts the numbers of the chosen leads on the never-call list."""
        form = forms.BlockForm(request.POST if is_confirmed(request) else None)
        if not (is_confirmed(request) and form.is_valid()):
            return self._several(request, queryset, commands.BLOCK, "block_selected", form)
        block = commands.block(form.cleaned_data["reason"])
        return self._several(request, queryset, block, "block_selected")

    def _plain(self, request: HttpRequest, object_id: str) -> Lead | None:
        """The lead without its history, which its page loads by `get_object`."""
        lead: Lead | None = super().get_object(request, object_id)
        return lead

    def _found(self, request: HttpRequest, object_id: str) -> Lead:
        lead = self._plain(request, object_id)
        if lead is None:
            raise Http404(gettext("There is no such lead."))
        return lead

    def _refused(
        self, request: HttpRequest, lead: Lead, *, to_play: bool = False
    ) -> HttpResponse | None:
        """Redirects to the lead's page with the reason if it cannot be called; None if it can."""
        sentence = commands.why_not(lead, request.user, to_play=to_play)
        if not sentence:
            return None
        self.message_user(request, commands.CALL.said(lead, sentence), messages.ERROR)
        return HttpResponseRedirect(page_of(lead))

    def _one(self, request: HttpRequest, lead: Lead, what: LeadCommand) -> HttpResponse:
        if not is_confirmed(request):
            return ask(request, self, what.question([lead], request.user, back=page_of(lead)))
        what.carry_out(self, request, [lead])
        return HttpResponseRedirect(page_of(lead))

    def _chosen(self, request: HttpRequest, queryset: QuerySet[Lead]) -> list[Lead] | None:
        """The ticked leads, most urgent first; None, with a message, if there are too many."""
        chosen = list(queryset.order_by("-submitted_at", "-pk")[: _AT_ONCE + 1])
        if len(chosen) > _AT_ONCE:
            self.message_user(
                request,
                gettext("Choose at most %(at_once)s leads.") % {"at_once": _AT_ONCE},
                messages.ERROR,
            )
            return None
        return sorted(chosen, key=lambda lead: (lead.due_at, lead.pk))

    def _several(
        self,
        request: HttpRequest,
        queryset: QuerySet[Lead],
        what: LeadCommand,
        name: str,
        form: Form | None = None,
    ) -> HttpResponse | None:
        """`form`: details to enter when confirming; while it is given, the question is asked."""
        chosen = self._chosen(request, queryset)
        if chosen is None:
            return None
        if form or not is_confirmed(request):
            back = request.get_full_path()
            return ask(
                request,
                self,
                what.question(chosen, request.user, back=back, action=name, form=form),
            )
        what.carry_out(self, request, chosen)
        return None


def page_of(lead: Lead) -> str:
    """The address of a lead's page."""
    return reverse("admin:leads_lead_change", args=[lead.pk])


def _question_of(request: HttpRequest, lead: Lead) -> UnknownOutcome | None:
    its = manual_resolution.open_questions().filter(lead=lead)
    return visible_rows.of(request.user, its).first()


def _newest_call(request: HttpRequest, lead: Lead) -> CallAttempt | None:
    calls = CallAttempt.objects.filter(lead=lead, kind=AttemptKind.CALL)
    calls = visible_rows.of(request.user, calls)
    return calls.select_related("lead").order_by("-claimed_at", "-pk").first()


def _live_attempt(lead: Lead) -> CallAttempt | None:
    live = CallAttempt.objects.select_related("extension").filter(state__in=LIVE_STATES)
    return live.filter(lead=lead).first()
