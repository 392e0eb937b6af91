"""Telling the workers that there is something to do. PostgreSQL is the truth; this is a nudge.

A wake-up that is lost costs a few seconds (the sweep finds the work), so publishing may fail, but
it may never be slow and never turn into an error for the one whose request caused it: kombu's
default is to wait for ever on a broker that does not answer.
"""

import logging
import threading
import time
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.connection import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

log = logging.getLogger(__name__)

CALL_LEAD = "callbacks.call_lead"
WORK_TEAM = "callbacks.work_team"
DIAL = "callbacks.dial"

# Seconds. A broker on the same network answers in under a millisecond.
PUBLISH_TIMEOUT = 0.5
# After a failure nobody tries for this long, so that a dead broker costs one visitor
# PUBLISH_TIMEOUT and the next ones nothing.
BREAKER_OPEN_FOR = 5.0
# A failure faster than this was a dropped connection, not a dead broker: worth one more try.
FAST_FAILURE = 0.2


class Breaker:
    """Lets nobody through for a while after a failure. One per process."""

    def __init__(self, open_for: float) -> None:
        self._open_for = open_for
        self._closed_again_at = float("-inf")

    def lets_through(self, now: float) -> bool:
        """Whether to try at `now` (monotonic seconds)."""
        return now >= self._closed_again_at

    def failed(self, now: float) -> None:
        """Opens it."""
        self._closed_again_at = now + self._open_for

    def worked(self) -> None:
        """Closes it."""
        self._closed_again_at = float("-inf")


_breaker = Breaker(BREAKER_OPEN_FOR)
_publisher: Connection | None = None
_publisher_lock = threading.Lock()


def call_lead_on_commit(lead_id: int) -> None:
    """Queues callbacks.call_lead once the transaction is committed."""
    transaction.on_commit(partial(publish, CALL_LEAD, lead_id), robust=True)


def work_team_on_commit(team_id: int) -> None:
    """Queues callbacks.work_team once the transaction is committed."""
    transaction.on_commit(partial(publish, WORK_TEAM, team_id), robust=True)


def dial_on_commit(attempt_id: int) -> None:
    """Queues callbacks.dial once the transaction is committed."""
    transaction.on_commit(partial(publish, DIAL, attempt_id), robust=True)


def publish(task: str, key: int) -> bool:
    """Queues `task` with one primary key; False when the broker could not take it in time."""
    started = time.monotonic()
    if not _breaker.lets_through(started):
        return False
    try:
        try:
            _send(task, key)
        except OperationalError:
            if time.monotonic() - started > FAST_FAILURE:
                raise
            _send(task, key)
    except (OperationalError, LimitExceeded) as error:
        _breaker.failed(time.monotonic())
        # The message of a broker error can hold its address with the password: the type is enough.
        log.warning("wake-up not published task=%s key=%s error=%s", task, key, _kind(error))
        return False
    _breaker.worked()
    return True


def _send(task: str, key: int) -> None:
    with producers[_connection()].acquire(block=True, timeout=PUBLISH_TIMEOUT) as producer:
        current_app.send_task(task, (key,), producer=producer, retry=False, ignore_result=True)


def _connection() -> Connection:
    """The publishers' own connection settings; the workers' may wait longer, ours may not."""
    global _publisher
    with _publisher_lock:
        if _publisher is None:
            _publisher = current_app.connection_for_write(
                transport_options={
                    "socket_connect_timeout": PUBLISH_TIMEOUT,
                    "socket_timeout": PUBLISH_TIMEOUT,
                    "max_retries": 0,
                }
            )
        return _publisher


def _kind(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    return type(cause or error).__name__
