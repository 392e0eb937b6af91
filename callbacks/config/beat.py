"""The scheduler of `celery beat`. Its waits for the broker are bounded, as in all our code.

Celery's own scheduler waits for the broker before its first tick, then up to the socket timeout for
every message, and forever on a half-open connection to RabbitMQ. This one holds no connection. It
keeps no file either: every entry is due at the start, and one sweep too many or too few after a
restart does no harm. It uses the monotonic clock: Celery's own scheduler would publish nothing for
an hour after the machine's clock is set back by an hour.
"""

import os
import socket
import time
from typing import Any

from celery import beat

from callbacks.common import clock, heartbeats, task_publisher


class Scheduler(beat.Scheduler):  # type: ignore[misc]  # Celery has no types
    """Publishes the entries that are due, and records a heartbeat. Every entry has an interval."""

    producer = None  # Celery's own would connect here, and retry forever

    def __init__(self, *args: Any, **options: Any) -> None:
        self._next: dict[str, float] = {}  # when each entry is due, on the monotonic clock
        self._name = f"beat@{socket.gethostname()}:{os.getpid()}"
        super().__init__(*args, **options)

    def tick(self, *_: Any, **__: Any) -> float:
        """Publishes the entries that are due. Returns the seconds until the next tick."""
        for name, entry in self.schedule.items():
            now = time.monotonic()
            if self._next.setdefault(name, now) <= now:
                self._next[name] = now + entry.schedule.seconds
                self.apply_entry(entry)
        heartbeats.beat_seen(self._name)
        clock.try_again()
        due = min(self._next.values(), default=float("inf"))
        return max(0.0, min(due - time.monotonic(), float(self.max_interval)))

    def apply_async(self, entry: Any, advance: bool = True, **_: Any) -> None:
        """Publishes one entry. If that fails, the entry is next published at its next time."""
        if advance:
            self.reserve(entry)
        if task_publisher.publish(entry.task, *entry.args, **entry.options):
            heartbeats.seen("beat")
