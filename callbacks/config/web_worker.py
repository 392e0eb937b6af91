"""The worker of the web server: a thread is given a request only when all of it is here.

gunicorn's own worker with threads gives a thread to every connection at once, and the thread waits
for as long as the client takes: as many slow clients as there are threads stop the site. Here the
one loop of the process collects what clients send. Nobody's slowness costs a thread, and each
request has a deadline as a whole, however its bytes are spread:

    accepted ──> collecting ──all is here──> a thread answers ──┬─ kept open ──> idle ──> collecting
                     │                                          └─ ended ──> leaving ──> closed
                     └─ too slow: 408, too large a head: 431 ──────────────────^

What is collected is bounded: connections, bytes of one request, bytes of all. Beyond a bound the
oldest connection, or the largest, makes room. A proxy in front does the same for more connections,
and by address (docs/deploy.md). TLS is the proxy's.
"""

import re
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

from callbacks.common import stopping
from callbacks.config.process_settings import WEB_DRAIN

# Seconds from the connection, or from a request's first byte on one that was kept, until its head
# has to be here; then seconds until its body has to.
HEAD_SECONDS, BODY_SECONDS = 10.0, 20.0
# Seconds that a thread waits for a client to take its answer; and for all that the loop has left to
# it, which is the rest of a record larger than LONGEST_BODY from who knows the provider's address.
ANSWER_SECONDS, REST_SECONDS = 10.0, 30.0
# Seconds for which a client may go on sending after the last answer, to read that in peace. A
# connection that is closed at once may lose the answer on its way.
LEAVING_SECONDS = 1.0
# Seconds for which a worker that stops waits for the first byte of a connection it has accepted.
SILENT_SECONDS = 1.0
# Connections that a worker takes out of the queue as it stops: more are another worker's.
_LAST_TAKEN = 1024
# Bytes of a head; the lines in it have bounds of their own (gunicorn.conf.py).
LONGEST_HEAD = 64 * 1024
# Bytes of a body that is collected. A longer one is refused unread (callbacks.config.bodies).
LONGEST_BODY = 2 * 1024 * 1024
# Connections of one process that are collecting, and the bytes that they may hold together.
MOST_COLLECTING, MOST_BYTES = 256, 64 * 1024 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9a-f]{1,15})(?:[ \t]*;[^\r\n]*)?\r\n", re.IGNORECASE)
_LONGEST_CHUNK_LINE = 4096  # bytes
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EMPTY = b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
TOO_SLOW = _EMPTY % b"408 Request Timeout"
TOO_LARGE = _EMPTY % b"431 Request Header Fields Too Large"


class Incoming:
    """What a client has sent of one request."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray()
        self._body_at = 0  # 0 while the head is not here
        self._looked_to = 0  # in a chunked body: where the next chunk begins
        self._length = 0
        self._expects = False
        self._chunks_to_come = False
        self.add(data)

    def __len__(self) -> int:
        return len(self.data)

    def add(self, data: bytes) -> None:
        """Takes more of it; only what is new is looked at."""
        self.data += data
        if not self._body_at:
            found = self.data.find(b"\r\n\r\n", max(self._looked_to - 3, 0))
            self._looked_to = len(self.data)
            if found < 0:
                return
            self._read_head(found + 4)
        while self._chunks_to_come and self._next_chunk():
            pass

    def _read_head(self, ends_at: int) -> None:
        self._body_at = self._looked_to = ends_at
        head = bytes(self.data[:ends_at])
        declared = _LENGTH.search(head)
        self._length = int(declared[1]) if declared else 0
        self._chunks_to_come = _CHUNKED.search(head) is not None
        self._expects = _EXPECTS.search(head) is not None

    def _next_chunk(self) -> bool:
        """Passes one chunk. False when there are none to come, or more has to be here first."""
        at = self._looked_to
        line = _CHUNK.match(self.data, at)
        if line is None:  # not all of it, or no chunk: gunicorn will say so
            ends_later = b"\r\n" not in self.data[at : at + _LONGEST_CHUNK_LINE]
            self._chunks_to_come = ends_later and len(self.data) - at < _LONGEST_CHUNK_LINE
            return False
        size = int(line[1], 16)
        if not size:  # the last one; what follows ends as a head does
            self._chunks_to_come = self.data.find(b"\r\n\r\n", line.end() - 2) < 0
            return False
        if line.end() + size + 2 > len(self.data):
            return False
        self._looked_to = line.end() + size + 2
        return True

    @property
    def has_head(self) -> bool:
        """Whether the head is here."""
        return self._body_at > 0

    @property
    def is_too_large(self) -> bool:
        """Whether the head does not end where it should have."""
        return not self.has_head and len(self) > LONGEST_HEAD

    @property
    def is_complete(self) -> bool:
        """Whether a thread can answer it without waiting for the client.

        Of a body longer than LONGEST_BODY all need not be here: it is refused unread.
        """
        if not self.has_head:
            return False
        here = len(self) - self._body_at
        if self._chunks_to_come and here <= LONGEST_BODY:
            return False
        return here >= self._length or self._length > LONGEST_BODY

    @property
    def waits_to_go_on(self) -> bool:
        """Whether the client sends its body only after it is told to go on."""
        return self._expects and len(self) == self._body_at


class _Unreader(SocketUnreader):  # type: ignore[misc]  # no types
    """Reads the rest of a request in a thread, until a deadline for all of it."""

    deadline = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes. Raises TimeoutError when the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        try:
            return bytes(super().chunk(size_hint))
        finally:
            self.sock.settimeout(ANSWER_SECONDS)


class Connection(TConn):  # type: ignore[misc]  # no types
    """A client's connection; `incoming` is what is here of its next request."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.incoming = Incoming()
        self.data_ready = True
        self.is_told_to_go_on = False

    def init(self) -> None:
        """In the thread, before a request is read: gives it what has been collected."""
        is_new = not self.initialized
        super().init()
        if is_new:
            self.parser.unreader = _Unreader(self.sock)
        self.parser.unreader.deadline = time.monotonic() + REST_SECONDS
        self.parser.unreader.unread(bytes(self.incoming.data))
        self.incoming = Incoming()
        self.sock.settimeout(ANSWER_SECONDS)


