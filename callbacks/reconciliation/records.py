"""Applies the provider's records to attempts.

Records arrive repeatedly, late and in any order. Each is stored as received, once for each leg.
Then all records of an attempt are looked at together. So neither their order matters, nor whether
the call was taken for over before one of them arrived. A talk stays a talk.
"""

import logging
import uuid
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from callbacks.calling import spend_limits, visitor_clock
from callbacks.calling.apply_outcome import apply, show_on_lead
from callbacks.common.db_errors import violated
from callbacks.common.one_by_one import one_by_one
from callbacks.models import CallAttempt, CallRecord
from callbacks.models.attempt_states import (
    DISPROVED_BY_A_TALK,
    HELD_NOT_TO_BE,
    LIVE_STATES,
    TOLD_BY_RECORDS,
    AttemptKind,
    AttemptState,
)
from callbacks.models.time_accounting import outcome_of
from callbacks.reconciliation import ai_data, call_end, corrections, erased_people
from callbacks.voicenter import Cdr, LegOutcome
from leads import log_context

log = logging.getLogger(__name__)

HIGHEST = 2**31 - 1  # the maximum of the price columns
# A call's CALLID is known within the seconds that its answer takes. Older records without an
# attempt belong to other calls of the account.
_ADOPTED_WITHIN = timedelta(minutes=10)


def receive(cdr: Cdr) -> bool:
    """Stores one record and applies it; False if this leg's record was stored before.

    A repeated record only fills in what the stored one lacks.
    """
    attempt = None
    try:
        with transaction.atomic():
            attempt = _attempt_of(cdr)
            if attempt:
                log_context.follow(attempt.lead_id)
            _store(cdr, attempt)
            if attempt:
                _apply(attempt, timezone.now())
    except IntegrityError as error:
        if violated(error) != "record_once_per_leg":
            raise
        what = "repeated"
        _fill_in(cdr)
    else:
        what = "stored"
    log.info(
        "record %s leg=%s outcome=%s attempt=%s call_id=%s",
        what,
        cdr.leg,
        cdr.outcome,
        attempt.pk if attempt else "-",
        cdr.call_id,
    )
    # Separately: the record is applied whatever happens to its AI data.
    if cdr.ai_data is not None or cdr.ai_data_loss:
        ai_data.keep(cdr)
    return what == "stored"


def adopt_records() -> int:
    """For the sweep: adopts records that arrived before their attempt knew its CALLID.

    Returns how many.
    """
    now = timezone.now()
    orphans = CallRecord.objects.filter(
        attempt__isnull=True, received_at__gte=now - _ADOPTED_WITHIN
    )
    call_ids = set(orphans.values_list("call_id", flat=True))
    found = CallAttempt.objects.filter(call_id__in=call_ids).exclude(call_id="")
    ids = list(found.values_list("pk", flat=True))
    return sum(adopted for _, adopted in one_by_one(ids, adopt, str))


def adopt(attempt_id: int) -> int:
    """Gives the attempt the records of its CALLID that arrived before the CALLID was known.

    Returns how many.
    """
    with transaction.atomic():
        attempt = CallAttempt.objects.select_for_update().get(pk=attempt_id)
        orphans = CallRecord.objects.filter(attempt__isnull=True, call_id=attempt.call_id)
        kept = erased_people.nothing_told(attempt)
        adopted = orphans.update(attempt=attempt, **kept) if attempt.call_id else 0
        if adopted:
            _apply(attempt, timezone.now())
    return adopted


def _store(cdr: Cdr, attempt: CallAttempt | None) -> None:
    """Raises IntegrityError if this leg's record is already stored."""
    CallRecord.objects.create(
        call_id=cdr.call_id,
        type=cdr.type,
        leg=cdr.leg,
        attempt=attempt,
        **_as_told(cdr),
        price=cdr.price,
        **erased_people.told(cdr, attempt),
    )


def _fill_in(cdr: Cdr) -> None:
    """Adds the price and the recording if the stored record has none: both may arrive later.

    Also how the leg ended, if the stored record does not say, or if the two talked by this one.
    Nothing else: what followed from the record stays.
    """
    stored = CallRecord.objects.filter(call_id=cdr.call_id, type=cdr.type)
    with transaction.atomic():
        # In the same order as `receive`: the attempt, then the record.
        attempts = CallAttempt.objects.filter(pk__in=stored.values("attempt"))
        attempt = attempts.select_for_update().first()
        record = stored.select_for_update().get()
        told: dict[str, Any] = {}
        if record.price is None and cdr.price is not None:
            told["price"] = cdr.price
        told_now = erased_people.told(cdr, attempt)
        if not record.recording_url and told_now["recording_url"]:
            told["recording_url"] = told_now["recording_url"]
        says_more = _says_more(cdr, record)
        if says_more:
            told |= _as_told(cdr) | {"payload": {**record.payload, **told_now["payload"]}}
        if not told:
            return
        stored.update(**told)
        if attempt:
            records = call_end.by_leg(attempt.records.order_by("pk"))
            facts = _price_and_recording(_of_the_call(attempt, records))
            CallAttempt.objects.filter(pk=attempt.pk).update(**facts)
            if says_more:
                _apply(attempt, timezone.now())
    log.info("record filled in fields=%s call_id=%s", ",".join(told), cdr.call_id)


