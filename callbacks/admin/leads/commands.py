"""A manager's commands for leads: what each asks, does, and writes into the log."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin import html
from callbacks.admin.attempts.talk_form import TalkForm
from callbacks.admin.commands import Command, NothingToDo
from callbacks.calling import after_talk as calls_after_talk
from callbacks.calling import manual, manual_requests
from callbacks.common.formatting import listed
from callbacks.explain import call_notes
from callbacks.models import CallAttempt, Extension
from callbacks.reconciliation import manual_resolution
from leads import never_call
from leads.models import Lead, LeadStatus, LegalHold

# For more leads than this, messages are combined.
_TOLD_ONE_BY_ONE = 3


class LeadCommand(Command[Lead]):
    """Something a manager does to leads. It never asks the provider; a worker does that later."""

    def lines(self, thing: Lead, user: Any) -> Sequence[str]:  # noqa: ARG002  # CallCommand's
        """The lead's name and number."""
        return [format_html("<bdi>{}</bdi>, {}", thing.name, html.phone(thing.phone))]

    def said(self, thing: Lead, sentence: str) -> str:
        """The sentence after the lead's name."""
        return _filled_in("%(name)s: %(sentence)s", name=thing.name, sentence=sentence)

    def carry_out(self, model_admin: Any, request: HttpRequest, things: Sequence[Lead]) -> None:
        """For many leads: one message for each different result. Leads for which it was not done
        are named.
        """
        if len(things) <= _TOLD_ONE_BY_ONE:
            super().carry_out(model_admin, request, things)
            return
        alike: dict[tuple[int, str], list[Lead]] = {}
        for lead in things:
            alike.setdefault(self.do(model_admin, request, lead), []).append(lead)
        for (level, sentence), leads in alike.items():
            words: dict[str, Any] = {"count": len(leads), "sentence": sentence}
            if level == messages.SUCCESS:
                text = ngettext(
                    "%(count)d lead: %(sentence)s", "%(count)d leads: %(sentence)s", len(leads)
                )
            else:
                words["names"] = listed(f"{lead.name} ({lead.pk})" for lead in leads)
                text = ngettext(
                    "Not done for %(count)d lead: %(sentence)s %(names)s",
                    "Not done for %(count)d leads: %(sentence)s %(names)s",
                    len(leads),
                )
            model_admin.message_user(request, _filled_in(text, **words), level)


def _filled_in(text: str, **words: Any) -> str:
    """Fills in the words; a link among them stays a link."""
    if not any(isinstance(it, SafeString) for it in words.values()):
        return text % words
    return SafeString(escape(text) % {name: conditional_escape(it) for name, it in words.items()})


class CallCommand(LeadCommand):
    """Something that rings a lead's number. The question says which leads cannot be called."""

    to_play = False

    def lines(self, thing: Lead, user: Any) -> Sequence[str]:
        """The lead's name and number, and why `user` cannot have it called."""
        refused = why_not(thing, user, to_play=self.to_play)
        return [*super().lines(thing, user), *([refused] if refused else [])]


class _PlayCommand(CallCommand):
    to_play = True


def why_not(lead: Lead, user: Any, *, to_play: bool = False) -> str:
    """Why `user` cannot have this lead called, and what to do about it; "" if they can."""
    if not user.has_perm("leads.judge_heldlead"):
        if lead.status == LeadStatus.HELD:
            return gettext("This request is held, so nobody calls it. Ask a manager to release it.")
        if _has_not_been_released(lead):
            return gettext(
                "This request was held, and nobody has released it. Ask a manager to call it."
            )
    if lead.status == LeadStatus.HELD:
        address = f"{reverse('admin:leads_heldlead_changelist')}?id__exact={lead.pk}"
        sentence = escape(gettext("This request is held, so nobody calls it. %(link)s"))
        link = format_html(
            '<a class="way-out" href="{}">{}</a>', address, gettext("Release it first.")
        )
        return SafeString(sentence % {"link": link})
    return manual.why_not(lead, to_play=to_play)


def _has_not_been_released(lead: Lead) -> bool:
    """Whether it was closed, or joined another request, while it was held; or the request that it
    joined is held, or was closed while it was.
    """
    first = lead.duplicate_of
    has_first_been_held = first is not None and (
        first.status == LeadStatus.HELD or first.cancelled_while_held
    )
    return lead.is_held_back or lead.cancelled_while_held or has_first_been_held


def _see_that_it_can_be(lead: Lead, user: Any, *, to_play: bool = False) -> None:
    """Raises CannotCall, with a link, if the lead cannot be called. callbacks.calling.manual checks
    again with the lead locked.
    """
    lead.refresh_from_db(fields=["status", "is_held_back", "cancelled_while_held"])
    if sentence := why_not(lead, user, to_play=to_play):
        raise manual_requests.CannotCall(sentence)


def _call_now(lead: Lead, user: Any) -> str:
    _see_that_it_can_be(lead, user)
    return manual.call_now(lead.pk, user)


def not_chosen_yet(_lead: Lead, _user: object) -> str:
    """Stands in as `run` until the question's form has been filled in. Raises CannotCall."""
    raise manual_requests.CannotCall(gettext("Nothing was chosen."))


CALL = CallCommand(
    run=_call_now,
    logged=_("Call now"),
    title=_("Call now?"),
    explanation=_(
        "The phone of a free salesperson rings first. When they answer, this number is "
        "called and the two are connected."
    ),
    button=_("Call now"),
)
CANCEL = LeadCommand(
    run=lambda lead, user: manual.cancel(lead.pk, user),
    logged=_("Cancelled"),
    title=_("Cancel the callback?"),
    explanation=_(
        "This number will not be called for this request any more. A call "
        "in progress continues. You can still call it later with “Call "
        "now”."
    ),
    button=_("Cancel the callback"),
    danger=True,
)


