"""The scheduler publishes the sweep, and is never held up by a broker that does not answer."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
import time_machine
from django.conf import settings

from callbacks.common import heartbeats, task_publisher
from callbacks.config.beat import Scheduler
from callbacks.config.celery import app
from tests.support.queue import queued_without_key
from tests.support.simulator import eventually
from tests.support.tunnel import Tunnel


@pytest.fixture
def _no_wake_up_is_lost_for_a_busy_machine() -> None:
    """The bounds are what is tested here, so they stay as they are."""


@pytest.fixture
def scheduler(tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scheduler]:
    """A scheduler whose way to the broker can be cut, and whose sweep is always due."""
    monkeypatch.setattr(task_publisher, "_breaker", task_publisher.Breaker(0))
    before = (app.conf.broker_write_url, app.conf.broker_url, app.conf.beat_schedule)
    address = urlsplit(settings.REDIS_URL)
    credentials = address.netloc.rpartition("@")[0]
    through = urlunsplit(address._replace(netloc=f"{credentials}@127.0.0.1:{tunnel.port}"))
    app.conf.broker_write_url = app.conf.broker_url = through
    app.conf.beat_schedule = {"sweep": {**settings.CELERY_BEAT_SCHEDULE["sweep"], "schedule": 0.01}}
    yield Scheduler(app)
    app.conf.broker_write_url, app.conf.broker_url, app.conf.beat_schedule = before
    tunnel.open()


def sent(scheduler: Scheduler, look: Callable[[], bool]) -> bool:
    scheduler.tick()
    return look()


def test_it_publishes_the_sweep_and_leaves_a_sign(scheduler: Scheduler) -> None:
    eventually(lambda: sent(scheduler, lambda: "callbacks.sweep" in queued_without_key()))
    eventually(lambda: "beat" in heartbeats.read().seen)


def test_it_goes_on_by_itself_after_a_broker_that_was_silent_from_the_start(
    scheduler: Scheduler, tunnel: Tunnel
) -> None:
    tunnel.black_hole()
    arrivals = tunnel.arrivals
    # Each tick returns although nobody answers: Celery's own tick would hang in the first one.
    eventually(lambda: sent(scheduler, lambda: tunnel.arrivals > arrivals + 1))
    assert queued_without_key() == []
    tunnel.open()
    eventually(lambda: sent(scheduler, lambda: "callbacks.sweep" in queued_without_key()))


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)])
def test_it_goes_on_when_the_machines_clock_is_set(scheduler: Scheduler, by: timedelta) -> None:
    eventually(lambda: sent(scheduler, lambda: "callbacks.sweep" in queued_without_key()))
    with time_machine.travel(datetime.now(UTC) + by):
        before = len(queued_without_key())
        eventually(lambda: sent(scheduler, lambda: len(queued_without_key()) > before))


def test_there_is_no_file(scheduler: Scheduler) -> None:
    assert list(scheduler.schedule) == ["sweep"]
    assert settings.CELERY_BEAT_SCHEDULER == "callbacks.config.beat:Scheduler"
