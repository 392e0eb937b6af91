"""Telling the workers that there is something to do. PostgreSQL is the truth; this is a nudge.

A wake-up that is lost costs a few seconds (the sweep finds the work), so publishing may fail, but
it may never be slow and never turn into an error for the one whose request caused it. kombu waits
for ever on a broker that does not answer; with timeouts on its sockets it still waits for the
resolver, and on RabbitMQ for each step of a handshake. So others do the sending: threads of this
module, each with a connection of its own, and the caller waits for them no longer than it wants.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.connection import Connection
from kombu.messaging import Producer

from callbacks.common import heartbeats

log = logging.getLogger(__name__)

CALL_LEAD = "callbacks.call_lead"
WORK_TEAM = "callbacks.work_team"
DIAL = "callbacks.dial"
HANG_UP = "callbacks.hang_up"
FOLLOW_CHANGED_HOURS = "callbacks.follow_changed_hours"
SEND_MAIL = "callbacks.send_mail"
WORK_OUT = "callbacks.work_out"

# Seconds. A broker on the same network answers in a millisecond: each of its answers may take
# this long, and a caller waits for twice as long altogether.
PUBLISH_TIMEOUT = 0.2
LONGEST_WAIT = 2 * PUBLISH_TIMEOUT
# After a failure nobody waits for the broker until it has taken a message again; this often one is
# sent to see. So a dead broker costs those who are there when it dies LONGEST_WAIT at most, and all
# who come later nothing, however long it lasts.
BREAKER_OPEN_FOR = 1.0
# A failure faster than this was a dropped connection, not a dead broker: worth one more try.
FAST_FAILURE = 0.1
_SENDERS = 4


class Breaker:
    """Lets nobody through for a while after a failure, and then one at a time. One per process."""

    def __init__(self, open_for: float) -> None:
        self._open_for = open_for
        self._lock = threading.Lock()
        self._trial_at = float("-inf")
        self.is_open = False

    def is_time_for_a_trial(self, now: float) -> bool:
        """Whether to try at `now` (monotonic seconds) if the broker is back: one of many may."""
        with self._lock:
            if not self.is_open or now < self._trial_at:
                return False
            self._trial_at = now + self._open_for
            return True

    def failed(self, now: float) -> None:
        """Opens it."""
        with self._lock:
            self.is_open, self._trial_at = True, now + self._open_for

    def worked(self) -> None:
        """Closes it."""
        with self._lock:
            self.is_open = False


_breaker = Breaker(BREAKER_OPEN_FOR)
_own = threading.local()


def call_lead_on_commit(lead_id: int) -> None:
    """Queues callbacks.call_lead once the transaction is committed."""
    transaction.on_commit(partial(publish, CALL_LEAD, lead_id), robust=True)


def work_team_on_commit(team_id: int) -> None:
    """Queues callbacks.work_team once the transaction is committed."""
    transaction.on_commit(partial(publish, WORK_TEAM, team_id), robust=True)


def dial_on_commit(attempt_id: int) -> None:
    """Queues callbacks.dial once the transaction is committed."""
    transaction.on_commit(partial(publish, DIAL, attempt_id), robust=True)


def hang_up_on_commit(attempt_id: int) -> None:
    """Queues callbacks.hang_up once the transaction is committed."""
    transaction.on_commit(partial(publish, HANG_UP, attempt_id), robust=True)


def follow_changed_hours_on_commit() -> None:
    """Queues callbacks.follow_changed_hours once the transaction is committed."""
    transaction.on_commit(partial(publish, FOLLOW_CHANGED_HOURS), robust=True)


def send_mail_on_commit() -> None:
    """Queues callbacks.send_mail once the transaction is committed."""
    transaction.on_commit(partial(publish, SEND_MAIL), robust=True)


def work_out_on_commit(study_id: int) -> None:
    """Queues callbacks.work_out once the transaction is committed."""
    transaction.on_commit(partial(publish, WORK_OUT, study_id), robust=True)


def publish(task: str, *keys: int, expires: float | None = None) -> bool:
    """Queues `task` with a primary key; False when the broker could not take it in time.

    `expires`: seconds after which no worker need bother.
    """
    if _breaker.is_open:
        # Whether the broker is back nobody waits to learn: this wake-up is the one that tries.
        if _breaker.is_time_for_a_trial(time.monotonic()):
            _senders().submit(_try, task, keys, expires)
        return False
    sent = _senders().submit(_send, task, keys, expires)
    try:
        sent.result(LONGEST_WAIT)
    except Exception as error:  # noqa: BLE001  # whatever is the matter with it: not the caller's
        sent.cancel()
        _breaker.failed(time.monotonic())
        heartbeats.count(publish_failures=1)
        # The message of a broker error can hold its address with the password: the type is enough.
        log.warning("wake-up not published task=%s keys=%s error=%s", task, keys, _kind(error))
        return False
    _breaker.worked()
    heartbeats.say()  # what could not be counted while Redis was away
    return True


def _try(task: str, keys: tuple[int, ...], expires: float | None) -> None:
    """Runs in a sender's thread: closes the breaker when the broker takes a message again."""
    try:
        _send(task, keys, expires)
    except Exception as error:  # noqa: BLE001  # the breaker stays open, and that is all
        _breaker.failed(time.monotonic())
        heartbeats.count(publish_failures=1)
        log.warning("broker still away error=%s", _kind(error))
    else:
        _breaker.worked()


def _send(task: str, keys: tuple[int, ...], expires: float | None) -> None:
    """Runs in a sender's thread, on its connection."""
    started = time.monotonic()
    try:
        _send_once(task, keys, expires)
    except Exception:
        if time.monotonic() - started > FAST_FAILURE:
            raise
        _send_once(task, keys, expires)


def _send_once(task: str, keys: tuple[int, ...], expires: float | None) -> None:
    producer = _producer()
    try:
        current_app.send_task(
            task, keys, producer=producer, retry=False, ignore_result=True, expires=expires
        )
    except Exception:
        # A half-open connection stays one: the next message gets another.
        _own.producer = None
        producer.connection.collect()
        raise


def _producer() -> Any:
    """This thread's, of the broker that the settings name now."""
    url = current_app.conf.broker_write_url
    if getattr(_own, "producer", None) is None or _own.url != url:
        _own.producer = Producer(connection())  # type: ignore[no-untyped-call]
        _own.url = url
    return _own.producer


def connection() -> Connection:
    """A connection to the broker that waits for nothing longer than PUBLISH_TIMEOUT."""
    made: Connection = current_app.connection_for_write(
        connect_timeout=PUBLISH_TIMEOUT,
        transport_options=settings.PUBLISH_TRANSPORT_OPTIONS | {"max_retries": 0},
    )
    return made


# Made by the first one to publish, which is after the web server's fork.
@cache
def _senders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_SENDERS, thread_name_prefix="publish")


def _kind(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    return type(cause or error).__name__
