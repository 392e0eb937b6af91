"""Asking what may never answer: a database or a broker behind a network that went silent."""

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
    """One question, asked by a thread of its own and waited for no longer than `seconds`.

    Never asked twice at a time: who comes meanwhile gets the same answer, so that neither many
    requests nor a question that hangs costs more than one thread and one connection. Nor is it
    asked again for `kept` seconds after the answer, whatever that was.
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
        """Asks, unless it is being asked or the answer is still good."""
        with self._lock:
            is_over = self._asked is None or self._asked.done()
            if is_over and time.monotonic() >= self._kept_until:
                self._asked = Future()
                self._until = time.monotonic() + self._seconds
                threading.Thread(target=self._run, args=(self._asked,), daemon=True).start()

    def answer(self) -> T:
        """What came of it. Raises TimeoutError, or whatever the question ended in."""
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
        except BaseException as error:  # noqa: BLE001  # it is raised where it is waited for
            log.warning("no answer probe=%s error=%s", self._name, type(error).__name__)
            self._keep()
            asked.set_exception(error)
        finally:
            connections.close_all()

    def _keep(self) -> None:
        if self._kept:
            self._kept_until = time.monotonic() + self._kept
