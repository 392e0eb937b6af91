"""Asks the provider about calls that no record has ended.

An `unknown` attempt is looked up from the start, an `accepted` one once its records should have
arrived, an `ended` one for some time after its end: first in the stored records, then among the
active calls, then in the Call Log. What is found is applied like a record that was posted to us
(callbacks.reconciliation.records). If the call was never placed, its lead goes on; if nobody can
tell, a person decides (callbacks.reconciliation.manual_resolution). The rules are in
callbacks.telephony.call_identity.

Any number of sweeps may look up at the same time: each takes attempts by moving their
`next_lookup_at` forward, commits, and then asks once for all of them. If a sweep dies, its attempts
are delayed by the longest time that one request may take. If it is slower than that, another sweep
asks too, which does no harm.
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

# Few enough that the look-up ends before others may take the attempts.
_AT_ONCE = 100
_COUNTED = 1000  # looks; more make no difference
# What is due soon is asked for along with what is due.
_SOON = timedelta(seconds=10)
# While a call is on. Its end is noticed within this time.
_WHILE_ON = timedelta(seconds=60)
_PAUSES = tuple(timedelta(seconds=it) for it in (15, 30, 60, 120, 240, 300))
# After the end of an attempt, each pause is as long as all the time since then.
_LATE_PAUSE = timedelta(minutes=1)
_LATE_FOR = timedelta(hours=2)
# Added around a call's own times, because clocks differ a little.
_MARGIN = timedelta(minutes=2)


@dataclass
class _Looked:
    """An attempt that is being looked up, and what identifies its call."""

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
    """The attempts to ask about, reserved for this sweep for a while."""
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
        # While this sweep asks, or if it dies first, nobody may give the call up because of its
        # only record: such a look does not count.
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
    """The attempts that nobody has ended meanwhile, read again."""
    return _looked_each(_open_ones(taken).select_related("lead", "extension"))


def _open_ones(taken: Iterable[_Looked]) -> QuerySet[CallAttempt]:
    return CallAttempt.objects.filter(
        pk__in=[it.attempt.pk for it in taken],
        state__in=(AttemptState.UNKNOWN, AttemptState.ACCEPTED, AttemptState.ENDED),
        next_lookup_at__isnull=False,
    )


# --- records and Call Log ------------------------------------------------------------------------


def _orphans(taken: Sequence[_Looked]) -> list[Cdr]:
    """Records that were posted to us and belong to no known attempt."""
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
    """Whether the log may have the call's record: the call seems over, or is not shown anywhere."""
    if seen.presence is CallPresence.ON:
        return False
    return it.attempt.state != AttemptState.ACCEPTED or (
        seen.presence is CallPresence.ABSENT or now >= it.asked.settled_by
    )


def _ask_the_log(wanted: Sequence[_Looked], now: datetime) -> dict[int, bool | None]:
    """By attempt, whether the Call Log has its call or a similar one; {} if it cannot be read."""
    margin = _MARGIN + account.clocks_differ()
    since = min(it.asked.sent_at for it in wanted) - margin
    records = account.call_log(since, now + margin)
    if records is None:
        return {}
    legs = [call_identity.as_cdr(record) for record in records if record.leg and record.call_id]
    return _search(wanted, legs, _is_blind(legs, since, now))


def _is_blind(legs: Iterable[Cdr], since: datetime, now: datetime) -> bool:
    """Whether the log lacks all of our calls whose records were posted to us.

    It may be the log of another account, another department or another time zone. Then a missing
    call proves nothing.
    """
    known = CallRecord.objects.filter(
        attempt__claimed_at__gte=since,
        received_at__lte=now - timedelta(seconds=settings.VOICENTER_LOG_DELAY),
        leg__isnull=False,
    ).values_list("call_id", flat=True)[:100]
    blind = bool(known) and not set(known) & {leg.call_id for leg in legs}
    if blind:
        log.warning("Call Log has none of our known calls: missing calls prove nothing")
    return blind


def _search(
    wanted: Sequence[_Looked], legs: Sequence[Cdr], blind: bool | None
) -> dict[int, bool | None]:
    """Applies the legs of our calls. Returns by attempt whether the log has its call.

    True: the log has a leg of the call, or one that may be. None: this cannot be told. `blind`: a
    missing leg proves nothing.
    """

    def search(it: _Looked) -> bool | None:
        if not _open_ones([it]).exists():
            return True  # its records arrived while others were searched for
        call_ids = call_identity.named(it.asked, legs)
        alike = set() if call_ids or it.asked.call_id else call_identity.similar(it.asked, legs)
        alike -= _claimed(alike)
        if not call_ids and len(alike) == 1 and _is_alone(it):
            call_ids = alike
        # Each leg may have a different id if it carries our variable.
        for call_id in sorted(call_ids):
            _apply(it.attempt, call_id, [leg for leg in legs if leg.call_id == call_id])
        return True if call_ids or alike else None if blind else False

    return {it.attempt.pk: found for it, found in one_by_one(wanted, search, _named)}


def _claimed(call_ids: set[str]) -> set[str]:
    """The CALLIDs that already belong to an attempt."""
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
    # Records that were posted before their attempt was known.
    call_records.adopt(attempt.pk)


# --- what follows --------------------------------------------------------------------------------


def _conclude(it: _Looked, seen: Sighting, in_log: bool | None, now: datetime) -> None:
    """Stores what was seen, and when to look again."""
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
    # Not if the attempt has changed meanwhile: its new state has its own time.
    CallAttempt.objects.filter(pk=attempt.pk, state=attempt.state).update(
        next_lookup_at=next_lookup_at
    )


def _count_the_first(attempt: CallAttempt, now: datetime) -> None:
    """Counts the first look. If a record says that the call is over, its hold may end now."""
    attempt.lookup_count = 1
    CallAttempt.objects.filter(pk=attempt.pk, lookup_count=0).update(lookup_count=1)
    if attempt.hold_until and attempt.hold_until <= now + account.answer_is_lost_after():
        attempt.let_go(now + corrections.LOOKED_BEFORE_ITS_END)


def _is_absent(
    asked: PlacedCall, attempt: CallAttempt, in_log: bool | None, now: datetime
) -> datetime | None:
    """Handles an unknown call that is not active: never placed, or looked up again later.

    Returns when to look again; None: never placed.
    """
    delay = timedelta(seconds=settings.VOICENTER_LOG_DELAY)
    if call_identity.was_never_placed(
        asked, missing_since=attempt.missing_since, in_log=in_log, now=now, log_delay=delay
    ):
        _never_placed(attempt, now)
        return None
    if attempt.missing_since is None:
        CallAttempt.objects.filter(pk=attempt.pk).update(missing_since=now)
        attempt.missing_since = now
        # Nobody is on the phone. So the extension is not kept for the longest call, but not freed
        # before the log can tell either.
        limit = now + account.log_tells_within()
        attempt.let_go(limit)
        attempt.hold_on(limit)
    # Often enough that another look comes before the limit.
    pause = min(_pause(attempt.lookup_count), max(delay, _PAUSES[0]))
    return _not_after(now + pause, attempt.missing_since + delay, now)


def _not_after(next_lookup_at: datetime, mark: datetime, now: datetime) -> datetime:
    """When to look again; at `mark` if something can be decided then."""
    return min(next_lookup_at, mark) if mark > now else next_lookup_at


def _pause(lookup_count: int) -> timedelta:
    return _PAUSES[: max(lookup_count, 1)][-1]


def _is_on(attempt: CallAttempt, seen: Sighting, now: datetime) -> None:
    """The call was placed and is still on."""
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
