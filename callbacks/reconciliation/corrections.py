"""What becomes known about an attempt too late, or from something other than the answer.

Each correction is a conditional UPDATE of the attempt and, only if that was won, one of its lead.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from callbacks.calling import after_talk, recorded_messages, visitor_clock
from callbacks.calling.apply_outcome import (
    correct_extension,
    mirror,
    settle_again,
    show_on_lead,
)
from callbacks.models import CallAttempt, CallRecord
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.policy.rules import Outcome
from leads import transitions
from leads.models import Lead, LeadStatus

log = logging.getLogger(__name__)

# After the end of a leg, a hang-up, or a call that left the list of active calls, missing records
# arrive within this time, or late.
RECORDS_WITHIN = timedelta(seconds=60)
LOOKED_BEFORE_ITS_END = RECORDS_WITHIN / 4
# What a late end means for the lead: nobody calls again automatically.
_LATE: dict[str, tuple[LeadStatus, str]] = {
    AttemptState.BRIDGED: (LeadStatus.CONNECTED, ""),
    AttemptState.LEAD_NO_ANSWER: (
        LeadStatus.UNREACHED,
        "The lead did not answer. That became known too late for an automatic retry.",
    ),
    AttemptState.LEAD_BUSY: (
        LeadStatus.UNREACHED,
        "The lead's line was busy. That became known too late for an automatic retry.",
    ),
    AttemptState.SHORT_TALK: (
        LeadStatus.UNREACHED,
        "The lead answered, and it was over at once. That became known too late for a retry.",
    ),
    AttemptState.AGENT_NO_ANSWER: (
        LeadStatus.FAILED,
        "The salesperson did not answer, and the lead's phone has not rung. Call again.",
    ),
    AttemptState.AGENT_UNREACHED: (
        LeadStatus.FAILED,
        "The salesperson's phone was not reached, and the lead's phone has not rung. Call again.",
    ),
    AttemptState.LEAD_NOT_RUNG: (
        LeadStatus.FAILED,
        "The salesperson picked up, and the lead's phone has not rung. Call again.",
    ),
    AttemptState.BAD_NUMBER: (
        LeadStatus.FAILED,
        "The lead's number could not be reached. Check it before you call again.",
    ),
    AttemptState.STOPPED: (LeadStatus.CANCELLED, ""),
}


def call_is_over(attempt: CallAttempt, now: datetime) -> None:
    """The salesperson's leg has ended: the extension is free soon.

    Missing records arrive until then, or are asked for shortly before.
    """
    until = now + RECORDS_WITHIN
    attempt.let_go(until, next_lookup_at=until - LOOKED_BEFORE_ITS_END)


def recognise(attempt: CallAttempt, call_id: str) -> bool:
    """Marks an `unknown` attempt as accepted: its call has been seen. False: it was known before.

    The time of acceptance is not known, so the claim's time is used: the request was sent right
    after it.
    """
    dialed_at = attempt.claimed_at
    with transaction.atomic():
        if not attempt.learn_call_id(call_id) and attempt.call_id != call_id:
            return False
        if not attempt.recognise(dialed_at):
            return False
        show_on_lead(attempt, dialed_at)
    log.info("recognised attempt=%s call_id=%s", attempt.pk, call_id)
    return True


def correct(
    attempt: CallAttempt,
    to: AttemptState,
    connected_at: datetime | None,
    records: Collection[CallRecord],
) -> bool:
    """Corrects an attempt that had ended without all of its records, and its lead if allowed.

    In a transaction. Returns whether the lead was corrected.
    """
    was = attempt.outcome
    if not attempt.correct(to, connected_at):
        return False
    now = timezone.now()
    after_talk.take_turns(attempt.lead_id)
    if to == AttemptState.BRIDGED:
        told = _correct_lead(attempt, was)
        told_waiting = not told and _is_called_no_more(attempt, was)
        # No recording may say that we could not reach them.
        recorded_messages.give_way(attempt.phone, now)
    else:
        # A lead that still waits now waits for what follows by all records.
        told_waiting = settle_again(attempt, _still_waits_after(attempt), now)
        told = not told_waiting and _correct_lead(attempt, was)
    if attempt.kind == AttemptKind.CALL and was:
        correct_extension(attempt, Outcome(was), now)
    if told_waiting and to == AttemptState.BRIDGED:
        after_talk.keep_what_was_agreed(attempt.lead_id, now)
    # A lead that has moved on since has waited from the attempt's end, whenever they talked.
    until = attempt.connected_at if told and to == AttemptState.BRIDGED else None
    times = attempt.told_until(until or attempt.ended_at or attempt.claimed_at, records)
    if times and attempt.accounted_until:
        CallAttempt.objects.filter(pk=attempt.pk).update(**times)
        visitor_clock.tell(attempt.lead_id)
    return told or told_waiting


def time_the_talk(
    attempt: CallAttempt, connected_at: datetime, records: Collection[CallRecord]
) -> None:
    """Stores when the two talked, if only the fact was known. In a transaction."""
    guessed = attempt.connected_at
    attempt.connected_at = connected_at
    values = attempt.told_until(connected_at, records) | {"connected_at": connected_at}
    CallAttempt.objects.filter(pk=attempt.pk).update(**values)
    for name, value in values.items():
        setattr(attempt, name, value)
    Lead.objects.filter(pk=attempt.lead_id, connected_at=guessed).update(connected_at=connected_at)
    visitor_clock.tell(attempt.lead_id)


def _correct_lead(attempt: CallAttempt, was: str) -> bool:
    """Corrects the lead only if its calls closed it. Returns whether the lead was corrected.

    Never reopens a lead: nobody is called because a record was late.
    """
    if attempt.kind == AttemptKind.MESSAGE:
        return False
    status, message = _LATE[attempt.state]
    values: dict[str, Any] = {"status": status, "error_message": message}
    closed = Q(status__in=[LeadStatus.CALLED, LeadStatus.FAILED])
    if status != LeadStatus.CONNECTED:
        leads = _last_called_by(attempt).filter(closed)
        return bool(leads.update(**_shown(attempt) | values))
    values["connected_at"] = attempt.connected_at
    closed |= Q(status=LeadStatus.UNREACHED)
    if was == Outcome.STOPPED.value:
        # Not a lead whose visitor took the request back: that was closed during the call.
        closed |= Q(status=LeadStatus.CANCELLED, closed_at=attempt.ended_at)
    return bool(_called_by(attempt).filter(closed).update(**_shown(attempt) | values))


def _is_called_no_more(attempt: CallAttempt, was: str) -> bool:
    """Closes a lead that waits to be called again although the two talked.

    The lead may wait since this call, or since another one that nobody answered.
    """
    values = {"error_message": ""} | _shown(attempt) | {"connected_at": attempt.connected_at}
    if attempt.failure_reason:
        values["error_message"] = ""  # it says that the answer was lost
    leads = _called_by(attempt)
    if was == Outcome.NEVER_KNOWN.value and not _newer(attempt).exists():
        # A manager who had the lead called again had no reason but the unknown outcome.
        leads = Lead.objects.filter(pk=attempt.lead_id)
    waiting = _no_request_since(leads, attempt)
    return transitions.close_waiting(waiting, LeadStatus.CONNECTED, timezone.now(), **values)


def _still_waits_after(attempt: CallAttempt) -> QuerySet[Lead]:
    """The attempt's lead, if it waits since this call."""
    return _no_request_since(_last_called_by(attempt), attempt).filter(status=LeadStatus.WAITING)


