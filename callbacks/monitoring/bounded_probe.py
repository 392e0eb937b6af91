"""Asks things that may never answer: a database or broker behind a silent network."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from django.db import connections

log = logging.getLogger(__name__)

T = TypeVar("T")


class Probe(Generic[T]):
    """One question, asked in a separate thread and awaited for at most `seconds`.

    It is never asked twice at a time: later callers share the answer, so that neither many requests
    nor a question that hangs costs more than one thread and one connection. It is not asked again
    for `kept` seconds after the answer, whatever the answer was.
    """

    def __init__(self, name: str, ask: Callable[[], T], seconds: float, kept: float = 0) -> None:
        self._name = name
        self._ask = ask
        self._seconds = seconds
        self._kept = kept
        self._kept_until = 0.0
        self._lock = threading.Lock()
        self._asked: Future[T] | None = None
        self._until = 0.0

    def start(self) -> None:
        """Asks, unless it is being asked or the last answer is still good."""
        with self._lock:
            is_over = self._asked is None or self._asked.done()
            if is_over and time.monotonic() >= self._kept_until:
                self._asked = Future()
                self._until = time.monotonic() + self._seconds
                threading.Thread(target=self._run, args=(self._asked,), daemon=True).start()

    def answer(self) -> T:
        """The answer. Raises TimeoutError, or what the question raised."""
        self.start()
        with self._lock:
            asked, until = self._asked, self._until
        assert asked is not None  # noqa: S101  # started above
        return asked.result(max(0.0, until - time.monotonic()))

    def _run(self, asked: "Future[T]") -> None:
        try:
            answer = self._ask()
            self._keep()
            asked.set_result(answer)
        except BaseException as error:  # noqa: BLE001  # raised again in `answer`
            log.warning("no answer probe=%s error=%s", self._name, type(error).__name__)
            self._keep()
            asked.set_exception(error)
        finally:
            connections.close_all()

    def _keep(self) -> None:
        if self._kept:
            self._kept_until = time.monotonic() + self._kept
