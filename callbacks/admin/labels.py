"""What a manager reads about the state of a lead, an attempt and an extension. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin.html import ACCENT, BLUE, GREEN, GREY, ORANGE, RED
from callbacks.common.formatting import clock, in_words
from callbacks.explain import routing_reason
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.models.extensions import IN_CONFERENCE, LOGGED_OUT
from callbacks.policy.rules import FLAGS
from callbacks.routing.availability import is_paused
from leads import sla
from leads.models import Lead, LeadStatus, SlaClock

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
    AttemptState.AGENT_UNREACHED: ORANGE,
    AttemptState.LEAD_NO_ANSWER: ORANGE,
    AttemptState.LEAD_BUSY: ORANGE,
    AttemptState.BAD_NUMBER: RED,
    AttemptState.LEAD_NOT_RUNG: ORANGE,
    AttemptState.SHORT_TALK: ORANGE,
    AttemptState.STOPPED: GREY,
    AttemptState.ENDED: GREY,
    AttemptState.NEVER_PLACED: GREY,
}

# It is unknown, or may be unknown, how the last call of such a lead went.
_RECORD_MAY_BE_MISSING = (LeadStatus.CALLED, LeadStatus.FAILED)


@dataclass(frozen=True)
class Words:
    """A few words in a colour, a note in small type, and the lead they are about.

    `is_free`: the words say that the extension may be rung now.
    """

    text: str
    colour: str = GREY
    note: str = ""
    lead_id: int | None = None
    is_free: bool = False


def due(lead: Lead, now: datetime) -> Words:
    """How the lead stands against its target: due, overdue, or whether its phone rang in time."""
    if not sla.is_counted(lead):
        return Words("")
    if lead.rang_at:
        if lead.rang_at > lead.due_at:
            return Words(_late_by(lead, lead.rang_at), ORANGE)
        return Words(gettext("in time"))
    if lead.connected_at:
        return Words(gettext("talked; ring time unknown"))
    over = (now - lead.due_at).total_seconds()
    if lead.is_open:
        return (
            Words(gettext("overdue %(duration)s") % {"duration": in_words(over)}, RED)
            if over > 0
            else Words(gettext("due in %(duration)s") % {"duration": in_words(-over)}, BLUE)
        )
    if lead.status in _RECORD_MAY_BE_MISSING:
        return Words(gettext("not known whether its phone rang"), RED)
    return Words(gettext("its phone never rang"), RED)


def _late_by(lead: Lead, rang_at: datetime) -> str:
    """How late, by the clock that the target is measured by, like the time to ring beside it."""
    if lead.sla_clock == SlaClock.OPEN and lead.time_to_ring and lead.sla_target is not None:
        late = lead.time_to_ring.total_seconds() - lead.sla_target
        if late > 0:
            said = gettext("late by %(duration)s of opening hours")
            return said % {"duration": in_words(late)}
    late = (rang_at - lead.due_at).total_seconds()
    return gettext("late by %(duration)s") % {"duration": in_words(late)}


def shekels(hundredths: int | None) -> str:
    """45 -> "₪0.45"; "" for an unknown price."""
    return "" if hundredths is None else f"₪{hundredths // 100}.{hundredths % 100:02}"


def through(attempt: CallAttempt) -> str:
    """Which extension was to ring, or which message was to be played."""
    if attempt.kind == AttemptKind.MESSAGE:
        return gettext("message %(record_name)s") % {"record_name": attempt.record_name}
    return attempt.extension_number


def why_rung(attempt: CallAttempt, zone: tzinfo) -> str:
    """Why its extension was rung and not others; "" if no trace was kept. Loads its lead."""
    if not attempt.routing_trace:
        return ""
    language = attempt.lead.language
    return routing_reason.sentence(
        attempt.routing_trace, attempt.extension_number, attempt.claimed_at, zone, language
    )


_LOST = {
    "read_timeout": _("The provider did not answer in time."),
    "reset": _("The connection to the provider broke off."),
    "truncated": _("Only part of the provider's answer arrived."),
    "too_large": _("The provider's answer could not be read."),
    "unreadable": _("The provider's answer could not be read."),
    "contradicting": _("The provider's answer contradicted itself."),
    "call_id": _("The provider answered with the CALLID of another call."),
    "worker_lost": _("Our worker stopped during the request."),
}


def lost(attempt: CallAttempt) -> str:
    """Why the provider's answer does not tell whether it placed the call, as a sentence."""
    if attempt.failure_reason.startswith("http_"):
        return gettext("The provider answered with HTTP status %(status)s.") % {
            "status": attempt.failure_reason.removeprefix("http_")
        }
    return str(_LOST.get(attempt.failure_reason) or attempt.error_message or attempt.failure_reason)


