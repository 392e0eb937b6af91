"""Publishing: after commit only, and never slow or an error when the broker is not there."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.common import task_publisher
from callbacks.config.broker import transport_options
from leads.models import Lead
from tests.support.queue import queued
from tests.support.simulator import eventually
from tests.support.threads import no_thread_starts
from tests.support.tunnel import Tunnel

MakeLead = Callable[..., Lead]


@pytest.fixture
def _no_wake_up_is_lost_for_a_busy_machine(request: pytest.FixtureRequest) -> None:
    """Where the broker may be away, the bounds are what is tested: they stay as they are."""
    if "broker_at" not in request.fixturenames:
        request.getfixturevalue("_no_wake_up_is_lost_for_a_busy_machine")


@pytest.fixture
def broker_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sends what is published to another address, with a breaker of its own."""
    from callbacks.config.celery import app

    def point(address: str) -> None:
        monkeypatch.setattr(
            task_publisher, "_breaker", task_publisher.Breaker(task_publisher.BREAKER_OPEN_FOR)
        )
        app.conf.broker_write_url = app.conf.broker_url = address

    before = (app.conf.broker_write_url, app.conf.broker_url)
    yield point
    app.conf.broker_write_url, app.conf.broker_url = before


@pytest.fixture
def black_hole() -> Iterator[tuple[str, list[socket.socket]]]:
    """An address that takes connections and never says a word; and who has come."""
    visitors: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            while True:
                try:
                    visitors.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"redis://:password@127.0.0.1:{server.getsockname()[1]}/0", visitors
        server.shutdown(socket.SHUT_RDWR)
    for visitor in visitors:
        visitor.close()