def _no_request_since(leads: QuerySet[Lead], attempt: CallAttempt) -> QuerySet[Lead]:
    """Leaves out leads whose number has another request since the call."""
    since = Lead.objects.filter(duplicate_of=OuterRef("pk"), submitted_at__gte=attempt.claimed_at)
    return leads.filter(~Exists(since))


def _shown(attempt: CallAttempt) -> dict[str, Any]:
    """The columns in which the lead repeats its newest attempt."""
    newest = {} if _newer(attempt).exists() else mirror(attempt)
    return newest | {"first_dialed_at": Coalesce("first_dialed_at", attempt.claimed_at)}


def _called_by(attempt: CallAttempt) -> QuerySet[Lead]:
    """The attempt's lead, if no manager has restarted it since."""
    return Lead.objects.filter(pk=attempt.lead_id, counted_from__lte=attempt.claimed_at)


def _last_called_by(attempt: CallAttempt) -> QuerySet[Lead]:
    """The same, if no other attempt has followed."""
    return _called_by(attempt).filter(~Exists(_newer(attempt)))


def _newer(attempt: CallAttempt) -> QuerySet[CallAttempt]:
    return CallAttempt.objects.filter(
        lead=attempt.lead_id, kind=AttemptKind.CALL, claimed_at__gt=attempt.claimed_at
    )
