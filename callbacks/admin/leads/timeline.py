"""A lead's life as a list of events in chronological order. Pure: objects in, events out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.access import others_calls
from callbacks.access.others_requests import is_hidden
from callbacks.admin.html import (
    ACCENT,
    BLUE,
    DISPOSITION_COLOURS,
    GREEN,
    GREY,
    ORANGE,
    RED,
    error,
    is_web_address,
    player,
    written,
)
from callbacks.admin.labels import ATTEMPT_COLOURS, shekels, why_rung
from callbacks.admin.leads import challenge_shown
from callbacks.common.formatting import dated, in_words
from callbacks.common.translation import Text
from callbacks.explain import call_notes, feedback
from callbacks.models import CallAttempt, CallNote, CallRecord
from callbacks.models.attempt_states import (
    NOT_SENT_BY_US,
    AttemptKind,
    AttemptOutcome,
    AttemptState,
)
from leads import visitor_status
from leads.models import ClockChange, Lead, LeadStatus, SlaClock


@dataclass(frozen=True)
class Event:
    """Something that happened: when, what, its details line by line, and a colour."""

    at: datetime
    what: Text
    details: tuple[str, ...] = ()
    colour: str = GREY
    call_id: str = ""
    recording_url: str = ""

    @property
    def player(self) -> str:
        """A player for the recording."""
        return player(self.recording_url)


def of(
    lead: Lead,
    attempts: Iterable[CallAttempt],
    records: Iterable[CallRecord],
    entries: Iterable[LogEntry],
    notes: Iterable[CallNote] = (),
) -> list[Event]:
    """All events of a lead, oldest first. Expects attempts with their extension loaded, later
    requests with their source, log entries with their user, and notes with all they refer to.
    """
    course = [*_submitted(lead)]
    course.extend([*_taken_back(lead), *_feedback(lead)])
    course.extend(_of_clock(change) for change in lead.clock_changes.all())
    for attempt in sorted(attempts, key=lambda it: (it.claimed_at, it.pk)):
        is_of_others = others_calls.is_of_others(lead, attempt)
        course.extend(_of_others(attempt) if is_of_others else _of_attempt(attempt))
    course.extend(_closed(lead))
    told = [_of_entry(entry) for entry in sorted(entries, key=lambda it: it.pk)]
    told += [_of_note(note) for note in sorted(notes, key=lambda it: it.pk)]
    told += [_of_record(record) for record in sorted(records, key=lambda it: it.pk)]
    placed = [*_in_their_course(course), *((event.at, event) for event in told)]
    return [event for _at, event in sorted(placed, key=lambda it: it[0])]


# The provider gives whole seconds, so an event may seem up to a second too early.
_ROUNDED = timedelta(seconds=1)


def _in_their_course(events: Iterable[Event]) -> Iterator[tuple[datetime, Event]]:
    """Events with the time to sort them by. An event that followed from another comes after it,
    even if its own time is up to a second earlier.
    """
    before: datetime | None = None
    for event in events:
        at = event.at
        if before and timedelta(0) < before - at < _ROUNDED:
            at = before
        before = max(before, at) if before else at
        yield at, event


def _taken_back(lead: Lead) -> Iterator[Event]:
    if taken := visitor_status.taken_back(lead):
        rang = (gettext("A call had begun by then."),) if taken.was_called else ()
        yield Event(taken.at, taken.get_why_display(), rang, ACCENT)


def _feedback(lead: Lead) -> Iterator[Event]:
    """The visitor's feedback. It follows the talk, and nothing follows from it."""
    if said := feedback.of(lead):
        words = (said.words,) if said.words else ()
        yield Event(said.at, feedback.in_a_sentence(said), words, ACCENT)


def _of_clock(change: ClockChange) -> Event:
    zone = timezone.get_current_timezone()
    times = {"before": dated(change.due_before, zone), "since": dated(change.due_since, zone)}
    return Event(
        change.changed_at,
        gettext("Opening hours have changed"),
        (gettext("Due on %(since)s instead of %(before)s") % times,),
    )


def _of_note(note: CallNote) -> Event:
    """What somebody entered about a talk, and what follows if that entry still stands."""
    zone = timezone.get_current_timezone()
    words = {"who": note.written_by or gettext("somebody"), "what": note.disposition}
    what = gettext("%(who)s: %(what)s") if note.disposition else gettext("%(who)s wrote a note")
    follows = call_notes.follows(note, timezone.now(), zone) if note.stands else ""
    return Event(
        note.written_at,
        what % words,
        tuple(line for line in (*note.note.splitlines(), follows) if line),
        DISPOSITION_COLOURS.get(note.disposition.effect, GREEN) if note.disposition else GREY,
    )


