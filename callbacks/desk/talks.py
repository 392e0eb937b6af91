"""The calls that a salesperson may write about, and what the page shows for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext

from callbacks.explain import call_notes
from callbacks.models import CallAttempt, CallNote, Extension
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.models.call_notes import note_of, standing_notes
from callbacks.routing import config
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import follow_up_times
from callbacks.scheduling.follow_up_times import OfferedTime
from leads import never_call
from leads.models import Disposition, DispositionEffect
from leads.visitor_status import last_digits

# How long after a call's end the page asks how the talk ended.
_ASKED_FOR = timedelta(minutes=30)
# End states after which the two may have talked.
_MAY_HAVE_TALKED = (AttemptState.BRIDGED, AttemptState.SHORT_TALK, AttemptState.ENDED)


@dataclass(frozen=True)
class DeskChoice:
    """A button: a disposition, or a disposition with its time."""

    value: str
    name: str
    when: str = ""
    note: str = ""
    tone: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class DeskTalk:
    """A call that is on or has just ended, and the buttons for how it ended.

    `seen`: the current note. `again`: for each disposition that calls again, its name and the times
    on offer.
    """

    pk: int
    name: str
    digits: str
    is_live: bool
    seen: int | None
    note: str
    choices: Sequence[DeskChoice]
    again: Sequence[tuple[str, Sequence[DeskChoice]]]


def own_calls(user: Any) -> QuerySet[CallAttempt]:
    """A salesperson's calls: by whose phone it was at the time or, if that was not stored, whose it
    is now.
    """
    theirs = Q(salesperson=user.pk) | Q(salesperson__isnull=True, extension__user=user.pk)
    return CallAttempt.objects.filter(theirs, kind=AttemptKind.CALL)


def notes_before() -> "Prefetch[str]":
    """The notes about the talk that a follow-up was planned after, for `last_time`."""
    found = CallNote.objects.filter(stands=True).select_related("disposition")
    return Prefetch("lead__follow_up_of__call_notes", found, to_attr="notes_before")


def last_time(attempt: CallAttempt) -> str:
    """What was written after the talk that this call follows up; "" for any other call."""
    first = attempt.lead.follow_up_of
    loaded: list[CallNote] = getattr(first, "notes_before", []) if first else []
    if not loaded:
        return ""
    newest = loaded[-1]
    name = newest.disposition.name if newest.disposition else ""
    return gettext(": ").join(filter(None, (name, newest.note)))


def is_own(attempt: CallAttempt, user: Any) -> bool:
    """Whether this call, on a phone that is the salesperson's now, was theirs at the time."""
    is_theirs = attempt.salesperson_id in (None, user.pk)
    return attempt.kind == AttemptKind.CALL and is_theirs


def to_write_about(
    attempts: Iterable[CallAttempt], extensions: Mapping[int, Extension], now: datetime
) -> list[DeskTalk]:
    """The running calls; without any, the last call, if it ended a short while ago and nobody has
    chosen a disposition. `attempts`: the salesperson's own, newest first.
    """
    asked = [it for it in attempts if _is_asked_for(it, now)]
    asked = [it for it in asked if it.is_live] or asked[:1]
    if not asked:
        return []
    active, current = list(Disposition.objects.filter(is_active=True)), config.current()
    return [
        talk(attempt, active, current, extensions.get(attempt.extension_id or 0), now)
        for attempt in asked
    ]


def _is_asked_for(attempt: CallAttempt, now: datetime) -> bool:
    if attempt.is_live:
        return True
    note = note_of(attempt)
    return (
        attempt.state in _MAY_HAVE_TALKED
        and attempt.ended_at is not None
        and attempt.ended_at > now - _ASKED_FOR
        and not (note and note.disposition_id)
    )


def talk(
    attempt: CallAttempt,
    active: Sequence[Disposition],
    current: RoutingConfig,
    extension: Extension | None,
    now: datetime,
) -> DeskTalk:
    """One call with its buttons; times are in the zone of `extension`."""
    note = note_of(attempt)
    zone = follow_up_times.zone_of(current, extension)
    times = follow_up_times.offered(current, attempt.lead.source_id, attempt.phone, now, zone)
    chosen = note.disposition_id if note else None
    return DeskTalk(
        pk=attempt.pk,
        name=attempt.lead.newest_request().name,
        digits=last_digits(attempt.phone),
        is_live=attempt.is_live,
        seen=note.pk if note else None,
        note=note.note if note else "",
        choices=[_choice(it, chosen) for it in active if not _calls_again(it)],
        again=[
            (it.name, [*(_timed(it, offered) for offered in times), _another_time(it)])
            for it in active
            if _calls_again(it)
        ],
    )


def _calls_again(disposition: Disposition) -> bool:
    return disposition.effect == DispositionEffect.CALL_AGAIN


def _choice(disposition: Disposition, chosen: int | None) -> DeskChoice:
    ends_all = disposition.effect == DispositionEffect.NEVER_CALL
    tone = "bad" if ends_all else ""
    return DeskChoice(
        str(disposition.pk), disposition.name, tone=tone, is_chosen=disposition.pk == chosen
    )


def _timed(disposition: Disposition, offered: OfferedTime) -> DeskChoice:
    note = gettext("first possible time") if offered.moved else ""
    return DeskChoice(
        f"{disposition.pk}@{offered.value}", offered.title, when=offered.when, note=note
    )


def _another_time(disposition: Disposition) -> DeskChoice:
    return DeskChoice(f"{disposition.pk}@", gettext("Another time…"))


# --- one call's own page --------------------------------------------------------------------------


def for_writing(user: Any, pk: int) -> CallAttempt | None:
    """One of the salesperson's own calls, with what its page shows; None: it is not theirs."""
    found = own_calls(user).select_related("extension__team", "lead__source")
    return found.prefetch_related("lead__duplicates", standing_notes()).filter(pk=pk).first()


def said(note: CallNote, now: datetime, zone: tzinfo) -> str:
    """What the salesperson reads after saving."""
    if note.disposition is None:
        return gettext("The note is saved.")
    saved = gettext("Saved: %(disposition)s.") % {"disposition": note.disposition}
    said = [saved, call_notes.follows(note, now, zone)]
    is_another = note.disposition.effect != DispositionEffect.NEVER_CALL
    if is_another and never_call.entry(note.lead.phone):
        said.append(gettext("The number stays on the never-call list until a manager removes it."))
    return " ".join(it for it in said if it)


@dataclass(frozen=True)
class Written:
    """One entry in a call's history."""

    at: datetime
    who: str
    disposition: str
    note: str
    follows: str


def history(attempt: CallAttempt, now: datetime, zone: tzinfo) -> list[Written]:
    """Everything written about a call, newest first; only the current entry says what follows."""
    found = attempt.notes.select_related("disposition", "follow_up", "written_by")
    return [
        Written(
            at=it.written_at,
            who=(it.written_by.get_full_name() or it.written_by.get_username())
            if it.written_by
            else "",
            disposition=it.disposition.name if it.disposition else "",
            note=it.note,
            follows=call_notes.follows(it, now, zone) if it.stands else "",
        )
        for it in found.order_by("-written_at", "-pk")
    ]


def record_says(attempt: CallAttempt) -> str:
    """A sentence for a salesperson who writes about a call although its records say that nobody
    talked.
    """
    if attempt.is_live or attempt.state in _MAY_HAVE_TALKED:
        return ""
    return gettext(
        "According to its record, nobody talked on this call: %(state)s. You can still write "
        "about it."
    ) % {"state": attempt.get_state_display()}
