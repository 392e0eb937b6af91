"""What a salesperson sees: their phones, the lead on the line, and today's calls.

Every query filters by Extension.user, so nobody sees another person's calls. Only the last digits
of a lead's number are shown, enough to tell leads apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.access import others_requests
from callbacks.admin import html, labels
from callbacks.admin.extensions import state as extension_state
from callbacks.common.formatting import clock, in_words, when
from callbacks.desk import talks
from callbacks.desk.talks import DeskTalk
from callbacks.explain import call_notes, feedback
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.models.call_notes import note_of, standing_notes
from callbacks.reconciliation import manual_resolution
from callbacks.routing import config
from callbacks.routing.availability import is_paused
from callbacks.scheduling import calling_hours
from leads import form_fields
from leads.models import Feedback, Lead, LeadStatus
from leads.visitor_status import last_digits

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The most calls that the list shows, the latest ones; and the most assigned leads.
MOST_CALLS, MOST_ASSIGNED = 100, 10

_TONES = {html.GREEN: "good", html.ORANGE: "warn", html.RED: "bad", html.ACCENT: "busy"}
_OUTCOMES: "dict[str, tuple[StrOrPromise, str]]" = {
    AttemptState.BRIDGED: (_("You talked"), "good"),
    AttemptState.LEAD_NO_ANSWER: (_("Did not answer"), "off"),
    AttemptState.LEAD_BUSY: (_("Line busy"), "off"),
    AttemptState.BAD_NUMBER: (_("Number not reachable"), "off"),
    AttemptState.LEAD_NOT_RUNG: (_("Their phone did not ring"), "off"),
    AttemptState.SHORT_TALK: (_("Too short to count"), "off"),
    AttemptState.STOPPED: (_("Stopped by a manager"), "off"),
    AttemptState.AGENT_NO_ANSWER: (_("You did not pick up"), "warn"),
    AttemptState.AGENT_UNREACHED: (_("Your phone was not reached"), "off"),
    AttemptState.ENDED: (_("Call ended"), "off"),
    AttemptState.REFUSED: (_("Not put through"), "off"),
    AttemptState.NOT_SENT: (_("Not put through"), "off"),
    AttemptState.NEVER_PLACED: (_("Not put through"), "off"),
}


@dataclass(frozen=True)
class DeskPhone:
    """One extension: its current state, and what its salesperson may change."""

    pk: int
    name: str
    team: str
    state: str
    note: str
    tone: str
    is_paused: bool
    is_out: bool
    can_change: bool


@dataclass(frozen=True)
class CallStage:
    """How far a running call has got. `tab_title` has the placeholder %(name)s."""

    title: "StrOrPromise"
    tab_title: "StrOrPromise"
    hint: "StrOrPromise"
    tone: str


_MAYBE_ON = CallStage(
    _("A call may be in progress"),
    _("A call may be in progress: %(name)s"),
    _("Pick up if your phone rings."),
    "warn",
)
_ON_THE_LINE = CallStage(
    _("On the line"),
    _("On the line: %(name)s"),
    _("The lead's phone is ringing, or you are already talking."),
    "good",
)
_RINGS_SOON = CallStage(
    _("Your phone is about to ring"),
    _("Your phone is about to ring: %(name)s"),
    _("When you pick up, the lead's phone rings."),
    "busy",
)
_RINGS = CallStage(
    _("Your phone is ringing"),
    _("Your phone is ringing: %(name)s"),
    _("When you pick up, the lead's phone rings."),
    "busy",
)


@dataclass(frozen=True)
class DeskLiveCall:
    """A running call, and the lead who is called."""

    pk: int
    title: str
    tab_title: str
    hint: str
    tone: str
    name: str
    source: str
    message: str
    answers: Sequence[tuple[str, str]]
    earlier_messages: Sequence[str]
    digits: str
    ask_for: str
    phone: str
    may_deny: bool  # whether the salesperson may say that no call came
    is_assigned: bool = False  # to the user who looks
    last_time: str = ""  # for a follow-up: the note about the talk before it


@dataclass(frozen=True)
class DeskCall:
    """A call that ended today."""

    pk: int
    at: datetime
    name: str
    digits: str
    outcome: str
    tone: str
    talked: str
    disposition: str
    note: str
    follows: str
    may_write: bool
    helped: str = ""  # the visitor's answer after this talk, and their words
    words: str = ""


@dataclass(frozen=True)
class DeskLead:
    """A lead assigned to the salesperson that has yet to be called. `when`: a sentence."""

    pk: int
    name: str
    source: str
    digits: str
    message: str
    answers: Sequence[tuple[str, str]]
    when: str


@dataclass(frozen=True)
class DeskAssigned:
    """The first assigned leads, and whether there are more."""

    leads: Sequence[DeskLead] = ()
    has_more: bool = False


@dataclass(frozen=True)
class Desk:
    """Everything that the page shows, at one moment."""

    live: Sequence[DeskLiveCall]
    phones: Sequence[DeskPhone]
    calls: Sequence[DeskCall]
    talks: Sequence[DeskTalk] = ()
    assigned: DeskAssigned = DeskAssigned()

    @property
    def title(self) -> str:
        """The title of the browser's tab: the lead on the line, or the state of the first phone."""
        if self.live:
            return self.live[0].tab_title
        return self.phones[0].state if self.phones else gettext("My phone")

    @property
    def conversations(self) -> int:
        """How many of today's calls were conversations."""
        return sum(call.tone == "good" for call in self.calls)

    @property
    def is_cut(self) -> bool:
        """Whether there may be earlier calls than those listed."""
        return len(self.calls) >= MOST_CALLS


