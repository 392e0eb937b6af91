"""How a call ended, by the records of its legs so far. Reads only, writes nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.models import CallAttempt, CallRecord
from callbacks.models.attempt_states import AttemptState
from callbacks.models.time_accounting import TIME_TOLERANCE, outcome_of
from callbacks.policy.rules import MOST_LEAST_TALK
from callbacks.reconciliation import call_progress
from callbacks.telephony.call_result import CallResult, Leg, call_result
from callbacks.voicenter import LegOutcome
from leads.models import Lead

# Seconds. A talk longer than this is always long enough.
_MAY_BE_SHORT = 2 * MOST_LEAST_TALK

# Results that end an attempt, as its state.
_ENDS_AS = {
    CallResult.BRIDGED: AttemptState.BRIDGED,
    CallResult.SHORT_TALK: AttemptState.SHORT_TALK,
    CallResult.AGENT_NO_ANSWER: AttemptState.AGENT_NO_ANSWER,
    CallResult.AGENT_UNREACHED: AttemptState.AGENT_UNREACHED,
    CallResult.LEAD_NO_ANSWER: AttemptState.LEAD_NO_ANSWER,
    CallResult.LEAD_BUSY: AttemptState.LEAD_BUSY,
    CallResult.BAD_NUMBER: AttemptState.BAD_NUMBER,
    CallResult.LEAD_NOT_RUNG: AttemptState.LEAD_NOT_RUNG,
    CallResult.UNCLEAR: AttemptState.ENDED,
}
# If a leg has several records with different ids, the one whose outcome comes last here says most.
_SAYS_LEAST_FIRST = (
    LegOutcome.OTHER,
    LegOutcome.NOT_CALLED,
    LegOutcome.NETWORK,
    LegOutcome.NOT_ANSWERED,
    LegOutcome.UNREACHABLE,
    LegOutcome.VOICEMAIL,
    LegOutcome.NO_ANSWER,
    LegOutcome.BUSY,
    LegOutcome.ANSWERED,
)


def by_leg(records: Iterable[CallRecord]) -> dict[int | None, CallRecord]:
    """The record of each leg.

    If a leg has several: the longest talk, then the longest ringing, then the record that says
    most.
    """
    found: dict[int | None, CallRecord] = {}
    for record in records:
        other = found.get(record.leg)
        if other is None or _weight(record) >= _weight(other):
            found[record.leg] = record
    return found


def _weight(record: CallRecord) -> tuple[int, int, int]:
    says = _SAYS_LEAST_FIRST.index(outcome_of(record))
    return _talk(record), record.dial_time or 0, says


def rang(record: CallRecord) -> bool:
    """Whether the leg's phone certainly rang."""
    return _told_by(record).rang


def talk_in(records: dict[int | None, CallRecord]) -> bool:
    """Whether the lead's phone was answered."""
    return 2 in records and _talk(records[2]) > 0


def _talk(record: CallRecord) -> int:
    answered = outcome_of(record) is LegOutcome.ANSWERED
    return (record.talk_time or 0) + 1 if answered else 0


def end_by_records(
    attempt: CallAttempt, records: Iterable[CallRecord], *, is_over: bool = False
) -> AttemptState | None:
    """The state in which these records end a call; None if another leg's record may still decide.

    `is_over`: no other record is expected.
    """
    legs = {leg: _told_by(record) for leg, record in by_leg(records).items()}
    if is_over:
        legs = call_progress.legs_told(attempt) | legs
    talked = legs[2].talk_time if 2 in legs else legs[1].talk_time if 1 in legs else None
    # Most talks are longer than any source requires, so the source need not be read.
    least_talk = _least_talk(attempt) if talked is not None and talked < _MAY_BE_SHORT else 0
    found = call_result(legs.get(1), legs.get(2), least_talk=least_talk, is_over=is_over)
    if found in _ENDS_AS and attempt.stopped_at and found is not CallResult.BRIDGED:
        return AttemptState.STOPPED
    if found is CallResult.AGENT_NO_ANSWER and attempt.picked_up_at:
        return AttemptState.AGENT_UNREACHED  # a pop-up saw the salesperson pick up
    if found is CallResult.LEAD_NOT_RUNG and 2 not in legs and attempt.lead_ringing_at:
        return AttemptState.LEAD_NO_ANSWER  # a pop-up showed that the lead's phone rang
    return _ENDS_AS.get(found)


def _told_by(record: CallRecord) -> Leg:
    return Leg(
        record.status, record.talk_time, record.dial_time, record.duration, record.is_answered
    )


def _least_talk(attempt: CallAttempt) -> int:
    least: int | None = Lead.objects.values_list("source__least_talk", flat=True).get(
        pk=attempt.lead_id
    )
    return settings.LEAST_TALK if least is None else least


def connected_at(
    state: AttemptState,
    records: dict[int | None, CallRecord],
    attempt: CallAttempt,
    now: datetime,
) -> datetime | None:
    """When the lead's phone was answered, by a record or a pop-up; None: it was not answered."""
    if state not in (AttemptState.BRIDGED, AttemptState.SHORT_TALK):
        return None
    if 2 not in records:
        return attempt.lead_answered_at or now
    return answered_at(records[2], attempt, now)


def answered_at(leg2: CallRecord, attempt: CallAttempt, now: datetime) -> datetime:
    """When the lead's phone was answered, by the record's times if they are plausible.

    Records count whole seconds. Never before the provider accepted the call, nor after now.
    """
    accepted_at = attempt.answered_at or attempt.claimed_at
    answered = now - timedelta(seconds=leg2.talk_time or 0)
    if leg2.started_at:
        by_record = leg2.started_at + timedelta(seconds=leg2.dial_time or 0)
        if accepted_at - TIME_TOLERANCE <= by_record <= now + TIME_TOLERANCE:
            answered = by_record
    return min(max(answered, accepted_at), now)
