"""Runs work that may wait for outside servers in a separate thread of a worker process.

A worker's other threads call leads, and none of them may wait for somebody's mail server or
webhook.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

log = logging.getLogger(__name__)


class Aside:
    """Calls `do_next` in a separate thread until it returns False.

    Each call is a separate job: a process that stops lets the current job end and starts no other.
    """

    def __init__(self, name: str, do_next: Callable[[], bool]) -> None:
        self._name = name
        self._do_next = do_next
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._is_busy = False
        self._is_asked_again = False

    def wake(self) -> None:
        """Starts the thread and returns at once. During a job: makes it check again afterwards."""
        with self._lock:
            self._is_asked_again = self._is_busy
            if self._is_busy:
                return
            self._is_busy = True
        self._next()

    def _next(self) -> None:
        try:
            self._pool.submit(self._run)
        except RuntimeError:
            # Whoever has work for it next wakes it again: for mail and webhooks, the next sweep.
            log.warning("no thread could be started, or this process ends name=%s", self._name)
            with self._lock:
                self._is_busy = False

    def _run(self) -> None:
        did_something = False
        try:
            try:
                did_something = self._do_next()
            finally:
                connection.close()  # back to the pool: the next job may be far away
        except Exception:
            log.exception("background work failed name=%s", self._name)
        finally:  # whatever happened: an Aside that counts as busy is never woken again
            with self._lock:
                self._is_busy = goes_on = did_something or self._is_asked_again
                self._is_asked_again = False
            if goes_on:
                self._next()
