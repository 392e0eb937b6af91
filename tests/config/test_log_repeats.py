"""While something is away, the log says so once a minute, and loses no other line."""

import logging

import pytest

from callbacks.config.log_repeats import QUIET_FOR, SaidOnce

SPINS = "celery.worker.consumer.consumer"


class Said:
    """What a handler with the filter lets through, at times that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self._filter = SaidOnce(lambda: self.now)

    def log(self, name: str, message: str, *args: object, level: int = logging.ERROR) -> None:
        record = logging.LogRecord(name, level, "", 0, message, args, None)
        if self._filter.filter(record):
            self.lines.append(record.getMessage())


def test_a_line_that_repeats_itself_is_said_once_a_minute_with_how_often() -> None:
    said = Said()
    for _ in range(500):
        said.log(SPINS, "Cannot connect to %s: 100%% full", "redis")
    assert said.lines == ["Cannot connect to redis: 100% full"]
    said.now += QUIET_FOR
    said.log(SPINS, "Cannot connect to %s: 100%% full", "redis")
    assert said.lines[1:] == [
        "Cannot connect to redis: 100% full (repeated 499 times since it was last logged)"
    ]
    said.now += QUIET_FOR
    said.log(SPINS, "Cannot connect to %s: 100%% full", "redis")
    assert said.lines[2:] == ["Cannot connect to redis: 100% full"]


@pytest.mark.parametrize(
    ("name", "message", "level"),
    [
        ("callbacks.calling.dial", "dialled", logging.WARNING),
        ("leads.failed_submissions", "submission not stored", logging.ERROR),
        ("django.request", "refused", logging.ERROR),
        (SPINS, "Connected to redis", logging.INFO),
    ],
)
def test_each_line_about_one_call_one_visitor_or_what_went_well_is_said(
    name: str, message: str, level: int
) -> None:
    said = Said()
    for _ in range(3):
        said.log(name, message, level=level)
    assert said.lines == [message] * 3


def test_another_reason_is_said_at_once() -> None:
    said = Said()
    for error in ("ConnectionError", "OutOfMemoryError", "ConnectionError"):
        said.log("callbacks.common.task_publisher", "broker still away error=%s", error)
    assert said.lines == [
        "broker still away error=ConnectionError",
        "broker still away error=OutOfMemoryError",
    ]


def test_what_is_remembered_is_bounded() -> None:
    said = Said()
    for number in range(2_000):
        said.log(SPINS, "line %d", number)
    assert len(said.lines) == 2_000
    assert len(said._filter._said) <= 500