def desk_of(user: Any, now: datetime) -> Desk:
    """What the page shows to `user`; without phones if the user has no extension.

    The number of queries does not depend on the number of extensions.
    """
    extensions = list(extension_state.loaded(Extension.objects.filter(user=user)))
    attempts: list[CallAttempt] = []
    if extensions:
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        attempts = list(
            CallAttempt.objects.filter(
                Q(state__in=LIVE_STATES) | Q(claimed_at__gte=midnight),
                extension__in=[extension.pk for extension in extensions],
            )
            .select_related("lead__source", "lead__feedback")
            .prefetch_related(
                "lead__duplicates__answers", "lead__answers", standing_notes(), talks.notes_before()
            )
            .order_by("-claimed_at", "-pk")[:MOST_CALLS]
        )
    return Desk(
        assigned=_assigned_to(user, now) if extensions else DeskAssigned(),
        live=[_live(attempt, user, now) for attempt in attempts if attempt.is_live],
        phones=[_phone(extension, now) for extension in extensions],
        calls=[_call(attempt, user, now) for attempt in attempts if not attempt.is_live],
        talks=talks.to_write_about(
            [it for it in attempts if talks.is_own(it, user)],
            {it.pk: it for it in extensions},
            now,
        ),
    )


def _assigned_to(user: Any, now: datetime) -> DeskAssigned:
    """The waiting leads, by when they may be called. A lead on the line is shown as a live call."""
    waiting = Lead.objects.filter(assigned_to=user, status=LeadStatus.WAITING)
    found = waiting.select_related("source").prefetch_related("duplicates__answers", "answers")
    leads = list(found.order_by("call_after", "pk")[: MOST_ASSIGNED + 1])
    listed = [_lead(it, now) for it in leads[:MOST_ASSIGNED]]
    return DeskAssigned(listed, has_more=len(leads) > MOST_ASSIGNED)


def _lead(lead: Lead, now: datetime) -> DeskLead:
    newest, zone = lead.newest_request(), timezone.get_current_timezone()
    if lead.call_after > now:
        when_ = gettext("Call planned for %(time)s.")
        at = lead.call_after
    else:
        when_ = gettext("Waiting since %(time)s.")
        at = max(lead.call_after, lead.submitted_at)
    return DeskLead(
        pk=lead.pk,
        name=newest.name,
        source=lead.source.name,
        digits=last_digits(lead.phone),
        message=newest.message,
        answers=form_fields.given_by(newest),
        when=when_ % {"time": when(at, now, zone)},
    )


def _phone(extension: Extension, now: datetime) -> DeskPhone:
    now_label = labels.extension_now(
        extension,
        None,
        calling_hours.is_open(extension.team, now),
        calling_hours.is_on_shift(extension, now),
        now,
        timezone.get_current_timezone(),
    )
    state, note = capfirst(now_label.text), now_label.note
    tone = _TONES.get(now_label.colour, "off")
    paused = is_paused(extension, now)
    if extension_state.live_attempt(extension):
        state, tone = gettext("On a call"), "busy"
        note = _paused_afterwards(extension, now) if paused else ""
    elif now_label.is_free:
        state, tone = gettext("Available"), "good"
        note = gettext("Your phone rings as soon as a lead comes in.")
    return DeskPhone(
        pk=extension.pk,
        name=str(extension),
        team=extension.team.name,
        state=state,
        note=note,
        tone=tone,
        is_paused=paused,
        is_out=extension.unavailable_until is not None and extension.unavailable_until > now,
        can_change=extension.is_active and extension.team.is_active and not extension.is_blocked,
    )


