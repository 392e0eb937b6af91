"""Plays recorded messages to leads, each in an attempt of kind MESSAGE without an extension.

Each message is played to a lead at most once, unless a manager plays it again. As with a call, the
attempt is committed first, and a worker sends it.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from callbacks.common import task_publisher
from callbacks.common.db_errors import violated
from callbacks.models import CallAttempt, SourceMessages
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind, AttemptState
from callbacks.routing import config, number_limits
from callbacks.scheduling.call_times import WindowTimes
from callbacks.scheduling.next_call import next_call
from leads.models import Lead

# The longest ringing, the longest message, and a margin.
_HOLD = timedelta(seconds=60 + 120 + 60)
_ON_ITS_WAY = timedelta(seconds=3)
# A message that could only be played later than this is dropped.
_AT_THE_LATEST = timedelta(minutes=15)


def play_when_closed(lead: Lead, now: datetime) -> None:
    """Plays the source's message for leads that arrive outside opening hours, if there is one."""
    _play_once(lead.pk, lead.phone, lead.source_id, "when_closed", now)


def play_when_given_up(lead_id: int, phone: str, source_id: int, now: datetime) -> None:
    """Plays the source's message for leads that could not be reached, if there is one."""
    _play_once(lead_id, phone, source_id, "when_given_up", now)


def play(lead_id: int, phone: str, record_name: str, at: datetime) -> CallAttempt | None:
    """Has a recording played to the lead's phone; None if that number is on a call already.

    With `at` in the future, the attempt holds the number until then, and the sweep has the message
    sent.
    """
    try:
        with transaction.atomic():
            attempt = CallAttempt.objects.create(
                kind=AttemptKind.MESSAGE,
                lead_id=lead_id,
                phone=phone,
                record_name=record_name,
                claimed_at=at,
                hold_until=at + _HOLD,
            )
    except IntegrityError as error:
        if violated(error).startswith("attempt_one_live_"):
            return None
        raise
    if at <= timezone.now():
        task_publisher.dial_on_commit(attempt.pk)
    return attempt


def give_way(phone: str, now: datetime) -> bool:
    """Drops an unsent message to this number, because somebody wants to call it.

    Returns whether there was one. A message that is being sent holds the number like a call. So
    does a message that was only just requested: a worker is about to send it.
    """
    unsent = CallAttempt.objects.filter(
        kind=AttemptKind.MESSAGE, phone=phone, state=AttemptState.DIALING, sent_at__isnull=True
    ).exclude(claimed_at__gt=now - _ON_ITS_WAY, claimed_at__lte=now)
    return sum(attempt.give_back(now) for attempt in unsent) > 0


def unsay(lead_id: int, now: datetime) -> bool:
    """Drops unsent messages to this lead, because its visitor took the request back.

    Returns whether a message still rings its phone: it was sent before.
    """
    messages = CallAttempt.objects.filter(
        kind=AttemptKind.MESSAGE, lead=lead_id, state__in=LIVE_STATES
    )
    return sum(not it.give_back(now) for it in messages) > 0


def _play_once(lead_id: int, phone: str, source_id: int, field: str, now: datetime) -> None:
    record_name = (
        SourceMessages.objects.filter(source_id=source_id).values_list(field, flat=True).first()
    )
    if not record_name:
        return
    played = CallAttempt.objects.filter(
        lead_id=lead_id, kind=AttemptKind.MESSAGE, record_name=record_name
    )
    if played.exists():
        return
    # The message rings the number like a call, so the limits of the number apply to it too.
    limited_until = number_limits.number_limited_until(phone, source_id, now)
    times = WindowTimes(config.current(), source_id, phone)
    found = next_call(times, now, limited_until=limited_until)
    # Outside the lead's calling window the message is dropped.
    if found.opens_at and found.opens_at - now <= _AT_THE_LATEST and not found.closed_until:
        play(lead_id, phone, record_name, found.opens_at)
