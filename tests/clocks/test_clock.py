"""The database's clock, measured and carried on, against real PostgreSQL."""

import logging
import os
import queue
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from gunicorn.config import Config

from callbacks.common import clock
from callbacks.config.beat import Scheduler
from callbacks.config.celery import Pulse, app
from callbacks.config.web_worker import Worker
from tests.support.threads import no_thread_starts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _measured_here_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_reading", None)
    monkeypatch.setattr(clock, "_said", 0.0)


def databases_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at


def is_ahead_by(seconds: float, *, within: float) -> bool:
    """Whether our time is this far ahead of the database's, however long the query takes."""
    before, there, after = timezone.now(), databases_time(), timezone.now()
    least, most = (before - there).total_seconds(), (after - there).total_seconds()
    return least - within < seconds < most + within


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[float]:
    """A machine whose clock is so many seconds ahead."""
    ahead: float = request.param
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True):
        yield ahead


@pytest.mark.parametrize("machine", [300.0, -300.0, 5.0, -86_400.0], indirect=True)
def test_the_databases_time_holds_where_the_machines_is_wrong(machine: float) -> None:
    assert is_ahead_by(machine, within=1)
    ahead = clock.measure()
    assert ahead == pytest.approx(machine, abs=0.5)
    assert is_ahead_by(0, within=0.5)
    assert timezone.now().tzinfo is UTC


@pytest.mark.parametrize("machine", [0.0, 0.2, -0.2], indirect=True)
def test_a_clock_that_agrees_is_left_alone(machine: float) -> None:
    assert clock.measure() is not None
    with time_machine.travel(timezone.now(), tick=False):
        assert timezone.now() == datetime.now(UTC)


def test_a_clock_that_is_set_after_it_was_measured_changes_nothing() -> None:
    assert clock.measure() is not None
    for by in (timedelta(minutes=5), timedelta(minutes=-5)):
        with time_machine.travel(datetime.now(UTC) + by, tick=True):
            assert is_ahead_by(0, within=0.5)


def test_who_measures_nothing_has_the_machines_time() -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        assert timezone.now() == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_database_that_does_not_answer_leaves_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, clock.__name__)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5), tick=True):
        assert clock.measure() == pytest.approx(300, abs=0.5)
        there = connection.get_connection_params()
        monkeypatch.setattr(
            connection, "get_connection_params", lambda: there | {"host": "127.0.0.1", "port": 1}
        )
        assert clock.measure() is None
        assert is_ahead_by(0, within=0.5)
    assert "was not measured error=OperationalError" in caplog.text


def test_a_measurement_that_took_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr(clock, "elapsed", lambda: float(next(ticks)))
    assert clock.measure() is None
    assert clock._reading is None


def test_the_log_says_it_once_when_it_begins_changes_and_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, clock.__name__)

    def said(ahead: float) -> list[str]:
        caplog.clear()
        clock.say("worker@app1", ahead)
        return [record.getMessage().split(". ")[0] for record in caplog.records]

    assert said(0.3) == []
    assert said(1.9) == []
    assert said(-240.0) == ["The clock of this machine is 240.0 s behind the database's"]
    assert said(-241.0) == []
    assert said(300.0) == ["The clock of this machine is 300.0 s ahead of the database's"]
    assert said(0.1) == ["The clock of this machine is that of the database again."]
    assert said(0.0) == []


def test_the_clock_that_nobody_sets_goes_on() -> None:
    before = clock.elapsed()
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        assert 0 <= clock.elapsed() - before < 60


def test_it_is_measured_as_soon_as_a_thread_can_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(clock, "_thread", None)
    monkeypatch.setattr(clock, "_not_started", "")
    monkeypatch.setattr(clock, "_measure_for_ever", measured.put)
    clock.try_again()  # nobody has asked for it
    with no_thread_starts(monkeypatch):
        clock.keep_measuring("web@here")
        clock.try_again()
    assert measured.empty()
    clock.try_again()
    assert measured.get(timeout=60) == "web@here"
    assert clock._not_started == ""


@pytest.fixture
def not_started(monkeypatch: pytest.MonkeyPatch) -> "queue.Queue[str]":
    """A process whose thread could not be started; the queue gets what the thread measures for."""
    measured: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(clock, "_thread", None)
    monkeypatch.setattr(clock, "_not_started", "here")
    monkeypatch.setattr(clock, "_measure_for_ever", measured.put)
    return measured


@pytest.fixture
def nothing_is_due() -> Iterator[None]:
    before, app.conf.beat_schedule = app.conf.beat_schedule, {}
    yield
    app.conf.beat_schedule = before


def test_beat_tries_again(not_started: "queue.Queue[str]", nothing_is_due: None) -> None:
    Scheduler(app).tick()
    assert not_started.get(timeout=60) == "here"


def test_a_worker_tries_again(not_started: "queue.Queue[str]") -> None:
    Pulse._pulse("worker-1@here:1")
    assert not_started.get(timeout=60) == "here"


def test_a_web_worker_tries_again(not_started: "queue.Queue[str]") -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = Worker(0, os.getpid(), [listener], None, 30, Config(), None)
        worker.murder_pending()
    assert not_started.get(timeout=60) == "here"
