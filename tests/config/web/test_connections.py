"""A worker's loop counts its connections rightly, and signals may come at any moment."""

import os
import selectors
import socket
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import ThreadWorker

from callbacks.common import stopping
from callbacks.config import web_worker
from callbacks.config.web_worker import Worker
from tests.support.simulator import eventually


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture
def worker(listener: socket.socket) -> Iterator[Worker]:
    """A worker whose loop does not run: the test does what the loop would."""
    made = Worker(0, os.getpid(), [listener], None, 30, Config(), None)
    made.poller = selectors.DefaultSelector()
    made.poller.register(listener, selectors.EVENT_READ, made.accept)
    yield made
    made.poller.close()


def test_a_connection_that_is_closed_as_its_client_sends_something_is_counted_once(
    worker: Worker, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_worker, "MOST_COLLECTING", 1)
    address = listener.getsockname()
    with socket.create_connection(address) as first:
        assert eventually(lambda: worker.poller.select(0))
        worker.accept(listener)
        with socket.create_connection(address):
            first.send(b"P")
            eventually(lambda: len(worker.poller.select(0)) == 2)
            events = [key for key, _ in worker.poller.select(0)]
            # The second client takes the first one's place, before the loop comes to what it sent.
            for key in sorted(events, key=lambda it: it.fileobj is not listener):
                key.data(key.fileobj)
            assert worker.nr_conns == 1


def test_a_staff_request_that_waits_too_long_is_refused_and_never_carried_out(
    worker: Worker,
    listener: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = []
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda _worker, conn: begun.append(conn))
    address = listener.getsockname()
    with (
        socket.create_connection(address, timeout=60) as first,
        socket.create_connection(address, timeout=60) as second,
    ):
        for client in (first, second):
            client.sendall(b"POST /desk/pause/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            eventually(lambda: any(it.fileobj is listener for it, _ in worker.poller.select(0)))
            worker.accept(listener)
        [answered] = begun
        [waiting] = worker._staff.waiting()
        worker._end_waits(waiting.timeout - 0.1)
        assert worker._staff.waiting() == [waiting]
        worker._end_waits(waiting.timeout)
        assert second.recv(12) == b"HTTP/1.1 503"
        assert "staff page put off: the threads for such pages are taken" in caplog.messages
        done: Future[bool] = Future()
        done.set_result(False)
        worker.finish_request(answered, done)
        assert begun == [answered]
        for conn in list(worker._leaving):
            worker._close(conn)
    assert worker.nr_conns == 0


def test_a_second_signal_during_the_first_one_stops_the_worker_at_once(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.alive = True
    worker.method_queue.init()
    monkeypatch.setattr(web_worker, "WEB_DRAIN", 3600)
    begun = 0

    def begin() -> None:
        nonlocal begun
        begun += 1
        worker.handle_exit(15, None)

    monkeypatch.setattr(stopping, "begin", begin)
    worker.handle_exit(15, None)
    assert begun == 1
    assert not worker.alive
