"""A tiny HTTP server on loopback that can also misbehave like a real one."""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

CALL_ID = "20261123101500abcdef0123456789ab"
ACCEPTED = json.dumps({"ERRORCODE": 0, "ERRORMESSAGE": "OK", "CALLID": CALL_ID}).encode()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def values(self) -> dict[str, str]:
        """The parameters as sent, in whichever way."""
        if self.method == "GET":
            return dict(parse_qsl(urlsplit(self.path).query))
        if self.headers["content-type"].startswith("application/json"):
            return json.loads(self.body)
        return dict(parse_qsl(self.body.decode()))


# Answers one request on the socket; True keeps the connection for the next one.
Behaviour = Callable[[socket.socket, threading.Event], bool]


def http(
    body: bytes = ACCEPTED, status: str = "200 OK", content_type: str = "application/json", *more
) -> bytes:
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *more,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def say(data: bytes, *, keep: bool = False) -> Behaviour:
    def behave(sock, stop):
        sock.sendall(data)
        return keep

    return behave


def reset(sock: socket.socket, stop: threading.Event) -> bool:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def reset_after(data: bytes) -> Behaviour:
    def behave(sock, stop):
        sock.sendall(data)
        return reset(sock, stop)

    return behave


def stall_after(data: bytes = b"") -> Behaviour:
    def behave(sock, stop):
        sock.sendall(data)
        stop.wait(60)
        return False

    return behave


def trickle(data: bytes, *, first: int = 0, pause: float = 0.02) -> Behaviour:
    """The first bytes at once, then one byte at a time, and no end of the connection."""

    def behave(sock, stop):
        sock.sendall(data[:first])
        for byte in data[first:]:
            if stop.wait(pause):
                break
            sock.sendall(bytes([byte]))
        stop.wait(60)
        return False

    return behave


class Provider:
    """Serves each connection in a thread; `behaviour` may be changed between requests."""

    def __init__(self, behaviour: Behaviour | None = None, tls: ssl.SSLContext | None = None):
        self.behaviour = behaviour or say(http(), keep=True)
        self.on_accept: Callable[[socket.socket], None] | None = None
        self.requests: list[Request] = []
        self.connections = 0
        self._tls = tls
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/click2call.aspx"
        self._start(self._accept)

    def close(self) -> None:
        self._stop.set()
        # Wakes the accepting thread, which a mere close would leave waiting.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def wait_until_closed(self) -> None:
        """Waits until this side has closed every connection so far."""
        for thread in self._threads[1:]:
            thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self, work, *args):
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            self._start(self._serve, sock, self.connections)

    def _serve(self, sock, number):
        with sock:
            try:
                if self.on_accept:
                    self.on_accept(sock)
                    return
                if self._tls:
                    sock = self._tls.wrap_socket(sock, server_side=True)
                    self._open.append(sock)
                while request := _read_request(sock, number):
                    self.requests.append(request)
                    if not self.behaviour(sock, self._stop):
                        return
            except OSError:
                return
            finally:
                sock.close()


def _read_request(sock: socket.socket, number: int) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += sock.recv(65536)
    method, path, _ = first.split(" ")
    return Request(method, path, headers, body, number)
