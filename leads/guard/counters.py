"""Counts submissions for all web processes and machines together, in Redis (counters.lua).

Nobody waits long for it. Other threads ask, since a timeout on a socket does not bound a resolver,
and the caller waits for them no longer than LONGEST_WAIT. While Redis is away, nobody waits: one
submission every BREAKER_OPEN_FOR seconds tries whether it is back.
"""

import json
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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

# Seconds. Redis on the same network answers in a millisecond; a web server that has no processor to
# spare needs longer, and what could not be asked is not called.
TIMEOUT = 0.5
LONGEST_WAIT = 2 * TIMEOUT
BREAKER_OPEN_FOR = 3.0
_THREADS = 4
PREFIX = "callbacks:rates:"


@dataclass(frozen=True)
class Counter:
    """Something that is counted: under `key`, a `member` once, however often it comes.

    `hold`: rates of which one more is too many. `refuse`: where these are used up, nothing is
    counted any more. `is_mild`: what exceeds it may be called all the same. `is_shared`: it is not
    counted there where a counter before it, which is not mild, is exceeded: who goes on and on must
    not use up what everybody shares.
    """

    key: str
    member: str
    hold: tuple[Rate, ...] = ()
    refuse: tuple[Rate, ...] = ()
    is_mild: bool = False
    is_shared: bool = False


@dataclass(frozen=True)
class Counted:
    """`exceeded`: for each counter the rate that it exceeds, or None. `wait`: the submission was
    not counted, and might be after this time.
    """

    exceeded: Sequence[Rate | None] = ()
    wait: timedelta | None = None


class Away(Exception):  # noqa: N818  # said of Redis, and no fault of who asks
    """Redis has not answered in time, or has not a moment ago."""


class _Breaker:
    """After a failure it lets one through every BREAKER_OPEN_FOR seconds. One per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = float("-inf")  # monotonic seconds; nobody is let through before
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
        """What came of it."""
        with self._lock:
            self._is_open = not answered


_breaker = _Breaker()


def count(counters: Sequence[Counter], now: datetime) -> Counted:
    """Counts a submission at each of these. Raises Away. One round trip."""
    if not _breaker.lets_through():
        raise Away
    asked = _askers().submit(_ask, counters, now)
    try:
        answer = asked.result(LONGEST_WAIT)
    except Exception as error:  # noqa: BLE001  # whatever is the matter with it: not the caller's
        asked.cancel()
        _breaker.tell(answered=False)
        # The message can hold Redis's address with the password: the type is enough.
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
    """Runs in a thread of its own."""
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
        retry=Retry(NoBackoff(), 1),  # Redis may have been restarted
    )
    return client.register_script(Path(__file__).with_suffix(".lua").read_text())


# Made by the first submission, which is after the web server's fork.
@cache
def _askers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="guard")
