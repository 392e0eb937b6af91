"""Keeping to a limit of requests a minute, in one process or in all of a machine.

The Call Log takes 30 requests a minute of an account, whichever process they come from.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from callbacks.voicenter.errors import ConfigurationError, TooManyRequests

LIMIT = 30
# A second more than the minute: requests are let go evenly spaced and arrive less so.
PER = 61.0
# Times further ahead than this are no reservations but those of a clock that was set back.
_HORIZON = 10


class RateLimiter(Protocol):
    """Anything with this method; one over Redis would do as well."""

    def acquire(self) -> None:
        """Wait until a request may be sent. May raise TooManyRequests instead of a long wait."""


class _Limiter:
    """`limit` requests in any `per` seconds; a wait of more than `max_wait` seconds is refused.

    With `max_wait` None it waits as long as it takes.
    """

    def __init__(
        self, *, limit: int = LIMIT, per: float = PER, max_wait: float | None = None
    ) -> None:
        if limit < 1 or not (math.isfinite(per) and per > 0):
            raise ConfigurationError("limiter: must have a limit and a time above zero")
        self.limit = limit
        self.per = per
        self.max_wait = math.inf if max_wait is None else max_wait

    def _reserve(self, times: list[float], now: float) -> tuple[float, list[float]]:
        """The time of the next request, and the times to remember with it."""
        latest = now + _HORIZON * self.per
        kept = sorted(at for at in times if now - self.per < at <= latest)[-self.limit :]
        at = max(now, kept[0] + self.per) if len(kept) == self.limit else now
        if at - now > self.max_wait:
            raise TooManyRequests(
                "the limit of requests is reached", reason="rate_limit", retry_after=at - now
            )
        return at, [*kept, at][-self.limit :]


class LocalRateLimiter(_Limiter):
    """For the threads of one process."""

    def __init__(
        self, *, limit: int = LIMIT, per: float = PER, max_wait: float | None = None
    ) -> None:
        super().__init__(limit=limit, per=per, max_wait=max_wait)
        self._lock = threading.Lock()
        self._times: list[float] = []

    def acquire(self) -> None:
        """Wait for one's turn. Raises TooManyRequests where that takes over `max_wait`."""
        with self._lock:
            now = time.monotonic()
            at, self._times = self._reserve(self._times, now)
        time.sleep(at - now)


class FileRateLimiter(_Limiter):
    """For all processes that name the same file: it holds the times of the last requests.

    Turns are given in order and written down before they are waited for, so nobody is overtaken
    and the file is locked for an instant only. `path` is made if it is not there; nobody else
    may read it. Raises ConfigurationError from `acquire` if it cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        limit: int = LIMIT,
        per: float = PER,
        max_wait: float | None = None,
    ) -> None:
        super().__init__(limit=limit, per=per, max_wait=max_wait)
        self.path = Path(path)

    def acquire(self) -> None:
        """Wait for one's turn. Raises TooManyRequests where that takes over `max_wait`."""
        with self._locked() as file:
            # The clock on the wall is the one that all processes share, also after a restart.
            now = time.time()
            at, times = self._reserve(_read_times(file), now)
            os.pwrite(file, json.dumps(times).encode(), 0)
            os.ftruncate(file, len(json.dumps(times)))
        time.sleep(at - now)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            # Not by a link: in a shared folder anyone can lay one.
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            problem = ConfigurationError(f"limiter: its file cannot be opened ({error.strerror})")
        else:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)
            return
        raise problem


def _read_times(file: int) -> list[float]:
    """The times in the file; a torn or foreign one holds none."""
    try:
        times = json.loads(os.pread(file, 65_536, 0) or b"[]")
    except (ValueError, RecursionError):
        return []
    if not isinstance(times, list):
        return []
    return [at for at in times if isinstance(at, int | float) and math.isfinite(at)]


def shared_limiter(url: str, *, max_wait: float | None = None) -> FileRateLimiter:
    """The limiter of all this user's processes on this machine that ask at this address."""
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir(), f"voicenter-{os.getuid()}-{name}")
    return FileRateLimiter(path, max_wait=max_wait)
