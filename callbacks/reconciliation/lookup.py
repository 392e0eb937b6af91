"""Asking the provider what became of calls that no record has ended.

An `unknown` attempt is looked up from the start, an `accepted` one when its records ought to have
come, an `ended` one for some time after that: first in the records that are here, then among the
active calls, then in the Call Log. What is found is applied like a record that was posted to us
(callbacks.reconciliation.records). What was never placed goes on; what nobody can tell goes to a
person (callbacks.reconciliation.manual_resolution). The rules are in
callbacks.telephony.call_identity.

Any number of sweeps may look at once: who takes an attempt moves its `next_lookup_at` on, commits,
and asks then, one question for all that were taken. An asker who dies delays them by as long as one
question may take; who is slower than that is asked beside, which does no harm.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone

from callbacks.calling import spend_limits
from callbacks.calling.apply_outcome import apply
from callbacks.common.one_by_one import one_by_one
from callbacks.models import CallAttempt, CallRecord
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.reconciliation import corrections, holds
from callbacks.reconciliation import records as call_records
from callbacks.telephony import account, call_identity
from callbacks.telephony.call_identity import CallPresence, PlacedCall, Sighting
from callbacks.voicenter import Cdr, CdrError, parse_cdr

log = logging.getLogger(__name__)

# So many are asked about in one go that it is over before others may take them.
_AT_ONCE = 100
_COUNTED = 1000  # looks; more make no difference
# What is due soon is asked for along with what is due.
_SOON = timedelta(seconds=10)
# While a call is on; its end is noticed within this time.
_WHILE_ON = timedelta(seconds=60)
_PAUSES = tuple(timedelta(seconds=it) for it in (15, 30, 60, 120, 240, 300))
# After the end of an attempt each pause is as long as all that went before.
_LATE_PAUSE = timedelta(minutes=1)
_LATE_FOR = timedelta(hours=2)
# Around a call's own times, for clocks that differ a little.
_MARGIN = timedelta(minutes=2)


@dataclass
class _Looked:
    """An attempt that was taken to be looked up, and what is known to recognise it."""

    attempt: CallAttempt
    asked: PlacedCall


def look_up() -> int:
    """For the sweep: asks about every attempt that is due. Returns how many were asked about."""
    taken = _looked_each(_take(timezone.now()))
    if not taken:
        return 0
    _search(taken, _orphans(taken), None)
    taken = _still_open(taken)
    if not taken:
        return 0
    states = account.active_calls()
    seen = {it.attempt.pk: call_identity.sighting(it.asked, states) for it in taken}
    now = timezone.now()
    wanted = [it for it in taken if _is_to_be_in_the_log(it, seen[it.attempt.pk], now)]
    in_log: Mapping[int, bool | None] = _ask_the_log(wanted, now) if wanted else {}

    def conclude(it: _Looked) -> None:
        _conclude(it, seen[it.attempt.pk], in_log.get(it.attempt.pk), now)

    one_by_one(taken, conclude, _named)
    found = sum(1 for it in in_log.values() if it)
    log.info("looked up attempts=%s asked_log=%s in_log=%s", len(taken), len(wanted), found)
    return len(taken)


# --- taking --------------------------------------------------------------------------------------


def _take(now: datetime) -> list[CallAttempt]:
    """The attempts to be asked about, ours alone for a while."""
    quiet = account.answer_is_lost_after() + account.rings()
    first = Case(
        When(state=AttemptState.UNKNOWN, then=F("claimed_at")),
        When(state=AttemptState.ACCEPTED, then=F("claimed_at") + quiet),
    )
    with transaction.atomic():
        due: list[Any] = list(
            CallAttempt.objects.filter(
                Q(state__in=(AttemptState.UNKNOWN, AttemptState.ACCEPTED))
                | Q(state=AttemptState.ENDED, next_lookup_at__isnull=False),
                kind=AttemptKind.CALL,
            )
            .annotate(due_at=Coalesce("next_lookup_at", first))
            .filter(due_at__lte=now + _SOON)
            .order_by("due_at")
            .select_related("lead", "extension")
            .select_for_update(of=("self",), skip_locked=True)[:_AT_ONCE]
        )
        if not any(attempt.due_at <= now for attempt in due):
            return []
        to_tell = Q(state=AttemptState.UNKNOWN, lookup_count__lt=holds.LEAST_LOOKS)
        longer = Greatest(F("hold_until"), now + account.log_tells_within())
        # Nobody gives its call up by the one record that is here while this sweep asks, or if this
        # sweep dies before it knows: such a look does not count.
        answered_by = now + account.answer_is_lost_after()
        first_look = Q(state=AttemptState.ACCEPTED, lookup_count=0)
        counted = Least(F("lookup_count") + 1, _COUNTED)
        CallAttempt.objects.filter(pk__in=[attempt.pk for attempt in due]).update(
            next_lookup_at=answered_by,
            lookup_count=Case(When(first_look, then=0), default=counted),
            hold_until=Case(
                When(to_tell, then=longer),
                When(first_look, then=Greatest(F("hold_until"), answered_by)),
                default=F("hold_until"),
            ),
        )
    return due


def _looked(attempt: CallAttempt) -> _Looked:
    return _Looked(attempt, account.asked(attempt))


def _looked_each(attempts: Iterable[CallAttempt]) -> list[_Looked]:
    return [it for _, it in one_by_one(attempts, _looked, lambda attempt: attempt.pk)]


def _named(it: _Looked) -> object:
    return it.attempt.pk


def _still_open(taken: Iterable[_Looked]) -> list[_Looked]:
    """Those that nobody has ended meanwhile, as they are now."""
    return _looked_each(_open_ones(taken).select_related("lead", "extension"))


def _open_ones(taken: Iterable[_Looked]) -> QuerySet[CallAttempt]:
    return CallAttempt.objects.filter(
        pk__in=[it.attempt.pk for it in taken],
        state__in=(AttemptState.UNKNOWN, AttemptState.ACCEPTED, AttemptState.ENDED),
        next_lookup_at__isnull=False,
    )


# --- records and Call Log ------------------------------------------------------------------------


def _orphans(taken: Sequence[_Looked]) -> list[Cdr]:
    """Records that were posted to us and that nobody could place."""
    stored = CallRecord.objects.filter(
        attempt__isnull=True,
        leg__isnull=False,
        received_at__gte=min(it.asked.sent_at for it in taken) - _MARGIN,
    ).values_list("payload", flat=True)
    found = []
    for payload in stored:
        try:
            found.append(parse_cdr(json.dumps(payload).encode(), "application/json"))
        except CdrError:
            continue
    return found


def _is_to_be_in_the_log(it: _Looked, seen: Sighting, now: datetime) -> bool:
    """Whether its record may be there: its call seems to be over, or to be nowhere."""
    if seen.presence is CallPresence.ON:
        return False
    return it.attempt.state != AttemptState.ACCEPTED or (
        seen.presence is CallPresence.ABSENT or now >= it.asked.settled_by
    )


def _ask_the_log(wanted: Sequence[_Looked], now: datetime) -> dict[int, bool | None]:
    """Whether the Call Log has each of them or anything like it; {} when it does not tell."""
    margin = _MARGIN + account.clocks_differ()
    since = min(it.asked.sent_at for it in wanted) - margin
    records = account.call_log(since, now + margin)
    if records is None:
        return {}
    legs = [call_identity.as_cdr(record) for record in records if record.leg and record.call_id]
    return _search(wanted, legs, _is_blind(legs, since, now))


def _is_blind(legs: Iterable[Cdr], since: datetime, now: datetime) -> bool:
    """Whether the log lacks all calls of ours of which records were posted to us.

    It may be another account's, another department's, or in another time zone: then what it does
    not have says nothing.
    """
    known = CallRecord.objects.filter(
        attempt__claimed_at__gte=since,
        received_at__lte=now - timedelta(seconds=settings.VOICENTER_LOG_DELAY),
        leg__isnull=False,
    ).values_list("call_id", flat=True)[:100]
    blind = bool(known) and not set(known) & {leg.call_id for leg in legs}
    if blind:
        log.warning("Call Log has none of our calls: what it lacks is not believed")
    return blind


def _search(
    wanted: Sequence[_Looked], legs: Sequence[Cdr], blind: bool | None
) -> dict[int, bool | None]:
    """Applies the legs of our calls. Returns, by attempt, whether the log has a leg of its call or
    one that may be; None where that cannot be told.

    `blind`: whether a leg that is not there says nothing.
    """

    def search(it: _Looked) -> bool | None:
        if not _open_ones([it]).exists():
            return True  # while others were searched for, its records have come
        call_ids = call_identity.named(it.asked, legs)
        alike = set() if call_ids or it.asked.call_id else call_identity.similar(it.asked, legs)
        alike -= _claimed(alike)
        if not call_ids and len(alike) == 1 and _is_alone(it):
            call_ids = alike
        # Each leg may have an id of its own, if it carries our variable.
        for call_id in sorted(call_ids):
            _apply(it.attempt, call_id, [leg for leg in legs if leg.call_id == call_id])
        return True if call_ids or alike else None if blind else False

    return {it.attempt.pk: found for it, found in one_by_one(wanted, search, _named)}


def _claimed(call_ids: set[str]) -> set[str]:
    """Those of these CALLIDs that belong to an attempt already."""
    if not call_ids:
        return set()
    return set(CallAttempt.objects.filter(call_id__in=call_ids).values_list("call_id", flat=True))


def _is_alone(it: _Looked) -> bool:
    """Whether no other attempt without a CALLID looks the same."""
    return not (
        CallAttempt.objects.filter(
            phone=it.asked.phone,
            call_id="",
            sent_at__gte=it.asked.sent_at - _MARGIN,
            sent_at__lte=it.asked.settled_by + _MARGIN,
        )
        .exclude(pk=it.attempt.pk)
        .exclude(state__in=(AttemptState.REFUSED, AttemptState.NOT_SENT))
        .exists()
    )


def _apply(attempt: CallAttempt, call_id: str, legs: Iterable[Cdr]) -> None:
    attempt.learn_call_id(call_id)
    for leg in legs:
        call_records.receive(leg)
    # What was posted before its attempt was known.
    call_records.adopt(attempt.pk)


# --- what follows --------------------------------------------------------------------------------


def _conclude(it: _Looked, seen: Sighting, in_log: bool | None, now: datetime) -> None:
    """Writes down what was seen, and when to look again."""
    attempt = CallAttempt.objects.get(pk=it.attempt.pk)
    if attempt.state == AttemptState.ACCEPTED and attempt.lookup_count == 0:
        _count_the_first(attempt, now)
    next_lookup_at: datetime | None = now + _pause(attempt.lookup_count)
    if attempt.state == AttemptState.ENDED:
        since = now - (attempt.ended_at or now)
        next_lookup_at = now + max(since, _LATE_PAUSE) if since < _LATE_FOR else None
    elif not attempt.is_live:
        return
    elif seen.presence is CallPresence.ON:
        _is_on(attempt, seen, now)
        next_lookup_at = now + _WHILE_ON
    elif seen.presence is CallPresence.ABSENT and now >= it.asked.settled_by:
        if attempt.state == AttemptState.ACCEPTED:
            corrections.call_is_over(attempt, now)
        else:
            next_lookup_at = _is_absent(it.asked, attempt, in_log, now)
    elif attempt.state == AttemptState.UNKNOWN:
        next_lookup_at = _not_after(now + _pause(attempt.lookup_count), it.asked.settled_by, now)
    # Not of one that has moved on meanwhile: its new state has a time of its own.
    CallAttempt.objects.filter(pk=attempt.pk, state=attempt.state).update(
        next_lookup_at=next_lookup_at
    )


def _count_the_first(attempt: CallAttempt, now: datetime) -> None:
    """The provider has been asked: where one record says that the call is over, its end comes when
    it was to come.
    """
    attempt.lookup_count = 1
    CallAttempt.objects.filter(pk=attempt.pk, lookup_count=0).update(lookup_count=1)
    if attempt.hold_until and attempt.hold_until <= now + account.answer_is_lost_after():
        attempt.let_go(now + corrections.LOOKED_BEFORE_ITS_END)


def _is_absent(
    asked: PlacedCall, attempt: CallAttempt, in_log: bool | None, now: datetime
) -> datetime | None:
    """An unknown call is not on: never placed, or to be looked for again at the time returned."""
    delay = timedelta(seconds=settings.VOICENTER_LOG_DELAY)
    if call_identity.was_never_placed(
        asked, missing_since=attempt.missing_since, in_log=in_log, now=now, log_delay=delay
    ):
        _never_placed(attempt, now)
        return None
    if attempt.missing_since is None:
        CallAttempt.objects.filter(pk=attempt.pk).update(missing_since=now)
        attempt.missing_since = now
        # Nobody is on the phone: the extension is not kept for as long as a call could last, nor
        # freed before the log can tell.
        limit = now + account.log_tells_within()
        attempt.let_go(limit)
        attempt.hold_on(limit)
    # Not so rarely that its limit comes before another look.
    pause = min(_pause(attempt.lookup_count), max(delay, _PAUSES[0]))
    return _not_after(now + pause, attempt.missing_since + delay, now)


def _not_after(next_lookup_at: datetime, mark: datetime, now: datetime) -> datetime:
    """When to look again, if something can be decided at `mark` already."""
    return min(next_lookup_at, mark) if mark > now else next_lookup_at


def _pause(lookup_count: int) -> timedelta:
    return _PAUSES[: max(lookup_count, 1)][-1]


def _is_on(attempt: CallAttempt, seen: Sighting, now: datetime) -> None:
    """It was placed, and goes on."""
    holds.keep_while_on(attempt, now)
    CallAttempt.objects.filter(pk=attempt.pk).update(missing_since=None, lookup_count=0)
    if seen.call_id:
        corrections.recognise(attempt, seen.call_id)


def _never_placed(attempt: CallAttempt, now: datetime) -> None:
    with transaction.atomic():
        won = attempt.disprove(now)
        if won:
            apply(attempt, now)
            spend_limits.uncount_on_commit(attempt)
    log.info("never placed attempt=%s won=%s", attempt.pk, won)