def extension_now(
    extension: Extension,
    live: CallAttempt | None,
    team_is_open: bool,
    is_on_shift: bool,
    now: datetime,
    zone: tzinfo,
) -> Words:
    """What the extension is doing at `now`; `live` is its live attempt.

    A live call comes first, then what prevents ringing it, the longest lasting first: clearing one
    reveals the next. Times are in `zone`.
    """
    if live is not None:
        return _on_a_call(live)
    table = (
        (not extension.is_active, Words(gettext("off"))),
        (not extension.team.is_active, Words(gettext("off"), note=gettext("its team is off"))),
        (extension.is_blocked, Words(gettext("blocked by the provider"), RED)),
        (is_paused(extension, now), _paused(extension, now, zone)),
        (not team_is_open, Words(gettext("off shift"), note=gettext("its team is closed now"))),
        (not is_on_shift, Words(gettext("off shift"), note=gettext("outside its own hours"))),
        (_still(extension.unavailable_until, now), _out(extension, now, zone)),
        (_still(extension.capped_until, now), _capped(extension, now, zone)),
        (_still(extension.wrap_up_until, now), _resting(extension, now, zone)),
        (
            _still(extension.provider_busy_until, now),
            Words(
                extension.provider_busy_as or gettext("busy"),
                ORANGE,
                gettext("according to the provider"),
            ),
        ),
    )
    flag = extension.unavailable_reason
    colour, note = (ORANGE, flag) if flag in FLAGS else (GREEN, "")
    free = Words(gettext("free"), colour, note, is_free=True)
    own = next((words for holds, words in table if holds), None)
    return own or _on_another_phone(extension, now, zone) or free


def _on_another_phone(extension: Extension, now: datetime, zone: tzinfo) -> Words | None:
    """What occupies the person on one of their other phones, if these are loaded. The rule is in
    callbacks.routing.availability.
    """
    for other in getattr(extension.user, "phones", ()):
        if other.pk == extension.pk:
            continue
        note = gettext("on their other phone, %(number)s") % {"number": other.number}
        if other.live_attempts:
            return Words(gettext("on a call"), ACCENT, note)
        if not other.is_active:
            continue
        in_conference = other.unavailable_reason == IN_CONFERENCE
        logged_out = other.provider_busy_as == LOGGED_OUT
        table = (
            (is_paused(other, now), _paused(other, now, zone)),
            (in_conference and _still(other.unavailable_until, now), _out(other, now, zone)),
            (_still(other.wrap_up_until, now), _resting(other, now, zone)),
            (
                _still(other.provider_busy_until, now) and not logged_out,
                Words(other.provider_busy_as or gettext("busy"), ORANGE),
            ),
        )
        if found := next((words for holds, words in table if holds), None):
            return replace(found, note=note)
    return None


def _on_a_call(live: CallAttempt) -> Words:
    if live.state == AttemptState.DIALING:
        return Words(
            gettext("dialing"),
            ACCENT,
            gettext("lead %(lead_id)s") % {"lead_id": live.lead_id},
            live.lead_id,
        )
    if live.state == AttemptState.UNKNOWN:
        return Words(
            gettext("a call may be in progress"),
            RED,
            gettext("lead %(lead_id)s, no clear answer from the provider")
            % {"lead_id": live.lead_id},
            live.lead_id,
        )
    return Words(
        gettext("on a call with lead %(lead_id)s") % {"lead_id": live.lead_id},
        ACCENT,
        lead_id=live.lead_id,
    )


def _paused(extension: Extension, now: datetime, zone: tzinfo) -> Words:
    missed = extension.missed_in_a_row
    reason = extension.pause_reason
    if missed and not reason:
        reason = gettext("missed %(count)d in a row") % {"count": missed}
    if extension.paused_until is None:
        return Words(gettext("paused"), ORANGE, reason)
    words = {"time": clock(extension.paused_until, now, zone)}
    return Words(gettext("paused until %(time)s") % words, ORANGE, reason)


def _out(extension: Extension, now: datetime, zone: tzinfo) -> Words:
    words = {"time": _time(extension.unavailable_until, now, zone)}
    return Words(gettext("out until %(time)s") % words, ORANGE, extension.unavailable_reason)


def _capped(extension: Extension, now: datetime, zone: tzinfo) -> Words:
    words = {"time": _time(extension.capped_until, now, zone)}
    return Words(gettext("call limit reached until %(time)s") % words, ORANGE, gettext("for today"))


def _resting(extension: Extension, now: datetime, zone: tzinfo) -> Words:
    words = {"time": _time(extension.wrap_up_until, now, zone)}
    return Words(gettext("resting until %(time)s") % words, ORANGE, gettext("after its last call"))


def _time(until: datetime | None, now: datetime, zone: tzinfo) -> str:
    return clock(until, now, zone) if until else ""


def _still(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now
