"""Attempts that no record has ended: frees their extensions when their hold expires."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from callbacks.calling.apply_outcome import apply, show_on_lead
from callbacks.common.one_by_one import one_by_one
from callbacks.models import CallAttempt, CallRecord
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind, AttemptState
from callbacks.reconciliation import call_end
from callbacks.telephony import account, call_identity
from callbacks.telephony.call_identity import CallPresence

# A call that is still on when its hold expires keeps its extension for this much longer at a time.
_LONGER = timedelta(minutes=2)
# No hold is extended beyond this many times the longest call.
_LONGEST_HOLDS = 2
# While one sweep asks the provider whether a call is still on, other sweeps leave it alone for this
# long.
_ASKING_TAKES = timedelta(seconds=45)
# Sweeps may be late, and look-ups may be delayed or fail. So an unknown call is given up only after
# this many looks, each followed by the time that the log needs; any other call only after its look
# that was due. Both end anyway when the hold has been over for _LOOKS_TAKE.
LEAST_LOOKS = 3
_LOOKS_TAKE = timedelta(hours=2)
# An attempt that ended without a record is looked up once more after this time.
_LATE_LOOK_AFTER = timedelta(seconds=60)


def give_up_lost_dials() -> int:
    """For the sweep: attempts whose worker died while dialling become `unknown`."""
    now = timezone.now()
    lost = CallAttempt.objects.filter(
        state=AttemptState.DIALING, sent_at__lt=now - account.answer_is_lost_after()
    )

    def give_up(attempt: CallAttempt) -> bool:
        with transaction.atomic():
            won = attempt.lose_sight("The worker that dialled was lost.", "worker_lost", now)
            if won:
                attempt.hold_on(account.told_by(attempt, now))
                show_on_lead(attempt)
        return won

    return sum(won for _, won in one_by_one(lost, give_up, _named))


def free_expired_holds() -> int:
    """For the sweep: ends attempts without a record whose hold has expired.

    A call that the provider still shows keeps its extension (`keep_while_on`). Returns how many
    were ended.
    """
    now = timezone.now()
    is_to_be_looked_up = Q(
        state=AttemptState.UNKNOWN,
        kind=AttemptKind.CALL,
        lookup_count__lt=LEAST_LOOKS,
        hold_until__gt=now - _LOOKS_TAKE,
    )
    # One leg's record has arrived, and the look before the end of the hold has not happened yet.
    is_to_be_asked_about = Q(
        state=AttemptState.ACCEPTED,
        next_lookup_at__lte=now,
        lookup_count=0,
        hold_until__gt=now - _LOOKS_TAKE,
    )
    over = CallAttempt.objects.filter(state__in=LIVE_STATES, hold_until__lt=now)
    expired = [
        attempt
        for attempt in over.exclude(is_to_be_looked_up | is_to_be_asked_about)
        # Only the process that moves the end of the hold asks. If it dies, the hold just ends
        # later.
        if CallAttempt.objects.filter(
            pk=attempt.pk, state=attempt.state, hold_until=attempt.hold_until
        ).update(hold_until=now + _ASKING_TAKES)
    ]
    still_on = _still_on([it for it in expired if it.state != AttemptState.DIALING])

    def end(attempt: CallAttempt) -> bool:
        if attempt.pk in still_on and keep_while_on(attempt, timezone.now()):
            return False
        return _end(attempt, timezone.now())

    return sum(won for _, won in one_by_one(expired, end, _named))


def live() -> QuerySet[CallAttempt]:
    """Attempts that have not ended."""
    return CallAttempt.objects.filter(state__in=LIVE_STATES)


def end_live(now: datetime) -> int:
    """After a restore: ends every live attempt with an unknown outcome.

    The provider is not asked about them again. Returns how many were ended.
    """
    ended = one_by_one(live(), lambda attempt: _end(attempt, now, asks_once_more=False), _named)
    return sum(won for _, won in ended)


def keep_while_on(attempt: CallAttempt, now: datetime) -> bool:
    """Keeps the extension of a live call for longer; False: the longest hold is reached."""
    until = min(now + _LONGER, attempt.claimed_at + _LONGEST_HOLDS * account.hold())
    attempt.hold_on(until)
    return until > now


def _still_on(attempts: Collection[CallAttempt]) -> set[int]:
    """The attempts whose call is among the active ones. With a record of leg 1, a call is over."""
    over = set(
        CallRecord.objects.filter(attempt__in=attempts, leg=1).values_list("attempt", flat=True)
    )
    asked = [it for it in attempts if it.pk not in over and it.extension_id]
    states = account.active_calls() if asked else None

    def is_on(attempt: CallAttempt) -> bool:
        return call_identity.sighting(account.asked(attempt), states).presence is CallPresence.ON

    return {attempt.pk for attempt, on in one_by_one(asked, is_on, _named) if on}


def _named(attempt: CallAttempt) -> object:
    return attempt.pk


def _end(attempt: CallAttempt, now: datetime, *, asks_once_more: bool = True) -> bool:
    """Frees what the attempt holds; False if somebody else has ended it meanwhile."""
    with transaction.atomic():
        # Read again: somebody may have picked up since.
        attempt = CallAttempt.objects.select_for_update().get(pk=attempt.pk)
        if attempt.state == AttemptState.DIALING and attempt.sent_at is None:
            won = attempt.give_back(now)
        else:
            legs = call_end.by_leg(attempt.records.order_by("pk"))
            records = legs.values()
            state = call_end.end_by_records(attempt, records, is_over=True)
            won = attempt.finish(
                state or (AttemptState.STOPPED if attempt.stopped_at else AttemptState.ENDED),
                now,
                connected_at=call_end.connected_at(state, legs, attempt, now) if state else None,
                # If no record says anything, the provider is asked once more.
                next_lookup_at=None if state or not asks_once_more else now + _LATE_LOOK_AFTER,
                records=records,
                is_unclear=state == AttemptState.ENDED,
            )
        if won:
            apply(attempt, now)
    return won
