"""What one thread reads from the database, for all threads of the process that need it."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class StillReading(Exception):  # noqa: N818  # no error: asked again
    """Another thread has been reading for longer than this caller may wait."""


@dataclass(frozen=True)
class _Reading(Generic[Key, Value]):
    began_at: float  # on the monotonic clock, as `ended_at`
    ended_at: float
    key: Key
    value: Value


class SharedReading(Generic[Key, Value]):
    """The last reading, and one thread at a time that replaces it.

    Callers wait for that thread for at most `patience` seconds. Without this limit, pages that ask
    again and again would soon hold all the threads they may use, whenever the database is slow.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._is_reading = threading.Lock()
        self._last: _Reading[Key, Value] | None = None

    def get(self, key: Key, kept_for: float, read: Callable[[], Value]) -> Value:
        """The last reading if it has this key and began less than `kept_for` seconds ago, or ended
        while this caller waited for it. Otherwise, what `read` returns.

        Raises StillReading. Also raises what `read` raises, and the next caller reads again.
        """
        asked_at = time.monotonic()
        if last := self._kept(key, asked_at - kept_for):
            return last.value
        if not self._is_reading.acquire(timeout=self._patience):
            raise StillReading
        try:
            began_at = time.monotonic()
            if last := self._kept(key, began_at - kept_for, asked_at):
                return last.value
            self._last = None
            value = read()
            self._last = _Reading(began_at, time.monotonic(), key, value)
            return value
        finally:
            self._is_reading.release()

    def forget(self) -> None:
        """Makes the next call read. Waits for a thread that is reading."""
        with self._is_reading:
            self._last = None

    def _kept(
        self, key: Key, began_after: float, ended_after: float = math.inf
    ) -> _Reading[Key, Value] | None:
        last = self._last
        if (
            last
            and last.key == key
            and (last.began_at > began_after or last.ended_at > ended_after)
        ):
            return last
        return None
