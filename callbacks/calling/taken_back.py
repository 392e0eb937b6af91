"""Ends calls to a number that the visitor has taken back, on the request's page or by the form.

The wish to hang up is stored with the visitor's request, and a worker carries it out. If the
wake-up is lost, or the provider had not accepted the call yet, the sweep does it.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from callbacks.calling import hanging_up
from callbacks.calling.manual_requests import CannotCall
from callbacks.common import task_publisher
from callbacks.common.one_by_one import one_by_one
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES

log = logging.getLogger(__name__)

# After this time the call is over, or the two talk and end it themselves.
_WORTH_IT_FOR = timedelta(minutes=2)


def end(attempt: CallAttempt, now: datetime) -> None:
    """Has a live call end: it blames nobody, and nobody calls its lead again.

    In the transaction in which the number is taken back.
    """
    CallAttempt.objects.filter(pk=attempt.pk, state__in=LIVE_STATES).update(
        stopped_at=Coalesce("stopped_at", now), hang_up_wanted=True
    )
    task_publisher.hang_up_on_commit(attempt.pk)


def hang_up(attempt_id: int) -> bool:
    """Asks the provider to end the call, by the rules of "Hang up and stop".

    Returns whether the call was ended.
    """
    if not _wanted(timezone.now()).filter(pk=attempt_id).exists():
        return False
    try:
        hanging_up.hang_up(attempt_id, None)
    except CannotCall as reason:
        log.info("not hung up attempt=%s reason=%s", attempt_id, type(reason).__name__)
        return False
    CallAttempt.objects.filter(pk=attempt_id).update(hang_up_wanted=False)
    return True


def hang_up_all() -> int:
    """For the sweep: hangs up the calls that nobody has ended yet. Returns how many."""
    wanted = _wanted(timezone.now()).values_list("pk", flat=True)
    return sum(done for _, done in one_by_one(list(wanted), hang_up, str))


def _wanted(now: datetime) -> QuerySet[CallAttempt]:
    return CallAttempt.objects.filter(
        state__in=hanging_up.HANGABLE, hang_up_wanted=True, stopped_at__gte=now - _WORTH_IT_FOR
    )
