"""What a process makes when it first needs it, and keeps: clients, pools of threads."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class MadeOnce(Generic[T]):
    """Decorates a function without arguments: all threads of the process share its first result.

    Unlike functools.cache it makes one object even if several threads need the first one at the
    same time. A second Redis client, for example, is dropped at once, and closes the connections
    of the pipeline that its thread has just begun. A forked process makes its own, because the
    threads of a pool do not survive the fork.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """The object. Raises what making it raises, and then tries again at the next call."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def forget(self) -> None:
        """Makes the next call make another object, for example after a change of settings."""
        with self._lock:
            self._made.clear()