def _mark_done(lead: Lead, user: object) -> str:
    if manual_resolution.open_questions().filter(lead=lead).exists():
        raise manual_requests.CannotCall(
            gettext("First enter how its call ended, under “Unknown outcomes”.")
        )
    return manual.mark_done(lead.pk, user)


DONE = LeadCommand(
    run=_mark_done,
    logged=_("Marked as done"),
    title=_("Mark as done?"),
    explanation=_(
        "Use this when somebody has dealt with the request without a call "
        "from here. It will not be called any more and no longer counts as "
        "failed. A missed target stays missed. You can still call it later "
        "with “Call now”."
    ),
    button=_("Mark as done"),
)
BLOCK = LeadCommand(
    run=not_chosen_yet,
    logged=_("Blocked the number"),
    title=_("Never call this number again?"),
    title_of_several=_("Never call these %(count)d numbers again?"),
    explanation=_(
        "The number is added to the never-call list. It is not called for "
        "this request or any later one until somebody removes it from that "
        "list. A call in progress continues."
    ),
    button=_("Block"),
    danger=True,
)
CALL_WITH = CallCommand(
    run=not_chosen_yet,
    logged=_("Call now"),
    title=_("Call now with one extension?"),
    explanation=_(
        "The extension you choose rings at once, even if it is paused, out "
        "or off shift. When the salesperson answers, this number is called "
        "and the two are connected."
    ),
    button=_("Call now"),
)
PLAY = _PlayCommand(
    run=not_chosen_yet,
    logged=_("Message"),
    title=_("Play a message?"),
    explanation=_(
        "This number is called now, and the person who answers hears the "
        "recording. No salesperson is on the line, and the request stays "
        "as it is."
    ),
    button=_("Play the message"),
)


AFTER_TALK = LeadCommand(
    run=not_chosen_yet,
    logged="",
    title=_("How did the talk go?"),
    explanation=_(
        "What you enter appears in the lead's history, the lists and the "
        "reports, and takes effect: no further call, or a call at the "
        "agreed time."
    ),
    button=_("Save"),
)


HOLD = LeadCommand(
    run=not_chosen_yet,
    logged=_("Placed under a legal hold"),
    title=_("Keep this lead from being erased?"),
    explanation=_(
        "Neither an erasure nor the end of its source's retention period "
        "erases this lead until somebody lifts the hold."
    ),
    button=_("Place the legal hold"),
)


def _lift(lead: Lead, _user: object) -> str:
    if not LegalHold.objects.filter(lead=lead).delete()[0]:
        raise NothingToDo(gettext("The lead is not under a legal hold."))
    return gettext("The legal hold is lifted.")


LIFT = LeadCommand(
    run=_lift,
    logged=_("Legal hold lifted"),
    title=_("Lift the legal hold?"),
    explanation=_(
        "The lead may be erased again. An erasure requested during the "
        "hold has to be requested again."
    ),
    button=_("Lift the legal hold"),
)


def hold(reason: str) -> LeadCommand:
    """HOLD with the reason."""

    def run(lead: Lead, user: Any) -> str:
        locked = Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
        if locked.erased_at:
            raise NothingToDo(gettext("The lead has been erased in the meantime."))
        _hold, is_new = LegalHold.objects.get_or_create(
            lead=locked, defaults={"reason": reason, "placed_by_id": user.pk}
        )
        if not is_new:
            raise NothingToDo(gettext("The lead is already under a legal hold."))
        return gettext("The lead is under a legal hold.")

    return HOLD.doing(run, str(HOLD.logged))


def block(reason: str) -> LeadCommand:
    """BLOCK with the reason, which the never-call list keeps."""

    def run(lead: Lead, user: object) -> str:
        if not never_call.add(lead.phone, reason, user):
            raise NothingToDo(gettext("The number is already on the never-call list."))
        return gettext("The number is on the never-call list.")

    return BLOCK.doing(run, str(BLOCK.logged))


def after_talk(attempt: CallAttempt, form: TalkForm) -> LeadCommand:
    """AFTER_TALK with what was entered. Writes its own history, so it logs nothing."""

    def run(_lead: Lead, user: object) -> str:
        now, said = timezone.now(), form.cleaned_data
        note = calls_after_talk.write(
            attempt.pk, said["writing"], user, now, seen=said["seen"], by_manager=True
        )
        follows = call_notes.follows(note, now, form.zone)
        return follows or gettext("Saved.")

    return AFTER_TALK.doing(run)


def call_with(extension: Extension, *, whatever_hour: bool) -> LeadCommand:
    """CALL_WITH with the chosen extension."""

    def run(lead: Lead, user: Any) -> str:
        _see_that_it_can_be(lead, user)
        return manual.call_with(lead.pk, extension.pk, user, whatever_hour=whatever_hour)

    return CALL_WITH.doing(
        run, gettext("Call now with extension %(extension)s") % {"extension": extension}
    )


def play(record_name: str, *, whatever_hour: bool) -> LeadCommand:
    """PLAY with the chosen record."""

    def run(lead: Lead, user: Any) -> str:
        _see_that_it_can_be(lead, user, to_play=True)
        return manual.play(lead.pk, record_name, user, whatever_hour=whatever_hour)

    return PLAY.doing(
        run, gettext("Played the message %(record_name)s") % {"record_name": record_name}
    )
