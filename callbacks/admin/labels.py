"""What a manager reads: where a lead, an attempt and an extension stand. Pure."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from callbacks.admin.html import ACCENT, BLUE, GREEN, GREY, ORANGE, RED
from callbacks.common.formatting import clock, in_words
from callbacks.explain import routing_reason
from callbacks.extensions.pauses import is_paused
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.policy.rules import FLAGGED_REASON
from leads.models import Lead, LeadStatus

LEAD_COLOURS: dict[str, str] = {
    LeadStatus.HELD: ORANGE,
    LeadStatus.WAITING: BLUE,
    LeadStatus.CALLING: ACCENT,
    LeadStatus.CONNECTED: GREEN,
    LeadStatus.CALLED: GREEN,
    LeadStatus.UNREACHED: ORANGE,
    LeadStatus.FAILED: RED,
    LeadStatus.CANCELLED: GREY,
    LeadStatus.DUPLICATE: GREY,
}
ATTEMPT_COLOURS: dict[str, str] = {
    AttemptState.DIALING: ACCENT,
    AttemptState.ACCEPTED: ACCENT,
    AttemptState.UNKNOWN: RED,
    AttemptState.NOT_SENT: ORANGE,
    AttemptState.REFUSED: RED,
    AttemptState.BRIDGED: GREEN,
    AttemptState.PLAYED: GREEN,
    AttemptState.AGENT_NO_ANSWER: ORANGE,
    AttemptState.LEAD_NO_ANSWER: ORANGE,
    AttemptState.ENDED: GREY,
    AttemptState.NEVER_PLACED: GREY,
}


@dataclass(frozen=True)
class Words:
    """A few words in a colour, a note in small type, and the lead that they are about.

    `is_free`: they say that an extension may be rung now.
    """

    text: str
    colour: str = GREY
    note: str = ""
    lead_id: int | None = None
    is_free: bool = False


def due(lead: Lead, now: datetime) -> Words:
    """How the lead stands against its target: due in, overdue, called in time or late."""
    if lead.status in (LeadStatus.DUPLICATE, LeadStatus.CANCELLED):
        return Words("")
    if lead.first_dialed_at:
        late = (lead.first_dialed_at - lead.due_at).total_seconds()
        return Words(f"late by {in_words(late)}", ORANGE) if late > 0 else Words("in time")
    over = (now - lead.due_at).total_seconds()
    if over > 0:
        return Words(f"overdue {in_words(over)}" if lead.is_open else "never called", RED)
    return Words(f"due in {in_words(-over)}", BLUE) if lead.is_open else Words("never called", RED)


def shekels(hundredths: int | None) -> str:
    """45 -> "₪0.45"; "" where no price is known."""
    return "" if hundredths is None else f"₪{hundredths // 100}.{hundredths % 100:02}"


def through(attempt: CallAttempt) -> str:
    """Which extension was to ring, or which message was to be played."""
    if attempt.kind == AttemptKind.MESSAGE:
        return f"message {attempt.record_name}"
    return attempt.extension_number


def why_rung(attempt: CallAttempt, zone: tzinfo) -> str:
    """Why its extension was rung, and why not others; "" where nothing was kept. Loads its lead."""
    if not attempt.why:
        return ""
    language = attempt.lead.language
    return routing_reason.sentence(
        attempt.why, attempt.extension_number, attempt.claimed_at, zone, language
    )


_LOST = {
    "read_timeout": "The provider did not answer in time.",
    "reset": "The connection to the provider broke off.",
    "truncated": "Half of the provider's answer came.",
    "too_large": "The provider's answer could not be read.",
    "unreadable": "The provider's answer could not be read.",
    "contradicting": "The provider's answer contradicted itself.",
    "call_id": "The provider answered with the CALLID of another call.",
    "worker_lost": "Our worker stopped while it was asking.",
}


def lost(attempt: CallAttempt) -> str:
    """How the provider's answer was lost, as a sentence."""
    if attempt.reason.startswith("http_"):
        return f"The provider answered with HTTP status {attempt.reason.removeprefix('http_')}."
    return _LOST.get(attempt.reason) or attempt.error_message or attempt.reason


def seconds_to_dial(lead: Lead) -> float | None:
    """From clock start to the first accepted call; 0 for one that was called before its clock."""
    if lead.first_dialed_at is None:
        return None
    return max((lead.first_dialed_at - lead.clock_started_at).total_seconds(), 0.0)


def extension_now(
    extension: Extension,
    live: CallAttempt | None,
    team_is_open: bool,
    is_on_shift: bool,
    now: datetime,
    zone: tzinfo,
) -> Words:
    """What the extension is doing at `now`; `live` is its live attempt.

    What is happening comes first, then what forbids ringing it, most lasting first: whoever clears
    one sees the next. Times are in `zone`.
    """
    if live is not None:
        return _on_a_call(live)
    table = (
        (not extension.is_active, Words("off")),
        (not extension.team.is_active, Words("off", note="its team is off")),
        (extension.is_blocked, Words("blocked by the provider", RED)),
        (is_paused(extension, now), _paused(extension, now, zone)),
        (not team_is_open, Words("off shift", note="its team is closed now")),
        (not is_on_shift, Words("off shift", note="by its own hours")),
        (
            _still(extension.out_until, now),
            _until("out", extension.out_until, now, zone, extension.out_reason),
        ),
        (
            _still(extension.capped_until, now),
            _until("has had its calls", extension.capped_until, now, zone, "of this day"),
        ),
        (
            _still(extension.rests_until, now),
            _until("resting", extension.rests_until, now, zone, "after its last call"),
        ),
        (
            _still(extension.seen_busy_until, now),
            Words(extension.seen_busy_as or "busy", ORANGE, "as the provider shows it"),
        ),
    )
    flagged = extension.out_reason == FLAGGED_REASON
    colour, note = (ORANGE, FLAGGED_REASON) if flagged else (GREEN, "")
    free = Words("free", colour, note, is_free=True)
    return next((words for holds, words in table if holds), free)


def _on_a_call(live: CallAttempt) -> Words:
    if live.state == AttemptState.DIALING:
        return Words("dialing", ACCENT, f"lead {live.lead_id}", live.lead_id)
    if live.state == AttemptState.UNKNOWN:
        return Words("unknown outcome", RED, f"lead {live.lead_id}", live.lead_id)
    return Words(f"on a call with lead {live.lead_id}", ACCENT, lead_id=live.lead_id)


def _paused(extension: Extension, now: datetime, zone: tzinfo) -> Words:
    missed = extension.missed_in_a_row
    reason = extension.pause_reason or (f"missed {missed} in a row" if missed else "")
    return _until("paused", extension.paused_until, now, zone, reason)


def _still(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def _until(text: str, until: datetime | None, now: datetime, zone: tzinfo, note: str) -> Words:
    """ "paused", or "paused until 14:30" where that is known."""
    return Words(f"{text} until {clock(until, now, zone)}" if until else text, ORANGE, note)
