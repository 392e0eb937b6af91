"""Keeps to a limit of requests a minute within one process.

The Call Log accepts 30 requests a minute from an account, from all processes together. Programs
with several processes give their clients a RateLimiter that the processes share.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Protocol

from callbacks.voicenter.errors import ConfigurationError, TooManyRequests

LIMIT = 30
# A second more than the minute: requests that leave evenly spaced arrive less evenly.
PER = 61.0


class RateLimiter(Protocol):
    """Anything with this method."""

    def acquire(self) -> None:
        """Wait until a request may be sent. May raise TooManyRequests instead of a long wait."""


class LocalRateLimiter:
    """Allows `limit` requests in any `per` seconds, for the threads of one process.

    A wait of more than `max_wait` seconds is refused; None: no limit.
    """

    def __init__(
        self, *, limit: int = LIMIT, per: float = PER, max_wait: float | None = None
    ) -> None:
        if limit < 1 or not (math.isfinite(per) and per > 0):
            raise ConfigurationError("limiter: must have a limit and a time above zero")
        self._limit = limit
        self._per = per
        self._max_wait = math.inf if max_wait is None else max_wait
        self._lock = threading.Lock()
        self._times: list[float] = []

    def acquire(self) -> None:
        """Waits for this request's turn. Raises TooManyRequests if that takes over `max_wait`."""
        with self._lock:
            now = time.monotonic()
            given = self._times[-self._limit :]
            at = max(now, given[0] + self._per) if len(given) == self._limit else now
            if at - now > self._max_wait:
                raise limit_reached(at - now)
            self._times = [*given, at]
        time.sleep(at - now)


def limit_reached(retry_after: float) -> TooManyRequests:
    """The error of a limiter that refuses; `retry_after` in seconds."""
    return TooManyRequests(
        "the limit of requests is reached", reason="rate_limit", retry_after=retry_after
    )


_shared: dict[str, LocalRateLimiter] = {}


def shared_limiter(url: str) -> LocalRateLimiter:
    """The limiter shared by this process's clients for this address."""
    # One for all, also for clients that are made at the same time: setdefault is atomic.
    return _shared.setdefault(url, LocalRateLimiter())
