"""What Celery says of everyday things as if they were faults, in calmer words."""

import logging
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """What a line of `logger` that begins with `begins` says instead, by its arguments, and at
    which level at most.
    """

    logger: str
    begins: str
    instead: str
    level: int


SAID = (
    # A sweep that waited for longer than the time between two of them.
    Said(
        "celery.worker.request",
        "Discarding revoked task",
        "A task was skipped, because it waited too long and a newer one does its work: %s[%s]",
        logging.INFO,
    ),
    # While the broker answers and refuses what the worker writes: several times a second.
    Said(
        "celery.worker.consumer",
        "Frequent restarts detected",
        "The broker keeps closing the worker's connection, and the worker keeps trying. See "
        "/readyz (broker, redis) and the broker's log (%r).",
        logging.ERROR,
    ),
)


class Calmer(logging.Filter):
    """Changes such lines, and lets all through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True."""
        for said in SAID:
            if record.name.startswith(said.logger) and str(record.msg).startswith(said.begins):
                record.msg = said.instead
                record.exc_info = record.exc_text = None
                record.levelno = min(record.levelno, said.level)
                record.levelname = logging.getLevelName(record.levelno)
        return True
