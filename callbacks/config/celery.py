"""The Celery application: `celery -A callbacks.config worker` and `... beat`."""

import gc
import os
import socket
import threading
import warnings
from datetime import datetime
from typing import Any

import celery
from celery import Celery, bootsteps
from celery.exceptions import CPendingDeprecationWarning, Reject
from celery.signals import beat_init, setup_logging, worker_init, worker_shutting_down
from django.utils import timezone

from callbacks.common import clock, heartbeats
from callbacks.config import logs, start
from leads import log_context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")

# Celery warns at each lost connection, although the setting that it asks for is set.
warnings.filterwarnings("ignore", "\n?In Celery 5.1 we", category=CPendingDeprecationWarning)


class Pulse(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Sends the worker's heartbeat from its event loop, only while the loop reaches the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        """Starts the heartbeat: the consumer takes tasks, perhaps after a reconnection."""
        name = f"{consumer.hostname}:{consumer.pid}"
        heartbeats.worker_seen(name)
        self._timer = consumer.timer.call_repeatedly(
            heartbeats.WORKER_SIGNS_EVERY, self._pulse, (name,)
        )

    @staticmethod
    def _pulse(name: str) -> None:
        heartbeats.worker_seen(name)
        clock.try_again()

    def stop(self, _consumer: Any) -> None:
        """Stops the heartbeat: the consumer no longer takes tasks."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _freeze(**_: Any) -> None:
    """Freezes Django and the tasks, which are loaded, before the pool's first fork.

    Otherwise the garbage collector would touch, and so copy, their memory pages in every child.
    """
    gc.collect()
    gc.freeze()


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _measure_the_workers_clock(sender: Any, **_: Any) -> None:
    clock.keep_measuring(sender.hostname)


@beat_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _measure_beats_clock(**_: Any) -> None:
    clock.keep_measuring(f"beat@{socket.gethostname()}")


@setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
def _keep_our_logs(**_: Any) -> None:
    """Makes LOG_LEVEL and LOG_FORMAT apply, whatever --loglevel says. Celery's own default logs
    only warnings, and no calls.
    """


_stopping = threading.Event()


@worker_shutting_down.connect(weak=False)  # type: ignore[untyped-decorator]
def _stop(**_: Any) -> None:
    _stopping.set()


class Task(celery.Task):  # type: ignore[misc]
    """A task that a stopping worker does not begin.

    The broker may still deliver tasks to a stopping worker. They go back to the queue, for another
    worker.
    """

    Request = "callbacks.config.task_request:Request"

    def after_return(self, *_: Any) -> None:
        """Makes the thread's next log lines not name this task's lead."""
        log_context.forget()

    def before_start(self, *_: Any) -> None:
        """Raises Reject if this worker is stopping."""
        log_context.forget()
        if _stopping.is_set():
            raise Reject("this worker stops", requeue=True)


class _Application(Celery):  # type: ignore[misc]  # no types
    """Celery that starts no worker and no beat with wrong settings, and shows no secret."""

    def now(self) -> datetime:
        """The time that a published task's expiry counts from, by the clock that all share."""
        return timezone.now()

    @property
    def Worker(self) -> Any:  # noqa: N802  # Celery's name
        """The class of workers. Logs what is wrong and raises SystemExit, if anything is wrong."""
        start.server()
        return super().Worker

    @property
    def Beat(self) -> Any:  # noqa: N802
        """The class of beats. Logs what is wrong and raises SystemExit, if anything is wrong."""
        start.server()
        return super().Beat

    def bugreport(self) -> str:
        """What `celery report` prints. Celery itself hides only settings whose names it knows."""
        return logs.discreet(super().bugreport())


app = _Application("callbacks", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["callbacks"])
app.steps["consumer"].add(Pulse)
app.set_default()
