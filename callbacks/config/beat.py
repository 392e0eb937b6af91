"""The scheduler of `celery beat`, which publishes with bounded waits like all our code.

Celery's own scheduler waits for the broker before its first tick, then for up to its socket's
timeout with every message, and for ever on a half-open connection to RabbitMQ. This one holds no
connection. It keeps no file either: there is one entry, and one sweep too many or too few after a
restart does no harm.
"""

from typing import Any

from celery import beat

from callbacks.common import heartbeats, task_publisher


class Scheduler(beat.Scheduler):  # type: ignore[misc]  # Celery has no types
    """Publishes what is due, and leaves a heartbeat."""

    producer = None  # Celery's own would connect here, and try for ever

    def apply_async(self, entry: Any, advance: bool = True, **_: Any) -> None:
        """Publishes one entry. A failed one is published again at its next time."""
        if advance:
            self.reserve(entry)
        if task_publisher.publish(entry.task, *entry.args, **entry.options):
            heartbeats.seen("beat")