class Worker(ThreadWorker):  # type: ignore[misc]  # no types
    """gunicorn's worker with threads, with the loop as their doorkeeper."""

    alive: bool  # False: it ceases to accept

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # In the order in which they began.
        self._collecting: dict[Connection, None] = {}
        self._leaving: dict[Connection, None] = {}
        self._look_again_at = 0.0
        self._drained_at: float | None = None  # when it ceases to accept
        self._stops_at: float | None = None  # when it no longer waits for silent clients

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuses TLS, whose bytes the loop could not read."""
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise RuntimeError("The proxy handles TLS: remove gunicorn's keyfile and certfile.")

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: stops after WEB_DRAIN seconds, in which /healthz is 503 and all else as ever."""
        if not WEB_DRAIN or self._drained_at is not None:
            super().handle_exit(sig, frame)
            return
        stopping.begin()
        self._drained_at = time.monotonic() + WEB_DRAIN

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begins or ceases to accept. As the worker stops, nobody who is connected is turned away.

        gunicorn would leave the queue to fill while it ends its requests, and then close it, which
        cuts those who wait in it. Here they are taken in, and the queue is closed at once. Who
        comes now is the new version's, where it shares the queue (docs/deploy.md); otherwise the
        connection is refused before anything was sent, and a proxy may try again.
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
        """Whether there was anybody."""
        try:
            wire, client = listener.accept()
        except OSError:  # gone already, taken by another process, or no file is left for it
            return False
        self.nr_conns += 1
        connection = Connection(self.cfg, wire, client, listener.getsockname())
        self._collect(connection, time.monotonic() + HEAD_SECONDS)
        return True

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """A connection that was kept has something to say again."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn, time.monotonic() + HEAD_SECONDS)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """After an answer: waits for the next request, or lets the client go."""
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
        """Ends what has taken too long. Looks a few times a second at most."""
        now = time.monotonic()
        if now < self._look_again_at:
            return
        self._look_again_at = now + 0.2
        if self.alive and self._drained_at is not None and self._drained_at <= now:
            self.alive = False
            return
        for conn in [it for it in self._collecting if it.timeout <= now]:
            self._refuse(conn, TOO_SLOW if len(conn.incoming) else b"")
        for conn in [it for it in self._leaving if it.timeout <= now]:
            self._close(conn)
        if not self.alive:  # nobody is to wait long for clients that have said nothing
            self._stops_at = self._stops_at or now + SILENT_SECONDS
            if self._stops_at <= now:
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
        if not conn.incoming.is_complete:  # of several sent together, the next one may be here
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
        """Lets go of the largest unfinished requests when all of them together hold too much."""
        held = sum(len(it.incoming) for it in self._collecting)
        while held > MOST_BYTES:
            largest = max(self._collecting, key=lambda it: len(it.incoming))
            held -= len(largest.incoming)
            self._refuse(largest, b"")

    def _refuse(self, conn: Connection, answer: bytes) -> None:
        """Ends a connection that is collecting, with an answer if the client can take one."""
        conn.incoming = Incoming()
        if answer:
            _say(conn.sock, answer)
            del self._collecting[conn]
            self.poller.unregister(conn.sock)
            self._leave(conn)
        else:
            self._close(conn)

    def _leave(self, conn: Connection) -> None:
        """Ends our side; what still comes is thrown away for a moment."""
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
