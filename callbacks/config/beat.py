"""The scheduler of `celery beat`: it publishes as everybody here does, bounded in time.

Celery's own waits for the broker before its first tick, then for up to its socket's timeout with
every message, and on a half-open connection to RabbitMQ for ever the same one. This one holds no
connection of its own. It keeps no file either: there is one entry, and a sweep too many or too few
after a restart does no harm.
"""

from typing import Any

from celery import beat

from callbacks.common import heartbeats, task_publisher


class Scheduler(beat.Scheduler):  # type: ignore[misc]  # Celery has no types
    """Sends what is due, and leaves a sign that it did."""

    producer = None  # Celery's own would connect here, and try for ever

    def apply_async(self, entry: Any, advance: bool = True, **_: Any) -> None:
        """Publishes one entry; what fails is published anew at its next time."""
        if advance:
            self.reserve(entry)
        if task_publisher.publish(entry.task, *entry.args, **entry.options):
            heartbeats.seen("beat")
