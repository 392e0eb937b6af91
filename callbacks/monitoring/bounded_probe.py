"""Asks things that may never answer: a database or broker behind a silent network."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connections

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Asked(Generic[T]):
    """A question that was asked; its answer is awaited until `until` (monotonic seconds)."""

    result: Future[T]
    until: float

    def answer(self) -> T:
        """The answer. Raises TimeoutError, or what the question raised."""
        return self.result.result(max(0.0, self.until - time.monotonic()))


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
        self._asked: Asked[T] | None = None

    def start(self) -> Asked[T]:
        """Asks, unless it is being asked or the last answer is still good. The caller who asks
        several probes at once starts all of them before awaiting the first.
        """
        with self._lock:
            asked = self._asked
            # `done` first: the thread sets `_kept_until` before the result.
            is_over = asked is None or asked.result.done()
            if asked is None or (is_over and time.monotonic() >= self._kept_until):
                self._asked = asked = Asked(Future(), time.monotonic() + self._seconds)
                try:
                    threading.Thread(target=self._run, args=(asked.result,), daemon=True).start()
                except RuntimeError as error:  # no thread can be started; the next caller tries
                    log.warning("no thread could be started probe=%s", self._name)
                    asked.result.set_exception(error)
            return asked

    def answer(self) -> T:
        """The answer. Raises TimeoutError, or what the question raised."""
        return self.start().answer()

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
