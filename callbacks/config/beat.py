"""The scheduler of `celery beat`, which publishes with bounded waits like all our code.

Celery's own scheduler waits for the broker before its first tick, then for up to its socket's
timeout with every message, and for ever on a half-open connection to RabbitMQ. This one holds no
connection. It keeps no file either: every entry is due at the start, and one sweep too many or too
few after a restart does no harm. And it goes by a clock that nobody sets: Celery's own would
publish nothing for an hour once the machine's clock is put back by one.
"""

import os
import socket
import time
from typing import Any

from celery import beat

from callbacks.common import heartbeats, task_publisher


class Scheduler(beat.Scheduler):  # type: ignore[misc]  # Celery has no types
    """Publishes what is due, and leaves a heartbeat. Every entry has an interval."""

    producer = None  # Celery's own would connect here, and try for ever

    def __init__(self, *args: Any, **options: Any) -> None:
        self._next: dict[str, float] = {}  # when each entry is due, on the monotonic clock
        self._name = f"beat@{socket.gethostname()}:{os.getpid()}"
        super().__init__(*args, **options)

    def tick(self, *_: Any, **__: Any) -> float:
        """Publishes the entries that are due. Returns in how many seconds to come again."""
        for name, entry in self.schedule.items():
            now = time.monotonic()
            if self._next.setdefault(name, now) <= now:
                self._next[name] = now + entry.schedule.seconds
                self.apply_entry(entry)
        heartbeats.beat_seen(self._name)
        due = min(self._next.values(), default=float("inf"))
        return max(0.0, min(due - time.monotonic(), float(self.max_interval)))

    def apply_async(self, entry: Any, advance: bool = True, **_: Any) -> None:
        """Publishes one entry. A failed one is published again at its next time."""
        if advance:
            self.reserve(entry)
        if task_publisher.publish(entry.task, *entry.args, **entry.options):
            heartbeats.seen("beat")
