"""Tells the workers that there is something to do. PostgreSQL is the truth; this is a nudge.

A lost wake-up costs a few seconds (the sweep finds the work). So publishing may fail, but it may
never be slow and never become an error for the caller. kombu waits forever for a broker that does
not answer; even with timeouts on its sockets it waits for the resolver, and on RabbitMQ for each
step of a handshake. So threads of this module do the sending, each with its own connection, and the
caller waits for them no longer than LONGEST_WAIT.
"""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.connection import Connection
from kombu.messaging import Producer

from callbacks.common import heartbeats
from callbacks.common.made_once import MadeOnce

log = logging.getLogger(__name__)

CALL_LEAD = "callbacks.call_lead"
WORK_TEAM = "callbacks.work_team"
DIAL = "callbacks.dial"
HANG_UP = "callbacks.hang_up"
FOLLOW_CHANGED_HOURS = "callbacks.follow_changed_hours"
SEND_MAIL = "callbacks.send_mail"
WORK_OUT = "callbacks.work_out"

# Seconds. A broker on the same network answers in a millisecond. Each of its answers may take this
# long, and a caller waits for at most twice as long.
PUBLISH_TIMEOUT = 0.2
LONGEST_WAIT = 2 * PUBLISH_TIMEOUT
# After a failure, nobody waits for the broker until it accepts a message again; one message is
# tried this often. So a dead broker delays the callers that are waiting when it dies by
# LONGEST_WAIT at most, and later callers not at all.
BREAKER_OPEN_FOR = 1.0
# A faster failure was a dropped connection, not a dead broker: worth one more try.
FAST_FAILURE = 0.1
_SENDERS = 4


class Breaker:
    """Blocks all callers for a while after a failure, then lets one through at a time.

    One for each process.
    """

    def __init__(self, open_for: float) -> None:
        self._open_for = open_for
        self._lock = threading.Lock()
        self._trial_at = float("-inf")
        self.is_open = False

    def is_time_for_a_trial(self, now: float) -> bool:
        """Whether this caller should test at `now` (monotonic seconds) if the broker is back.

        Only one of many callers gets True.
        """
        with self._lock:
            if not self.is_open or now < self._trial_at:
                return False
            self._trial_at = now + self._open_for
            return True

    def failed(self, now: float) -> None:
        """Opens the breaker."""
        with self._lock:
            self.is_open, self._trial_at = True, now + self._open_for

    def worked(self) -> None:
        """Closes the breaker."""
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
    """Queues `task` with a primary key; False if the broker could not take it in time.

    `expires`: seconds after which workers may drop the task.
    """
    if _breaker.is_open:
        # This wake-up tests whether the broker is back, without waiting for the result.
        if _breaker.is_time_for_a_trial(time.monotonic()):
            with suppress(RuntimeError):  # no thread can be started: a later one tests it
                _senders().submit(_try, task, keys, expires)
        return False
    sent: Future[None] | None = None
    try:
        sent = _senders().submit(_send, task, keys, expires)
        sent.result(LONGEST_WAIT)
    except Exception as error:  # noqa: BLE001  # no error here is the caller's problem
        if sent is not None:  # else this process is ending, or no thread can be started
            sent.cancel()
        _breaker.failed(time.monotonic())
        heartbeats.count(publish_failures=1)
        # A broker error's message may contain the address with the password: the type is enough.
        log.warning("wake-up not published task=%s keys=%s error=%s", task, keys, _kind(error))
        return False
    _breaker.worked()
    heartbeats.say()  # counts that waited while Redis was unreachable
    return True


def _try(task: str, keys: tuple[int, ...], expires: float | None) -> None:
    """Runs in a sender's thread: closes the breaker if the broker accepts a message again."""
    try:
        _send(task, keys, expires)
    except Exception as error:  # noqa: BLE001  # the breaker just stays open
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
        # A half-open connection would stay half-open: the next message gets a new one.
        _own.producer = None
        producer.connection.collect()
        raise


def _producer() -> Any:
    """This thread's producer, for the broker that the settings name now."""
    url = current_app.conf.broker_write_url
    if getattr(_own, "producer", None) is None or _own.url != url:
        _own.producer = Producer(connection())  # type: ignore[no-untyped-call]
        _own.url = url
    return _own.producer


def connection() -> Connection:
    """A connection to the broker that never waits longer than PUBLISH_TIMEOUT."""
    made: Connection = current_app.connection_for_write(
        connect_timeout=PUBLISH_TIMEOUT,
        transport_options=settings.PUBLISH_TRANSPORT_OPTIONS | {"max_retries": 0},
    )
    return made


@MadeOnce
def _senders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_SENDERS, thread_name_prefix="publish")


def _kind(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    return type(cause or error).__name__
