"""Counts submissions in Redis, for all web processes and machines together (counters.lua).

Nobody waits long for Redis. A timeout on a socket does not bound name resolution, so other threads
ask Redis, and the caller waits for them at most LONGEST_WAIT. While Redis is down nobody waits: one
submission every BREAKER_OPEN_FOR seconds checks whether it is back.
"""

import json
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from leads.guard.rate import Rate

log = logging.getLogger(__name__)

# Seconds. Redis on the same network answers in a millisecond; a busy web server needs longer. A
# submission that could not be counted is not called.
TIMEOUT = 0.5
LONGEST_WAIT = 2 * TIMEOUT
BREAKER_OPEN_FOR = 3.0
_THREADS = 4
PREFIX = "callbacks:rates:"


@dataclass(frozen=True)
class Counter:
    """What to count: `member` under `key`, once, however often it comes.

    `hold`: rates above which a submission is held. `refuse`: if one of these is used up, nothing is
    counted any more. `is_mild`: a submission above the rate may still be called. `is_shared`: not
    counted if an earlier counter that is neither mild nor shared is exceeded, so that one
    persistent sender does not use up a shared rate.
    """

    key: str
    member: str
    hold: tuple[Rate, ...] = ()
    refuse: tuple[Rate, ...] = ()
    is_mild: bool = False
    is_shared: bool = False


@dataclass(frozen=True)
class Counted:
    """`exceeded`: for each counter the rate it exceeds, or None. `wait`: the submission was not
    counted, and may be counted after this time.
    """

    exceeded: Sequence[Rate | None] = ()
    wait: timedelta | None = None


class Away(Exception):  # noqa: N818  # said of Redis, and no fault of who asks
    """Redis did not answer in time, now or a moment ago."""


class _Breaker:
    """After a failure, lets one call through every BREAKER_OPEN_FOR seconds. One per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = float("-inf")  # monotonic seconds; lets nobody through before
        self._is_open = False

    def lets_through(self) -> bool:
        """Whether to ask Redis now."""
        with self._lock:
            now = time.monotonic()
            if self._is_open and now < self._closed_until:
                return False
            self._closed_until = now + BREAKER_OPEN_FOR
            return True

    def tell(self, *, answered: bool) -> None:
        """Notes whether Redis answered."""
        with self._lock:
            self._is_open = not answered


_breaker = _Breaker()


def count(counters: Sequence[Counter], now: datetime) -> Counted:
    """Counts a submission with each counter. Raises Away. One round trip."""
    if not _breaker.lets_through():
        raise Away
    asked: Future[list[Any]] | None = None
    try:
        asked = _askers().submit(_ask, counters, now)
        answer = asked.result(LONGEST_WAIT)
    except Exception as error:  # noqa: BLE001  # no problem of Redis is the caller's
        if asked is not None:  # else this process is ending, or no thread can be started
            asked.cancel()
        _breaker.tell(answered=False)
        # The message can hold Redis's address with the password, so only its type is logged.
        log.warning("submissions are not counted error=%s", type(error).__name__)
        raise Away from None
    _breaker.tell(answered=True)
    if wait := float(answer[0] or 0):
        return Counted(wait=timedelta(seconds=wait))
    places = [int(place) for place in answer[1:]]
    return Counted(
        [it.hold[place - 1] if place else None for it, place in zip(counters, places, strict=True)]
    )


def _ask(counters: Sequence[Counter], now: datetime) -> list[Any]:
    """Runs in a separate thread."""
    told = [
        {
            "member": it.member,
            "keep": max(rate.seconds for rate in (*it.hold, *it.refuse)),
            "most": max(rate.limit for rate in (*it.hold, *it.refuse)) + 1,
            "hold": [(rate.limit, rate.seconds) for rate in it.hold],
            "refuse": [(rate.limit, rate.seconds) for rate in it.refuse],
            "mild": it.is_mild,
            "shared": it.is_shared,
        }
        for it in counters
    ]
    keys = [PREFIX + it.key for it in counters]
    answer: list[Any] = _script()(keys=keys, args=[f"{now.timestamp():.6f}", json.dumps(told)])
    return answer


@cache
def _script() -> Any:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 1),  # Redis may have restarted
    )
    return client.register_script(Path(__file__).with_suffix(".lua").read_text())


# Created by the first submission, which comes after the web server's fork.
@cache
def _askers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="guard")
