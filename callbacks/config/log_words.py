"""Rewords lines in which Celery reports everyday events as if they were faults."""

import logging
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """The replacement for a line of `logger` that begins with `begins`, with placeholders for the
    line's arguments, and the highest level of such a line.
    """

    logger: str
    begins: str
    instead: str
    level: int


SAID = (
    # A sweep that waited longer than the interval between two sweeps.
    Said(
        "celery.worker.request",
        "Discarding revoked task",
        "A task was skipped, because it waited too long and a newer one does its work: %s[%s]",
        logging.INFO,
    ),
    # Logged several times a second while the broker answers but refuses the worker's writes.
    Said(
        "celery.worker.consumer",
        "Frequent restarts detected",
        "The broker keeps closing the worker's connection, and the worker keeps trying. See "
        "/readyz (broker, redis) and the broker's log (%r).",
        logging.ERROR,
    ),
)


class Calmer(logging.Filter):
    """Rewords such lines, and lets all lines through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True."""
        for said in SAID:
            if record.name.startswith(said.logger) and str(record.msg).startswith(said.begins):
                record.msg = said.instead
                record.exc_info = record.exc_text = None
                record.levelno = min(record.levelno, said.level)
                record.levelname = logging.getLevelName(record.levelno)
        return True
