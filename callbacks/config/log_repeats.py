"""Keeps the log readable while something is away: a line that repeats itself is said once a minute.

With Redis full, a Celery worker says the same eight lines a second; with PostgreSQL away, the pool
of each process one or two. The line that told of the cause is then far above.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock

# Seconds for which the same line of one of these loggers is not said again. Each of them says that
# something is away; nobody needs to count its lines.
QUIET_FOR = 60.0
REPEATERS = (
    "callbacks.common.task_publisher",
    "callbacks.monitoring.bounded_probe",
    "callbacks.monitoring.views",
    "callbacks.tasks",
    "celery.worker.consumer",
    "leads.refused_connections",
)
# Lines that are remembered, at most: far more than there are different ones.
_REMEMBERED = 500


class SaidOnce(logging.Filter):
    """Lets a line of the REPEATERS through that was not said within QUIET_FOR seconds. The next
    equal one after that says how many were left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = Lock()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is said."""
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
