"""What one thread reads from the database, for all threads of the process that need it."""

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
    read_at: float  # on the monotonic clock
    key: Key
    value: Value


class SharedReading(Generic[Key, Value]):
    """The last reading, and one thread at a time that replaces it.

    While the database is slow, callers wait for that thread for at most `patience` seconds each.
    Otherwise pages that ask again and again would soon hold every thread of a web process, and
    visitors could not send their forms.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._is_reading = threading.Lock()
        self._last: _Reading[Key, Value] | None = None

    def get(self, key: Key, kept_for: float, read: Callable[[], Value]) -> Value:
        """The last reading if it has this key and began less than `kept_for` seconds ago, or else
        what `read` returns.

        Raises StillReading, or what `read` raises; the next call then reads again.
        """
        if last := self._kept(key, kept_for):
            return last.value
        if not self._is_reading.acquire(timeout=self._patience):
            raise StillReading
        try:
            if last := self._kept(key, kept_for):  # read by the thread that this one waited for
                return last.value
            self._last = None
            read_at = time.monotonic()
            self._last = _Reading(read_at, key, read())
            return self._last.value
        finally:
            self._is_reading.release()

    def forget(self) -> None:
        """Makes the next call read. Waits for a thread that is reading."""
        with self._is_reading:
            self._last = None

    def _kept(self, key: Key, kept_for: float) -> _Reading[Key, Value] | None:
        last = self._last
        if last and last.key == key and time.monotonic() - last.read_at < kept_for:
            return last
        return None
