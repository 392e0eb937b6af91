"""The thread of a worker that sends mail, one after the other.

A mail server may take its time, and a worker's threads call leads. So none of them ever waits for
mail: a process has one thread more for it, which is there while there is mail to send.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

from django.db import connection
from django.utils import timezone

from callbacks.mailing import outbox

log = logging.getLogger(__name__)


class Sender:
    """Sends all that is due, in a thread of its own; asked again meanwhile, it looks once more.

    Each mail is a job of its own: a process that ends lets the mail in hand end, and begins no
    other.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mail")
        self._lock = threading.Lock()
        self._is_busy = False
        self._is_asked_again = False

    def wake(self) -> None:
        """Returns at once."""
        with self._lock:
            self._is_asked_again = self._is_busy
            if self._is_busy:
                return
            self._is_busy = True
        self._next()

    def _next(self) -> None:
        with suppress(RuntimeError):  # this process ends: another one, or the next start, goes on
            self._pool.submit(self._send)

    def _send(self) -> None:
        sent = False
        try:
            sent = outbox.send_next()
        except Exception:
            # What was claimed is found by the sweep once its time is over.
            log.exception("mail could not be sent")
        finally:
            connection.close()  # back to the pool: nobody knows when the next mail comes
        with self._lock:
            self._is_busy = sent or self._is_asked_again
            self._is_asked_again = False
            if not self._is_busy:
                return
        self._next()


@cache
def _sender() -> Sender:
    return Sender()


def wake() -> None:
    """Has this process send what is due. Returns at once; does nothing where nothing is due."""
    if outbox.is_anything_due(timezone.now()):
        _sender().wake()