def _paused_afterwards(extension: Extension, now: datetime) -> str:
    if extension.paused_until is None:
        return gettext("Your phone will be paused after this call.")
    ends = clock(extension.paused_until, now, timezone.get_current_timezone())
    return gettext("Your phone will be paused after this call, until %(time)s.") % {"time": ends}


def _live(attempt: CallAttempt, user: Any, now: datetime) -> DeskLiveCall:
    stage, newest = _stage(attempt, now), attempt.lead.newest_request()
    return DeskLiveCall(
        pk=attempt.pk,
        title=str(stage.title),
        tab_title=str(stage.tab_title) % {"name": newest.name},
        hint=str(stage.hint),
        tone=stage.tone,
        name=newest.name,
        source=attempt.lead.source.name,
        message=newest.message,
        answers=form_fields.given_by(newest),
        earlier_messages=_earlier_messages(attempt, newest, now),
        digits=last_digits(attempt.phone),
        ask_for=attempt.lead.extension_to_ask_for(),
        phone=attempt.extension_number,
        may_deny=attempt.state == AttemptState.UNKNOWN
        and now >= manual_resolution.begins_by(attempt),
        is_assigned=attempt.lead.assigned_to_id == user.pk,
        last_time="" if _comes_from_others(attempt, now) else talks.last_time(attempt),
    )


def _earlier_messages(attempt: CallAttempt, newest: Lead, now: datetime) -> list[str]:
    """The other messages of the number's requests, newest first, without repeats. For a lead that
    came from another team, only those to the salesperson's own team.
    """
    lead = attempt.lead
    requests = list(reversed(lead.requests_by_age()))
    if lead.first_source_id and attempt.extension:
        sources = _sources_of(attempt.extension, now)
        requests = others_requests.without_others(lead, requests, sources)
    written = dict.fromkeys(it.message for it in requests if it.message)
    written.pop(newest.message, None)
    return list(written)


def _answered_after(attempt: CallAttempt, now: datetime) -> Feedback | None:
    """The visitor's answer after this talk; None after another team's talk with a lead that
    moved.
    """
    if attempt.state != AttemptState.BRIDGED or attempt.lead.helped is None:
        return None
    if _comes_from_others(attempt, now):
        team = attempt.extension.team_id if attempt.extension else None
        if attempt.lead.by_team != team:
            return None
    return feedback.of(attempt.lead)


def _comes_from_others(attempt: CallAttempt, now: datetime) -> bool:
    """Whether the lead was another team's, whose talks are hidden from the salesperson."""
    first = attempt.lead.first_source_id
    if first is None or attempt.extension is None:
        return False
    return first not in _sources_of(attempt.extension, now)


def _sources_of(extension: Extension, now: datetime) -> frozenset[int]:
    answered = config.current().answered_by(extension.team_id, now)
    return frozenset(it.source_id for it in answered)


def _stage(attempt: CallAttempt, now: datetime) -> CallStage:
    if attempt.state == AttemptState.UNKNOWN:
        return _MAYBE_ON
    if attempt.picked_up_at or _has_rung_out(attempt, now):
        return _ON_THE_LINE
    return _RINGS_SOON if attempt.state == AttemptState.DIALING else _RINGS


def _has_rung_out(attempt: CallAttempt, now: datetime) -> bool:
    """Whether the phone can no longer be ringing.

    An account without pop-ups does not report when the salesperson picks up, but no phone rings
    longer than the settings allow.
    """
    rings = timedelta(seconds=settings.VOICENTER_PHONE_MAX_DIAL_TIME)
    return attempt.answered_at is not None and now > attempt.answered_at + rings


def _call(attempt: CallAttempt, user: Any, now: datetime) -> DeskCall:
    outcome, tone = _OUTCOMES.get(attempt.state, (attempt.get_state_display(), "off"))
    note, zone = note_of(attempt), timezone.get_current_timezone()
    said = _answered_after(attempt, now)
    return DeskCall(
        pk=attempt.pk,
        at=attempt.claimed_at,
        name=attempt.lead.newest_request().name,
        digits=last_digits(attempt.phone),
        outcome=str(outcome),
        tone=tone,
        talked=in_words(attempt.talk_time) if attempt.talk_time else "",
        disposition=note.disposition.name if note and note.disposition else "",
        note=note.note if note else "",
        follows=call_notes.follows(note, now, zone) if note else "",
        may_write=talks.is_own(attempt, user),
        helped=feedback.in_a_sentence(said) if said else "",
        words=said.words if said else "",
    )
