"""The web server's worker process. A thread gets a request only after all of it has arrived.

gunicorn's own worker with threads gives every connection a thread at once, and the thread waits as
long as the client takes: as many slow clients as there are threads stop the site. Here the
process's single loop collects what clients send. A slow client costs no thread, and each request as
a whole has a deadline, however its bytes are spread:

    accepted ──> collecting ──all is here──> a thread answers ──┬─ kept open ──> idle ──> collecting
                     │            │                             └─ ended ──> leaving ──> closed
                     │            └─ for a staff page ──> waiting ──> a thread, or 503
                     └─ too slow: 408, too large a head: 431 ──────────────────^

Staff pages may take long: a report reads for a minute, a screen waits for a locked table. At most
half of the threads answer them, and further requests wait without a thread (staff_turns.py). So
forms and webhooks need not wait for reports.

There are limits for connections, for the bytes of one request and for the bytes of all. Above the
limits for all, the oldest or the largest connection is closed. A proxy in front does the same for
more connections, and by address (docs/deploy.md). The proxy handles TLS.
"""

import logging
import math
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from callbacks.common import clock, stopping
from callbacks.config.incoming import Incoming
from callbacks.config.process_settings import WEB_DRAIN
from callbacks.config.staff_turns import StaffTurns, Turn

log = logging.getLogger(__name__)

# Seconds for a request's head to arrive, from the connection or from the first byte on a connection
# that was kept open; then seconds for its body.
HEAD_SECONDS, BODY_SECONDS = 10.0, 20.0
# Seconds that a thread waits for a client to take its answer; and seconds for all that the loop did
# not collect: the rest of a record above LONGEST_BODY that is posted to the provider's secret URL.
ANSWER_SECONDS, REST_SECONDS = 10.0, 30.0
# Seconds for which a client may go on sending after the last answer. If the connection were closed
# at once, the client might lose the answer.
LEAVING_SECONDS = 1.0
# Seconds that a stopping worker waits for the first byte of a connection it has accepted.
SILENT_SECONDS = 1.0
# Seconds after which a stopping worker tells the clients of waiting staff requests to ask again. It
# has longer to stop (graceful_timeout).
STOPPING_SECONDS = 8.0
# The most connections that a stopping worker accepts from the queue; another worker takes the rest.
_LAST_TAKEN = 1024
# The most collecting connections of one process, and the most bytes that they may hold together.
MOST_COLLECTING, MOST_BYTES = 256, 64 * 1024 * 1024

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EMPTY = b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
# For a staff page that cannot be made soon.
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 60\r\n"
    b"Content-Length: 51\r\nConnection: close\r\n\r\n"
    b"The server is busy. Please try again in a minute.\r\n"
)
TOO_SLOW = _EMPTY % b"408 Request Timeout"
TOO_LARGE = _EMPTY % b"431 Request Header Fields Too Large"


class _Unreader(SocketUnreader):  # type: ignore[misc]  # no types
    """Reads the rest of a request in a thread, with one deadline for all of it."""

    deadline = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes. Raises TimeoutError after the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        try:
            return bytes(super().chunk(size_hint))
        finally:
            self.sock.settimeout(ANSWER_SECONDS)