def _submitted(lead: Lead) -> Iterator[Event]:
    target = lead.sla_target
    if target is None:
        target = round((lead.due_at - lead.clock_started_at).total_seconds())
    promised = (
        gettext("Target: the phone rings within %(target)s of opening hours")
        if lead.sla_clock == SlaClock.OPEN
        else gettext("Target: the phone rings within %(target)s")
    )
    came = (
        gettext("Planned as a follow-up of lead %(pk)s") % {"pk": lead.follow_up_of_id}
        if lead.follow_up_of_id
        else gettext("Submitted: %(source)s") % {"source": lead.first_source or lead.source}
    )
    yield Event(
        lead.submitted_at,
        came,
        (promised % {"target": in_words(target)}, *_wished_first(lead)),
    )
    for found in lead.findings.all():
        # A reason may name the sender's address or quote the request.
        reason = () if is_hidden(lead) else (found.reason,)
        yield Event(found.at, gettext("Held for a manager"), reason, ORANGE)
    for at, what in challenge_shown.steps(lead):
        yield Event(at, what, colour=GREY)
    yield from (_of_later_request(it) for it in lead.duplicates.all())
    if lead.status == LeadStatus.DUPLICATE:
        why = gettext("The number already had an open request: lead %(duplicate_of_id)s") % {
            "duplicate_of_id": lead.duplicate_of_id
        }
        yield Event(lead.submitted_at, gettext("Duplicate, not called separately"), (why,))


def _closed(lead: Lead) -> Iterator[Event]:
    if lead.closed_at and lead.status not in (LeadStatus.DUPLICATE, LeadStatus.CONNECTED):
        colour = RED if lead.status == LeadStatus.FAILED else GREY
        yield Event(
            lead.closed_at,
            gettext("Closed: %(get_status_display)s")
            % {"get_status_display": lead.get_status_display()},
            colour=colour,
        )


def _wished_first(lead: Lead) -> tuple[str, ...]:
    """The time chosen in the lead's own request, even if a later request changed it."""
    return _chosen(lead.first_chosen_at) if lead.first_source_id else _chosen(lead.chosen_at)


def _of_later_request(request: Lead) -> Event:
    """A later request that joined the lead, as it was written."""
    if request.follow_up_of_id:
        return Event(
            request.submitted_at,
            gettext("Joined by a follow-up of lead %(pk)s") % {"pk": request.follow_up_of_id},
            _chosen(request.chosen_at),
            ACCENT,
        )
    who = f"{request.name}, {request.email}" if request.email else request.name
    lines = (who, *request.message.splitlines(), *_chosen(request.chosen_at))
    asked = gettext("Asked again: %(source)s")
    if request.is_held_back:
        asked = gettext("Asked again, and held back by a check: %(source)s")
    return Event(
        request.submitted_at,
        asked % {"source": request.source},
        lines,
        ORANGE if request.is_held_back else ACCENT,
    )


def _chosen(at: datetime | None) -> tuple[str, ...]:
    if at is None:
        return ()
    return (gettext("Asked to be called: %(moment)s") % {"moment": written(at)},)


def _of_attempt(attempt: CallAttempt) -> Iterator[Event]:
    why = why_rung(attempt, timezone.get_current_timezone())
    yield Event(attempt.claimed_at, _asked(attempt), (why,) if why else (), BLUE)
    yield from _of_answer(attempt)
    if attempt.picked_up_at:
        yield Event(attempt.picked_up_at, gettext("The salesperson picked up"), colour=GREEN)
    if attempt.connected_at:
        yield Event(attempt.connected_at, gettext("The lead's phone was answered"), colour=GREEN)
    if attempt.ended_at and attempt.state in _ENDINGS:
        yield Event(
            attempt.ended_at,
            _ending(attempt),
            _facts(attempt),
            _colour(attempt),
            recording_url=attempt.recording_url if is_web_address(attempt.recording_url) else "",
        )


def _of_others(attempt: CallAttempt) -> Iterator[Event]:
    """Another team's call: only when it was made, and its result."""
    yield Event(attempt.claimed_at, gettext("Called by another team"), colour=BLUE)
    result = {**_NO_CALL, **_ENDINGS}.get(attempt.state)
    if attempt.ended_at and result:
        yield Event(attempt.ended_at, result, colour=_colour(attempt))


