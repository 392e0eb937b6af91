"""Work that may wait for strangers, in one thread of a worker that is there for nothing else.

A worker's threads call leads, and none of them may wait for somebody's mail server or webhook.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import connection

log = logging.getLogger(__name__)


class Aside:
    """Calls `do_next` in a thread of its own until it returns False.

    Each call is a job of its own: a process that ends lets the one in hand end, and begins none.
    """

    def __init__(self, name: str, do_next: Callable[[], bool]) -> None:
        self._name = name
        self._do_next = do_next
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._is_busy = False
        self._is_asked_again = False

    def wake(self) -> None:
        """Returns at once. Asked while it works, it looks once more when it is done."""
        with self._lock:
            self._is_asked_again = self._is_busy
            if self._is_busy:
                return
            self._is_busy = True
        self._next()

    def _next(self) -> None:
        with suppress(RuntimeError):  # this process ends: the next sweep has another one go on
            self._pool.submit(self._run)

    def _run(self) -> None:
        did_something = False
        try:
            did_something = self._do_next()
        except Exception:
            log.exception("work aside failed name=%s", self._name)
        finally:
            connection.close()  # back to the pool: nobody knows when there is more to do
        with self._lock:
            self._is_busy = did_something or self._is_asked_again
            self._is_asked_again = False
            if not self._is_busy:
                return
        self._next()