@pytest.mark.django_db(transaction=True)
def test_a_stored_lead_is_announced_once_it_is_committed(make_lead: MakeLead) -> None:
    with transaction.atomic():
        lead = make_lead()
        assert queued() == []
    assert queued() == [(task_publisher.CALL_LEAD, lead.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_lead_that_is_rolled_back_is_not_announced(make_lead: MakeLead) -> None:
    with transaction.atomic():
        make_lead()
        transaction.set_rollback(True)
    assert queued() == []


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_is_not_announced(make_lead: MakeLead) -> None:
    lead = make_lead("+972505550111")
    make_lead("+972505550111")
    assert queued() == [(task_publisher.CALL_LEAD, lead.pk)]


def test_a_broker_that_refuses_is_not_an_error(
    broker_at: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    broker_at(f"redis://:the-password@127.0.0.1:{port}/0")
    assert task_publisher.publish(task_publisher.CALL_LEAD, 1) is False
    assert "not published" in caplog.text
    assert "the-password" not in caplog.text


def test_a_broker_that_never_answers_costs_the_first_one_a_moment_and_the_next_ones_nothing(
    broker_at: Callable[[str], None], black_hole: tuple[str, list[socket.socket]]
) -> None:
    address, visitors = black_hole
    broker_at(address)
    started = time.monotonic()
    assert task_publisher.publish(task_publisher.CALL_LEAD, 1) is False
    # No measure of speed: with kombu's default it never returns.
    assert time.monotonic() - started < 20
    # On a busy machine it may have been let in before anybody has noted it.
    tries = eventually(lambda: len(visitors))
    assert task_publisher.publish(task_publisher.CALL_LEAD, 2) is False
    assert len(visitors) == tries


@pytest.mark.django_db(transaction=True)
def test_a_lead_is_stored_while_the_broker_is_a_black_hole(
    make_lead: MakeLead,
    broker_at: Callable[[str], None],
    black_hole: tuple[str, list[socket.socket]],
) -> None:
    broker_at(black_hole[0])
    assert Lead.objects.filter(pk=make_lead().pk).exists()


def test_a_process_that_can_start_no_thread_is_not_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh = ThreadPoolExecutor(1)
    breaker = task_publisher.Breaker(0)  # the second one may test it at once
    monkeypatch.setattr(task_publisher, "_senders", lambda: fresh)
    monkeypatch.setattr(task_publisher, "_breaker", breaker)
    with no_thread_starts(monkeypatch):
        assert task_publisher.publish(task_publisher.CALL_LEAD, 1) is False
        assert breaker.is_open
        assert task_publisher.publish(task_publisher.CALL_LEAD, 2) is False


def test_after_a_failure_one_try_a_time_finds_out_whether_the_broker_is_back() -> None:
    breaker = task_publisher.Breaker(5)
    assert not breaker.is_open
    breaker.failed(100)
    assert breaker.is_open
    assert [breaker.is_time_for_a_trial(at) for at in (104.9, 105, 105.1)] == [False, True, False]
    breaker.failed(105.5)
    assert [breaker.is_time_for_a_trial(at) for at in (110, 110.5)] == [False, True]
    breaker.worked()
    assert not breaker.is_open
    assert not breaker.is_time_for_a_trial(200)


def test_nobody_waits_for_a_try_and_one_that_succeeds_is_a_wake_up_like_others(
    broker_at: Callable[[str], None],
    black_hole: tuple[str, list[socket.socket]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, visitors = black_hole
    broker_at(address)
    monkeypatch.setattr(task_publisher, "_breaker", task_publisher.Breaker(0))
    assert task_publisher.publish(task_publisher.CALL_LEAD, 1) is False
    came = len(visitors)
    monkeypatch.setattr(task_publisher, "LONGEST_WAIT", 0)  # whoever waited would fail, and say so
    assert task_publisher.publish(task_publisher.CALL_LEAD, 2) is False
    eventually(lambda: len(visitors) > came)
    broker_at(django_settings.REDIS_URL)
    task_publisher._breaker.failed(float("-inf"))
    assert task_publisher.publish(task_publisher.CALL_LEAD, 3) is False
    eventually(lambda: not task_publisher._breaker.is_open)
    assert queued() == [(task_publisher.CALL_LEAD, 3)]


def test_after_a_black_hole_it_publishes_again_on_a_new_connection(
    broker_at: Callable[[str], None],
    tunnel: Tunnel,
    monkeypatch: pytest.MonkeyPatch,
    settings: SettingsWrapper,
) -> None:
    # Long enough for a broker that answers on a busy machine, and short for one that does not.
    monkeypatch.setattr(task_publisher, "PUBLISH_TIMEOUT", 4.0)
    monkeypatch.setattr(task_publisher, "LONGEST_WAIT", 8.0)
    settings.PUBLISH_TRANSPORT_OPTIONS = transport_options(settings.CELERY_BROKER_URL, seconds=4.0)
    address = urlsplit(settings.REDIS_URL)
    credentials = address.netloc.rpartition("@")[0]
    broker_at(urlunsplit(address._replace(netloc=f"{credentials}@127.0.0.1:{tunnel.port}")))
    assert task_publisher.publish(task_publisher.CALL_LEAD, 1)
    tunnel.black_hole()  # the connection that is open goes silent
    assert not task_publisher.publish(task_publisher.CALL_LEAD, 2)
    tunnel.open()
    task_publisher._breaker.worked()
    assert task_publisher.publish(task_publisher.CALL_LEAD, 3)
    assert queued()[-1] == (task_publisher.CALL_LEAD, 3)


def test_a_resolver_that_never_answers_is_not_waited_for(
    broker_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def silent(*_arguments: object, **_options: object) -> list[object]:
        answered.wait(60)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    broker_at("redis://broker.example.com:6379/0")
    try:
        # Returns at all: the event above is set only after it has.
        assert task_publisher.publish(task_publisher.CALL_LEAD, 1) is False
    finally:
        answered.set()


def test_whatever_is_wrong_with_the_broker_is_not_the_callers_error(
    broker_at: Callable[[str], None],
) -> None:
    broker_at("no-such-transport://127.0.0.1/")
    assert task_publisher.publish(task_publisher.CALL_LEAD, 1) is False
