"""urllib3 connections that answer two questions that requests leaves open.

Was anything sent? A refused connection, a failed handshake and a reset after the request all leave
requests as ConnectionError. These connections note the moment before the first byte goes to the
socket, so that "certainly not sent" is a fact and not a guess from exception types.

How long may it take? A read timeout in requests starts again with every byte, so a server that
trickles holds its caller forever. Here there is one deadline for status line, headers and body.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import threading
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Sent(threading.local):
    """Whether this thread has begun to send its current request."""

    begun = False


sent = Sent()


class _DeadlineReader(io.RawIOBase):
    """Reads a socket, each time waiting only for what is left until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._deadline = monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long in all")
        self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """When urllib3 makes one of these, the socket's timeout is the read timeout."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw: io.RawIOBase = self.fp.detach()
        self.fp = io.BufferedReader(_DeadlineReader(raw, sock))


def _before_send(connection: HTTPConnection) -> None:
    # As http.client does on the first send; done here so that we connect before the note.
    if connection.sock is None:
        connection.connect()
    # On a kept connection, the last answer's reader left its remaining time as the timeout.
    connection.sock.settimeout(connection.timeout)
    sent.begun = True


class _HTTPConnection(HTTPConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        _before_send(self)
        super().send(data)


class _HTTPSConnection(HTTPSConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        _before_send(self)
        super().send(data)


class HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class HideQuery(logging.Filter):
    """Cuts the query off addresses in urllib3's log lines: with GET it contains the code.

    urllib3 logs each request's address at DEBUG, and at WARNING if a header is malformed.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(argument) for argument in record.args)
        return True


def _without_query(argument: object) -> object:
    if isinstance(argument, str) and ("?code=" in argument or "&code=" in argument):
        return argument.partition("?")[0] + "?..."
    return argument


# On the loggers themselves: the filters of handlers belong to the logging configuration.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(HideQuery())