def _says_more(cdr: Cdr, stored: CallRecord) -> bool:
    was = outcome_of(stored)
    return cdr.outcome is not was and (
        cdr.outcome is LegOutcome.ANSWERED or was is LegOutcome.OTHER
    )


def _as_told(cdr: Cdr) -> dict[str, Any]:
    """How the leg ended, by column of CallRecord."""
    return {
        "status": cdr.status,
        "is_answered": cdr.is_answered,
        "started_at": cdr.started_at,
        "duration": cdr.duration,
        "talk_time": cdr.talk_time,
        "dial_time": cdr.dial_time,
    }


def _attempt_of(cdr: Cdr) -> CallAttempt | None:
    """The record's attempt, locked: by CALLID, else by our own variable.

    The record may arrive before the call's answer, or its leg may have a different id.
    """
    # `get`, not `first`: for ORDER BY, Django compares every column of this wide SELECT.
    attempts = CallAttempt.objects.select_for_update()
    with suppress(CallAttempt.DoesNotExist):
        return attempts.get(call_id=cdr.call_id)
    with suppress(CallAttempt.DoesNotExist, ValueError):
        public_id = uuid.UUID(cdr.custom.get("attempt", ""))
        return attempts.get(public_id=public_id)
    return None


def _apply(attempt: CallAttempt, now: datetime) -> None:
    """Looks at all records of an attempt, and ends the attempt or corrects its end.

    The attempt is locked: if the records of two legs arrive at once, the second sees both.
    """
    records = call_end.by_leg(attempt.records.order_by("pk"))
    if (
        attempt.state == AttemptState.BRIDGED
        and attempt.rang_at is None
        and call_end.talk_in(records)
    ):
        # A person reported the talk, but not its time.
        answered_at = call_end.answered_at(records[2], attempt, now)
        corrections.time_the_talk(attempt, answered_at, records.values())
    _keep_facts(attempt, _of_the_call(attempt, records))
    if not attempt.is_live and attempt.state != AttemptState.ENDED:
        if not _disproved(attempt, records, now):
            _warn_of_a_contradiction(attempt)
        return
    _learn_call_id(attempt, records)
    if attempt.kind == AttemptKind.MESSAGE:
        _finish_message(attempt, records.values(), now)
        return
    # Nobody waits for another record of an ended attempt.
    is_over = attempt.state == AttemptState.ENDED
    state = call_end.end_by_records(attempt, records.values(), is_over=is_over)
    if state:
        _finish(
            attempt,
            state,
            now,
            records.values(),
            call_end.connected_at(state, records, attempt, now),
        )
    elif records.keys() & {1, 2}:
        # A leg's record arrives when the leg is over, and so the call is over.
        corrections.call_is_over(attempt, now)
        # However late this record is, wait for the other leg's: without it, nobody can tell whether
        # the lead's phone rang, and the two may have talked.
        attempt.hold_on(now + corrections.RECORDS_WITHIN)


def _of_the_call(attempt: CallAttempt, records: dict[int | None, CallRecord]) -> list[CallRecord]:
    """Without records of other types (a transfer, a queue, an extension's own call)."""
    is_message = attempt.kind == AttemptKind.MESSAGE
    return [record for leg, record in records.items() if leg or is_message]


def _disproved(attempt: CallAttempt, records: dict[int | None, CallRecord], now: datetime) -> bool:
    """Corrects the end of a call if it was recorded or assumed before this record arrived."""
    if attempt.kind == AttemptKind.MESSAGE:
        return False
    state = call_end.end_by_records(attempt, records.values(), is_over=True)
    if state is None or state == attempt.state:
        return False
    talked = state == AttemptState.BRIDGED and attempt.state in DISPROVED_BY_A_TALK
    rang = 2 in records and call_end.rang(records[2])
    come_from = (*TOLD_BY_RECORDS, *HELD_NOT_TO_BE) if rang else TOLD_BY_RECORDS
    if not (talked or (state in TOLD_BY_RECORDS and attempt.state in come_from)):
        return False
    attempt.learn_call_id(next(iter(records.values())).call_id)
    connected_at = call_end.connected_at(state, records, attempt, now)
    corrections.correct(attempt, state, connected_at, records.values())
    return True


