"""Keeps the log readable during an outage: a line that repeats itself is logged once a minute.

While Redis is full, a Celery worker logs the same eight lines a second; while PostgreSQL is down,
the pool of each process logs one or two. The line that names the cause is soon far above.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock

# Seconds for which these loggers do not repeat a line. They report outages, and nobody needs to
# count the lines.
QUIET_FOR = 60.0
REPEATERS = (
    "callbacks.common.task_publisher",
    "callbacks.config.web_worker",
    "callbacks.monitoring.bounded_probe",
    "callbacks.monitoring.views",
    "callbacks.tasks",
    "celery.worker.consumer",
    "leads.refused_connections",
)
# The most lines that are remembered: far more than there are different lines.
_REMEMBERED = 500


class SaidOnce(logging.Filter):
    """Drops a line of the REPEATERS that was logged within the last QUIET_FOR seconds. The next
    equal line after that says how many were left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = Lock()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is logged."""
        if record.levelno < logging.WARNING or not record.name.startswith(REPEATERS):
            return True
        key, now = (record.name, record.getMessage()), self._clock()
        with self._lock:
            said_at, left_out = self._said.get(key, (float("-inf"), 0))
            if now - said_at < QUIET_FOR:
                self._said[key] = (said_at, left_out + 1)
                return False
            if len(self._said) >= _REMEMBERED:
                self._said.clear()
            self._said[key] = (now, 0)
        if left_out:
            record.msg = f"{record.msg} (repeated {left_out} times since it was last logged)"
        return True
