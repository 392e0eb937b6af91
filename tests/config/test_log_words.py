"""Celery's alarming words for everyday events are replaced by ours."""

import inspect
import logging
import logging.config
import sys

from celery.worker import request
from celery.worker.consumer import consumer

from callbacks.config import log_words, logs


def line(level: int, name: str, words: str, *given: object) -> str:
    """The line in the product's log, through the handler's own filters and formatter."""
    configured = logging.config.DictConfigurator(logs.configuration("line", "INFO"))
    handler = configured.config["handlers"]["stderr"]
    try:
        raise OSError(given)
    except OSError:
        record = logging.getLogger(name).makeRecord(
            name, level, "", 0, words, given, sys.exc_info()
        )
    for it in handler["filters"]:
        assert configured.configure_filter(configured.config["filters"][it]).filter(record)
    return logs.LineFormatter().format(record)


def test_a_sweep_that_is_too_old_is_left_out_without_alarm() -> None:
    words = "Discarding revoked task: %s[%s]"
    assert words in inspect.getsource(request)
    said = line(logging.INFO, request.__name__, words, "callbacks.sweep", "1f0a")
    assert said.endswith(
        "INFO celery.worker.request A task was skipped, because it waited too long and a newer "
        "one does its work: callbacks.sweep[1f0a]"
    )


def test_a_broker_that_refuses_is_one_line_and_no_collapse() -> None:
    words = "Frequent restarts detected: %r"
    assert words in inspect.getsource(consumer)
    said = line(logging.CRITICAL, consumer.__name__, words, "5 in 1s")
    assert " ERROR celery.worker.consumer.consumer The broker keeps closing the worker's" in said
    assert "\n" not in said


def test_every_other_line_is_left_as_it_is() -> None:
    record = logging.LogRecord(
        consumer.__name__, logging.CRITICAL, "", 0, "Something else: %r", ("x",), None
    )
    assert log_words.Calmer().filter(record)
    assert (record.getMessage(), record.levelname) == ("Something else: 'x'", "CRITICAL")
