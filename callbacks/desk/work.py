"""What a salesperson sees: their phones, who is on the line, their calls today.

Nothing of anybody else: all of it is looked for by Extension.user. Of a lead's number the last
digits, as many as tell callers apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from callbacks.admin import html, labels
from callbacks.admin.extensions import state as extension_state
from callbacks.common.formatting import in_words
from callbacks.extensions.pauses import is_paused
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.routing import claim
from leads.visitor_status import last_digits

# Of calls in the list; the latest ones.
MOST_CALLS = 100

_TONES = {html.GREEN: "good", html.ORANGE: "warn", html.RED: "bad", html.ACCENT: "busy"}
_OUTCOMES: dict[str, tuple[str, str]] = {
    AttemptState.BRIDGED: ("You talked", "good"),
    AttemptState.LEAD_NO_ANSWER: ("Did not answer", "off"),
    AttemptState.AGENT_NO_ANSWER: ("You did not pick up", "warn"),
    AttemptState.ENDED: ("Over", "off"),
    AttemptState.REFUSED: ("Not put through", "off"),
    AttemptState.NOT_SENT: ("Not put through", "off"),
    AttemptState.NEVER_PLACED: ("Not put through", "off"),
}


@dataclass(frozen=True)
class DeskPhone:
    """One of their extensions: what it is doing, and what its salesperson may change."""

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
class DeskLiveCall:
    """A call that is being made: who it is, while the phone rings and after."""

    pk: int
    title: str
    hint: str
    tone: str
    name: str
    source: str
    message: str
    digits: str
    phone: str


@dataclass(frozen=True)
class DeskCall:
    """One of today's."""

    pk: int
    at: datetime
    name: str
    digits: str
    outcome: str
    tone: str
    talked: str


@dataclass(frozen=True)
class Desk:
    """All of it, as of one moment."""

    live: Sequence[DeskLiveCall]
    phones: Sequence[DeskPhone]
    calls: Sequence[DeskCall]

    @property
    def title(self) -> str:
        """For the browser's tab: who rings, or how they stand."""
        if self.live:
            return f"{self.live[0].title}: {self.live[0].name}"
        return self.phones[0].state if self.phones else "My phone"

    @property
    def talks(self) -> int:
        """Of today's calls, those in which they talked."""
        return sum(call.tone == "good" for call in self.calls)

    @property
    def is_cut(self) -> bool:
        """Whether there may be earlier calls than are listed."""
        return len(self.calls) >= MOST_CALLS


def desk_of(user: Any, now: datetime) -> Desk:
    """Of a user; without phones for those who have none. As many queries for many as for one."""
    extensions = list(extension_state.loaded(Extension.objects.filter(user=user)))
    attempts: list[CallAttempt] = []
    if extensions:
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        attempts = list(
            CallAttempt.objects.filter(
                Q(state__in=LIVE_STATES) | Q(claimed_at__gte=midnight),
                extension__in=[extension.pk for extension in extensions],
            )
            .select_related("lead__source")
            .order_by("-claimed_at", "-pk")[:MOST_CALLS]
        )
    return Desk(
        live=[_live(attempt, now) for attempt in attempts if attempt.is_live],
        phones=[_phone(extension, now) for extension in extensions],
        calls=[_call(attempt) for attempt in attempts if not attempt.is_live],
    )


def _phone(extension: Extension, now: datetime) -> DeskPhone:
    said = labels.extension_now(
        extension,
        None,
        claim.is_open(extension.team, now),
        claim.is_on_shift(extension, now),
        now,
        timezone.get_current_timezone(),
    )
    state, note, tone = said.text, said.note, _TONES.get(said.colour, "off")
    paused = is_paused(extension, now)
    if extension_state.live_attempt(extension):
        state, note, tone = "on a call", f"Then {said.text}." if paused else "", "busy"
    elif said.text == "free":
        state, note, tone = "available", "Your phone rings as soon as somebody asks.", "good"
    return DeskPhone(
        pk=extension.pk,
        name=str(extension),
        team=extension.team.name,
        state=state[0].upper() + state[1:],
        note=note,
        tone=tone,
        is_paused=paused,
        is_out=extension.out_until is not None and extension.out_until > now,
        can_change=extension.is_active and extension.team.is_active and not extension.is_blocked,
    )


def _live(attempt: CallAttempt, now: datetime) -> DeskLiveCall:
    title, hint, tone = _stage(attempt, now)
    return DeskLiveCall(
        pk=attempt.pk,
        title=title,
        hint=hint,
        tone=tone,
        name=attempt.lead.name,
        source=attempt.lead.source.name,
        message=attempt.lead.message,
        digits=last_digits(attempt.phone),
        phone=attempt.extension_number,
    )


def _stage(attempt: CallAttempt, now: datetime) -> tuple[str, str, str]:
    if attempt.state == AttemptState.UNKNOWN:
        return "A call may be on", "Pick up if your phone rings.", "warn"
    if attempt.picked_up_at or _has_rung_out(attempt, now):
        return "On the line", "Their phone rings, or you are talking already.", "good"
    if attempt.state == AttemptState.DIALING:
        return "Your phone rings in a moment", "Pick up; then theirs rings.", "busy"
    return "Your phone rings", "Pick up; then theirs rings.", "busy"


def _has_rung_out(attempt: CallAttempt, now: datetime) -> bool:
    """Accounts without pop-ups do not tell when somebody picks up; this long no phone rings."""
    rings = timedelta(seconds=settings.VOICENTER_PHONE_MAX_DIAL_TIME)
    return attempt.answered_at is not None and now > attempt.answered_at + rings


def _call(attempt: CallAttempt) -> DeskCall:
    outcome, tone = _OUTCOMES.get(attempt.state, (attempt.get_state_display(), "off"))
    return DeskCall(
        pk=attempt.pk,
        at=attempt.claimed_at,
        name=attempt.lead.name,
        digits=last_digits(attempt.phone),
        outcome=outcome,
        tone=tone,
        talked=in_words(attempt.talk_time) if attempt.talk_time else "",
    )
