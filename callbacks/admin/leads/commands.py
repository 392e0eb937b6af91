"""Call now, call with, play, cancel: what each asks, does, and writes into the log."""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin import html
from callbacks.admin.attempts.talk_form import TalkForm
from callbacks.admin.commands import Command
from callbacks.calling import after_talk as calls_after_talk
from callbacks.calling import manual, manual_requests
from callbacks.explain import call_notes
from callbacks.models import CallAttempt, Extension
from leads.models import Lead


class LeadCommand(Command[Lead]):
    """Something a manager does to leads. It asks the provider nothing: a worker does later."""

    def lines(self, thing: Lead) -> Sequence[str]:
        """Who it is, and their number."""
        return [format_html("<bdi>{}</bdi>, {}", thing.name, html.phone(thing.phone))]

    def said(self, thing: Lead, sentence: str) -> str:
        """With whose lead it is."""
        return f"{thing.name}: {sentence}"


def _not_chosen_yet(_lead: Lead, _user: object) -> str:
    raise manual_requests.CannotCall(gettext("Nothing was chosen."))


CALL = LeadCommand(
    run=lambda lead, user: manual.call_now(lead.pk, user),
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
        "Nobody will call this number for this request any more, except for a call that is on. You "
        "can still have it "
        "called later with “Call now”."
    ),
    button=_("Cancel the callback"),
    danger=True,
)
CALL_WITH = LeadCommand(
    run=_not_chosen_yet,
    logged=_("Call now"),
    title=_("Call now with one extension?"),
    explanation=_(
        "The extension that you choose rings at once, also when it is paused, out or "
        "off shift. When it is answered, this number is called and the two are "
        "connected."
    ),
    button=_("Call now"),
)
PLAY = LeadCommand(
    run=_not_chosen_yet,
    logged=_("Message"),
    title=_("Play a message?"),
    explanation=_(
        "This number is called now, and whoever answers hears the recording. No "
        "salesperson is on the line, and the request stays as it is."
    ),
    button=_("Play the message"),
)


AFTER_TALK = LeadCommand(
    run=_not_chosen_yet,
    logged="",
    title=_("What came of the talk?"),
    explanation=_(
        "What you write stands in the lead's history, in the lists and in the reports, and what "
        "follows from it is done: no further call, or one at the time that was agreed."
    ),
    button=_("Save"),
)


def after_talk(attempt: CallAttempt, form: TalkForm) -> LeadCommand:
    """AFTER_TALK, once it is said. What is written is its own history."""

    def run(_lead: Lead, user: object) -> str:
        now, said = timezone.now(), form.cleaned_data
        note = calls_after_talk.write(
            attempt.pk, said["writing"], user, now, seen=said["seen"], by_manager=True
        )
        follows = call_notes.follows(note, now, form.zone)
        return follows or gettext("It is saved.")

    return AFTER_TALK.doing(run)


def call_with(extension: Extension) -> LeadCommand:
    """CALL_WITH, with the extension chosen."""

    def run(lead: Lead, user: object) -> str:
        return manual.call_with(lead.pk, extension.pk, user)

    return CALL_WITH.doing(
        run, gettext("Call now with extension %(extension)s") % {"extension": extension}
    )


def play(record_name: str) -> LeadCommand:
    """PLAY, with the record named."""

    def run(lead: Lead, user: object) -> str:
        return manual.play(lead.pk, record_name, user)

    return PLAY.doing(
        run, gettext("Played the message %(record_name)s") % {"record_name": record_name}
    )