def _warn_of_a_contradiction(attempt: CallAttempt) -> None:
    if attempt.state in (AttemptState.NEVER_PLACED, AttemptState.NOT_SENT, AttemptState.REFUSED):
        log.warning("record of a call that was held not to be attempt=%s", attempt.pk)


def _keep_facts(attempt: CallAttempt, records: Collection[CallRecord]) -> None:
    """Copies talk time, price and recording to the attempt, however late their record arrives.

    Also updates where the time went: the later record may say when the salesperson picked up.
    """
    until = attempt.accounted_until
    told = attempt.told_until(until, records) if until else {}
    # How long the salesperson was on the phone is not the talk; a message has only that one leg.
    is_message = attempt.kind == AttemptKind.MESSAGE
    talks = [record.talk_time for record in records if record.leg == 2 or is_message]
    attempt.talk_time = next((talk for talk in talks if talk is not None), None)
    minutes, counted = _minutes(attempt, records), attempt.counted_minutes
    if minutes is not None and minutes != counted:
        spend_limits.recount_on_commit(attempt, minutes)
        attempt.counted_minutes = minutes
    CallAttempt.objects.filter(pk=attempt.pk).update(
        talk_time=attempt.talk_time,
        **_price_and_recording(records),
        **told,
        counted_minutes=attempt.counted_minutes,
    )
    if told and told["rang_at"] != attempt.rang_at:
        visitor_clock.tell(attempt.lead_id)


_UNANSWERED = (
    LegOutcome.BUSY, LegOutcome.NO_ANSWER, LegOutcome.UNREACHABLE, LegOutcome.NETWORK,
    LegOutcome.NOT_CALLED, LegOutcome.NOT_ANSWERED,
)  # fmt: skip


def _minutes(attempt: CallAttempt, records: Collection[CallRecord]) -> int | None:
    """How many minutes the lead's leg lasted, rounded up; None: no record says.

    Zero if the salesperson did not pick up.
    """
    is_message = attempt.kind == AttemptKind.MESSAGE
    legs = [record for record in records if record.leg == 2 or is_message]
    if not legs and any(_seconds(record) == 0 for record in records):
        return 0
    known = [talk for record in legs if (talk := _seconds(record)) is not None]
    return -(-max(known) // 60) if known else None


def _seconds(record: CallRecord) -> int | None:
    """The seconds of a leg from its answer to its end; None: unknown."""
    return 0 if outcome_of(record) in _UNANSWERED else record.talk_time


def _price_and_recording(records: Collection[CallRecord]) -> dict[str, Any]:
    """The price of all legs together, and the recording: the lead's leg's if each leg has one.

    The same in whatever order the records arrive.
    """
    prices = [record.price for record in records if record.price is not None]
    leads_leg_first = sorted(records, key=lambda record: record.leg or 0, reverse=True)
    return {
        "price": min(sum(prices), HIGHEST) if prices else None,
        "recording_url": next((r.recording_url for r in leads_leg_first if r.recording_url), ""),
    }


def _finish_message(attempt: CallAttempt, records: Collection[CallRecord], now: datetime) -> None:
    """Ends a message, which has one leg: it was played, or nobody answered."""
    heard = any(outcome_of(record) is LegOutcome.ANSWERED for record in records)
    state = AttemptState.PLAYED if heard else AttemptState.LEAD_NO_ANSWER
    _finish(attempt, state, now, records)


def _finish(
    attempt: CallAttempt,
    state: AttemptState,
    now: datetime,
    records: Collection[CallRecord],
    connected_at: datetime | None = None,
) -> None:
    is_unclear = state == AttemptState.ENDED
    if attempt.finish(
        state, now, connected_at=connected_at, records=records, is_unclear=is_unclear
    ):
        apply(attempt, now)
    elif state != AttemptState.ENDED:
        corrections.correct(attempt, state, connected_at, records)


def _learn_call_id(attempt: CallAttempt, records: dict[int | None, CallRecord]) -> None:
    """Marks the call as accepted: a record proves that, even without an answer."""
    if attempt.state == AttemptState.ACCEPTED or not records:
        return
    call_id = attempt.call_id or next(iter(records.values())).call_id
    dialed_at = attempt.claimed_at
    if attempt.move(
        LIVE_STATES, AttemptState.ACCEPTED, call_id=call_id, error_code=0, answered_at=dialed_at
    ):
        show_on_lead(attempt, dialed_at)
    else:
        attempt.learn_call_id(call_id)