def _ending(attempt: CallAttempt) -> Text:
    legs = {record.leg for record in attempt.records.all()}
    if attempt.state != AttemptState.ENDED or not legs & {1, 2}:
        return _ENDINGS[attempt.state]
    if 2 in legs or attempt.outcome == AttemptOutcome.NEVER_KNOWN:
        return _("The records do not tell whether they talked; the extension was freed")
    return _("No record of the lead's phone arrived; the extension was freed")


def _facts(attempt: CallAttempt) -> tuple[str, ...]:
    """How long the call lasted, and its cost."""
    verb = "Lasted" if attempt.kind == AttemptKind.MESSAGE else "Talked"
    talked = f"{verb} {in_words(attempt.talk_time)}" if attempt.talk_time else ""
    price = (
        gettext("Cost %(shekels)s") % {"shekels": shekels(attempt.price)}
        if attempt.price is not None
        else ""
    )
    return tuple(line for line in (talked, price) if line)


def _asked(attempt: CallAttempt) -> str:
    if attempt.extension is None:
        return gettext("Message to the lead: %(record_name)s") % {
            "record_name": attempt.record_name
        }
    who = f"{attempt.extension_number} {attempt.extension.name}".strip()
    return gettext("Call through extension %(who)s") % {"who": who}


def _of_answer(attempt: CallAttempt) -> Iterator[Event]:
    at = attempt.answered_at or attempt.ended_at
    if at is None:
        return
    said = error(attempt.error_code, attempt.error_message)
    reason = (
        gettext("Reason: %(reason)s") % {"reason": attempt.failure_reason}
        if attempt.failure_reason
        else ""
    )
    details = tuple(line for line in (said, reason) if line)
    if attempt.failure_reason in NOT_SENT_BY_US:
        yield Event(at, gettext("Not sent"), details, _colour(attempt))
    elif attempt.state in _NO_CALL:
        yield Event(at, _NO_CALL[attempt.state], details, _colour(attempt))
    elif attempt.failure_reason:
        # Even if the outcome became known later, this is what happened at that moment.
        lost = gettext("The provider's answer does not tell whether it called")
        yield Event(at, lost, details, RED, attempt.call_id)
    elif attempt.call_id:
        yield Event(at, gettext("Accepted by the provider"), colour=ACCENT, call_id=attempt.call_id)


_NO_CALL: dict[str, Text] = {
    AttemptState.REFUSED: _("Refused by the provider"),
    AttemptState.NOT_SENT: _("Not sent: the provider could not be reached"),
}
_ENDINGS: dict[str, Text] = {
    AttemptState.BRIDGED: _("The conversation ended"),
    AttemptState.PLAYED: _("The message was played"),
    AttemptState.AGENT_NO_ANSWER: _("The salesperson did not answer"),
    AttemptState.AGENT_UNREACHED: _("The salesperson's phone was busy or could not be reached"),
    AttemptState.LEAD_NO_ANSWER: _("The lead did not answer"),
    AttemptState.LEAD_BUSY: _("The lead's line was busy"),
    AttemptState.BAD_NUMBER: _("The lead's number could not be reached"),
    AttemptState.LEAD_NOT_RUNG: _("The salesperson picked up; the lead's phone did not ring"),
    AttemptState.SHORT_TALK: _("The lead answered, but the call was too short to count as a talk"),
    AttemptState.STOPPED: _("Stopped by a manager"),
    AttemptState.ENDED: _("No record of the call arrived; the extension was freed"),
    AttemptState.NEVER_PLACED: _("Confirmed: no call was placed"),
}


def _colour(attempt: CallAttempt) -> str:
    return ATTEMPT_COLOURS.get(attempt.state, ORANGE)


def _of_record(record: CallRecord) -> Event:
    rang = (
        gettext("Rang %(duration)s") % {"duration": in_words(record.dial_time)}
        if record.dial_time is not None
        else ""
    )
    # The salesperson's time on the phone includes waiting for the lead.
    sentence = (
        gettext("On the phone %(duration)s") if record.leg == 1 else gettext("Talked %(duration)s")
    )
    talked = sentence % {"duration": in_words(record.talk_time)} if record.talk_time else ""
    details = tuple(line for line in (rang, talked) if line)
    leg = {1: gettext("salesperson's phone"), 2: gettext("lead's phone")}.get(
        record.leg or 0, record.type
    )
    return Event(
        record.received_at,
        gettext("Record, %(leg)s: %(status)s")
        % {"leg": leg, "status": record.status or gettext("no status")},
        details,
    )


def _of_entry(entry: LogEntry) -> Event:
    return Event(entry.action_time, f"{entry.user}: {entry.get_change_message()}")