class Connection(TConn):  # type: ignore[misc]  # no types
    """A client's connection; `incoming` is what has arrived of its next request."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.incoming = Incoming()
        self.data_ready = True
        self.is_told_to_go_on = False
        self.is_closed = False

    def init(self) -> None:
        """Passes the collected bytes to the parser; called in the thread, before a request."""
        is_new = not self.initialized
        super().init()
        if is_new:
            self.parser.unreader = _Unreader(self.sock)
        self.parser.unreader.deadline = time.monotonic() + REST_SECONDS
        self.parser.unreader.unread(bytes(self.incoming.data))
        self.incoming = Incoming()
        self.sock.settimeout(ANSWER_SECONDS)

    def has_left(self) -> bool:
        """Whether the client of a GET or HEAD has ended its side of the connection.

        It has probably asked again. A POST is carried out all the same: it was meant.
        """
        if not self.incoming.data[:8].lstrip().startswith((b"GET ", b"HEAD ")):
            return False
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True


class Worker(ThreadWorker):  # type: ignore[misc]  # no types
    """gunicorn's worker with threads, whose loop collects the requests for them."""

    alive: bool  # False: the worker stops accepting

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Both in the order of their beginning.
        self._collecting: dict[Connection, None] = {}
        self._leaving: dict[Connection, None] = {}
        self._staff = StaffTurns[Connection](self.cfg.threads)
        self._look_again_at = 0.0
        self._drained_at: float | None = None  # when the worker stops accepting
        self._stopping_since = math.inf  # on the monotonic clock

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuses TLS, because the loop could not read its bytes."""
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise RuntimeError("The proxy handles TLS: remove gunicorn's keyfile and certfile.")

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: stops after WEB_DRAIN seconds, in which only /healthz changes, to 503."""
        if not WEB_DRAIN or self._drained_at is not None:
            super().handle_exit(sig, frame)
            return
        self._drained_at = time.monotonic() + WEB_DRAIN
        stopping.begin()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Starts or stops accepting. A stopping worker still serves the clients in its queue.

        gunicorn would let the queue fill while it finishes its requests, and then close it, which
        cuts off the clients in it. Here they are accepted, and the queue is closed at once. Later
        clients are served by the new version if it shares the queue (docs/deploy.md). Otherwise
        they are refused before they have sent anything, and a proxy may try again.
        """
        super().set_accept_enabled(enabled)
        if self.alive or enabled:
            return
        for listener in self.sockets:
            for _ in range(_LAST_TAKEN):
                if not self._accept(listener):
                    break
            listener.close()

    def accept(self, listener: socket.socket) -> None:
        """Begins to collect what a new client sends."""
        self._accept(listener)

    def _accept(self, listener: socket.socket) -> bool:
        """Accepts one client. Returns whether there was one."""
        try:
            wire, client = listener.accept()
        except OSError:  # gone already, taken by another process, or no file descriptor is left
            return False
        self.nr_conns += 1
        connection = Connection(self.cfg, wire, client, listener.getsockname())
        self._collect(connection, time.monotonic() + HEAD_SECONDS)
        return True

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Collects the next request of a connection that was kept open."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn, time.monotonic() + HEAD_SECONDS)

    def enqueue_req(self, conn: Connection) -> None:
        """Gives a request a thread, or has it wait for its turn if it is for a staff page."""
        turn = Turn.BEGINS
        if conn.incoming.is_for_staff:
            turn = self._staff.comes(conn, time.monotonic())
        if turn is Turn.BEGINS:
            super().enqueue_req(conn)
        elif turn is Turn.REFUSED:
            self._put_off(conn)

    def _put_off(self, conn: Connection) -> None:
        """Answers that the client should ask again."""
        log.warning("staff page put off: the threads for such pages are taken")
        conn.incoming = Incoming()
        _say(conn.sock, BUSY)
        self._leave(conn)

    def _end_waits(self, now: float) -> None:
        """Ends the waits that take too long, and those of clients that have left."""
        last_chance = self._stopping_since + STOPPING_SECONDS
        for conn in self._staff.waiting():
            if conn.has_left():
                self._staff.forget(conn)
                self._close(conn)
            elif min(conn.timeout, last_chance) <= now:
                self._staff.forget(conn)
                self._put_off(conn)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """Waits for the next request after an answer, or ends the connection."""
        self._end_waits(time.monotonic())
        for following in self._staff.ended(conn):
            super().enqueue_req(following)
        if fs.cancelled() or fs.exception() or not fs.result():
            self._leave(conn)
            return
        conn.sock.setblocking(False)
        if already := conn.parser.unreader.take_buffered():
            conn.incoming = Incoming(already)
            self._collect(conn, time.monotonic() + HEAD_SECONDS)
            return
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        self._watch(conn, self.on_client_socket_readable)

    def murder_pending(self) -> None:
        """Ends connections that took too long, and measures the clock if that could not begin.
        Checks at most a few times a second.
        """
        now = time.monotonic()
        if now < self._look_again_at:
            return
        self._look_again_at = now + 0.2
        clock.try_again()
        if self.alive and self._drained_at is not None and self._drained_at <= now:
            self.alive = False
            return
        for conn in [it for it in self._collecting if it.timeout <= now]:
            self._refuse(conn, TOO_SLOW if len(conn.incoming) else b"")
        for conn in [it for it in self._leaving if it.timeout <= now]:
            self._close(conn)
        self._end_waits(now)
        if not self.alive:  # a stopping worker waits only briefly for silent clients
            self._stopping_since = min(self._stopping_since, now)
            if self._stopping_since + SILENT_SECONDS <= now:
                for conn in [it for it in self._collecting if not len(it.incoming)]:
                    self._close(conn)

    def _collect(self, conn: Connection, until: float) -> None:
        conn.sock.setblocking(False)
        conn.timeout = until
        conn.is_told_to_go_on = False
        self._collecting[conn] = None
        self._watch(conn, self._receive)
        self._receive(conn, conn.sock)
        if len(self._collecting) > MOST_COLLECTING:
            self._refuse(next(iter(self._collecting)), b"")

    def _receive(self, conn: Connection, client: socket.socket) -> None:
        had_head = conn.incoming.has_head
        ended = False
        if not conn.incoming.is_complete:  # a pipelined request may have arrived already
            try:
                came = client.recv(65536)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                came = b""
            ended = not came
            conn.incoming.add(came)
        has_head = conn.incoming.has_head
        if conn.incoming.is_complete or (ended and has_head):
            del self._collecting[conn]
            self.poller.unregister(client)
            self.enqueue_req(conn)
        elif ended:
            self._close(conn)
        elif conn.incoming.is_too_large:
            self._refuse(conn, TOO_LARGE)
        else:
            if has_head and not had_head:
                conn.timeout = time.monotonic() + BODY_SECONDS
            if conn.incoming.waits_to_go_on and not conn.is_told_to_go_on:
                conn.is_told_to_go_on = True
                _say(client, _CONTINUE)
            self._make_room()

    def _make_room(self) -> None:
        """Closes the largest unfinished requests while all of them together hold too much."""
        held = sum(len(it.incoming) for it in self._collecting)
        while held > MOST_BYTES:
            largest = max(self._collecting, key=lambda it: len(it.incoming))
            held -= len(largest.incoming)
            self._refuse(largest, b"")

    def _refuse(self, conn: Connection, answer: bytes) -> None:
        """Ends a connection that is collecting, after sending `answer` unless it is empty."""
        conn.incoming = Incoming()
        if answer:
            _say(conn.sock, answer)
            del self._collecting[conn]
            self.poller.unregister(conn.sock)
            self._leave(conn)
        else:
            self._close(conn)

    def _leave(self, conn: Connection) -> None:
        """Ends our side, and for a moment discards what the client still sends."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self._watch(conn, self._throw_away)
        except (OSError, ValueError):  # the client has closed it, or a thread has
            self._close(conn)
            return
        conn.timeout = time.monotonic() + LEAVING_SECONDS
        self._leaving[conn] = None
        if len(self._leaving) > MOST_COLLECTING:
            self._close(next(iter(self._leaving)))

    def _throw_away(self, conn: Connection, client: socket.socket) -> None:
        try:
            if client.recv(65536):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self._close(conn)

    def _watch(self, conn: Connection, told: Callable[[Connection, Any], None]) -> None:
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(told, conn))

    def _close(self, conn: Connection) -> None:
        """May be called twice: the loop may already have learned that a client whose connection is
        closed here has sent something.
        """
        if conn.is_closed:
            return
        conn.is_closed = True
        self._collecting.pop(conn, None)
        self._leaving.pop(conn, None)
        with suppress(OSError, KeyError, ValueError):  # not watched
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


def _say(client: socket.socket, words: bytes) -> None:
    """Sends a few bytes if the client takes them at once."""
    try:
        client.send(words)
    except OSError:
        return
