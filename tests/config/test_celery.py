"""What our worker adds to Celery's: no tasks after SIGTERM, and a sign that it is alive."""

import pytest
from celery.exceptions import Reject
from celery.signals import worker_shutting_down

from callbacks import tasks
from callbacks.config import celery


def test_a_task_that_arrives_after_sigterm_goes_back_to_the_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = tasks.sweep
    task.before_start("id", (), {})
    monkeypatch.setattr(celery, "_stopping", celery.threading.Event())
    worker_shutting_down.send(sender="worker")
    with pytest.raises(Reject) as rejection:
        task.before_start("id", (), {})
    assert rejection.value.requeue
