"""One HTTP exchange with the provider: a prepared request in, a body or one of our errors out.

Every foreign exception is translated here and nowhere else, and none is chained: see errors.py.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError, IncompleteRead, InvalidChunkLength
from urllib3.exceptions import SSLError as TLSError

from callbacks.voicenter.errors import Forbidden, NotSent, OutcomeUnknown, VoicenterError
from callbacks.voicenter.http import wire

# Servers and firewalls drop idle connections, and a request on a dropped connection has an unknown
# outcome: a lead held for nothing. A new connection costs milliseconds, so a kept one is used again
# only while the other side certainly still expects it.
MAX_IDLE = 10.0
_PART = 1024 * 1024

# Foreign errors that an exchange can end in. Not Exception: a task's time limit, for example, must
# pass through.
_FOREIGN = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)

_Rules = tuple[tuple[str, tuple[type[BaseException], ...]], ...]

# The first row with an exception of the chain decides.
_BEFORE: _Rules = (
    ("dns", (socket.gaierror, UnicodeError)),
    ("tls", (ssl.SSLError, ssl.CertificateError, TLSError)),
    ("refused", (ConnectionRefusedError,)),
    ("connect_timeout", (TimeoutError,)),
)
_AFTER: _Rules = (
    ("read_timeout", (TimeoutError,)),
    ("truncated", (IncompleteRead, InvalidChunkLength, http.client.IncompleteRead)),
    ("reset", (ConnectionError, http.client.RemoteDisconnected)),
    ("tls", (ssl.SSLError, TLSError)),
    ("unreadable", (DecodeError, http.client.HTTPException)),
)


class _Adapter(HTTPAdapter):
    """An adapter without retries, on the connections of wire.py."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": wire.HTTPPool,
            "https": wire.HTTPSPool,
        }


@dataclass(frozen=True)
class Reply:
    """HTTP status and body. The body may contain numbers and names, so the repr leaves it out."""

    status: int
    body: bytes = field(repr=False)


@dataclass
class _Kept:
    session: requests.Session
    process: int
    used_at: float


@dataclass
class Transport:
    """Sends requests over a connection that is kept alive for each thread and process.

    Times in seconds. `connect_timeout` applies to each address of the host and to the TLS
    handshake; `read_timeout` from the last byte sent to the last byte of the answer. `ca_bundle`: a
    file of certificates to trust instead of the usual ones.
    """

    connect_timeout: float
    read_timeout: float
    ca_bundle: str | None = None
    _local: threading.local = field(default_factory=threading.local, repr=False)
    # The Date of the newest answer, and when it arrived, on the monotonic clock.
    _dated: tuple[datetime, float] | None = field(default=None, repr=False)

    def servers_time(self) -> datetime | None:
        """The server's clock now, to a second or two; None if no answer has had a Date."""
        if self._dated is None:
            return None
        date, came_at = self._dated
        return date + timedelta(seconds=monotonic() - came_at)

    def exchange(self, request: requests.PreparedRequest, limit: int) -> bytes:
        """Send a request once and return the body of its answer, if its status is 200.

        The body has at most `limit` bytes. Raises NotSent, OutcomeUnknown or Forbidden. Redirects
        are not followed.
        """
        # Only a 200 has a body worth waiting for; a stalled body must not hide a 403.
        reply = self.reply(request, limit, explained=())
        if reply.status != http.client.OK:
            raise unexplained(reply.status)
        return reply.body

    def reply(
        self, request: requests.PreparedRequest, limit: int, explained: tuple[int, ...]
    ) -> Reply:
        """Send a request once and return status and body, whatever the status.

        With status 200, the body is read up to `limit` bytes; with a status in `explained`, as much
        of it as arrives. Otherwise it is not read. Raises NotSent or OutcomeUnknown. Redirects are
        not followed.
        """
        wire.sent.begun = False
        clean = False
        failure: VoicenterError | None = None
        try:
            answer = self._session().send(
                request,
                timeout=(self.connect_timeout, self.read_timeout),
                verify=self.ca_bundle or True,
                allow_redirects=False,
                stream=True,
            )
            self._note_date(answer.headers.get("Date", ""))
            # No variable of this frame shows the body: it may quote the code.
            found = Reply(answer.status_code, b"")
            if found.status == http.client.OK:
                found = Reply(found.status, _read_body(answer, limit))
                clean = len(found.body) <= limit
            elif found.status in explained:
                with contextlib.suppress(*_FOREIGN):
                    found = Reply(found.status, _read_body(answer, limit)[:limit])
        except _FOREIGN as error:
            failure = _translate(error, begun=wire.sent.begun)
        else:
            if len(found.body) > limit:
                failure = OutcomeUnknown(
                    f"the answer is larger than {limit} bytes", reason="too_large"
                )
        finally:
            # Even for exceptions that pass through: half an answer must not become the beginning of
            # the next one.
            self._keep_or_close(clean)
        # Outside of "except", so that the foreign exception is not even this one's context.
        if failure is not None:
            raise failure
        return found

    def _note_date(self, written: str) -> None:
        """RFC 9110, section 6.6.1. Ignores a Date that makes no sense."""
        with contextlib.suppress(ValueError, OverflowError):
            date = email.utils.parsedate_to_datetime(written)
            self._dated = date.replace(tzinfo=date.tzinfo or UTC), monotonic()

    def close(self) -> None:
        """Close this thread's connection."""
        self._keep_or_close(clean=False)

    def _session(self) -> requests.Session:
        kept: _Kept | None = getattr(self._local, "kept", None)
        if kept is not None:
            # After a fork the socket belongs to the parent: two processes on one connection would
            # read each other's answers.
            if kept.process == os.getpid() and monotonic() - kept.used_at < MAX_IDLE:
                return kept.session
            kept.session.close()
        session = _new_session()
        self._local.kept = _Kept(session, os.getpid(), monotonic())
        return session

    def _keep_or_close(self, clean: bool) -> None:
        kept: _Kept | None = getattr(self._local, "kept", None)
        if kept is None:
            return
        if clean:
            kept.used_at = monotonic()
        else:
            self._local.kept = None
            kept.session.close()


def _new_session() -> requests.Session:
    session = requests.Session()
    # Nothing from the environment: a proxy named there would receive the secret code and the leads'
    # numbers without being configured here, and .netrc would add credentials.
    session.trust_env = False
    # Cookies are not sent back: requests are prepared without this session.
    adapter = _Adapter()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _read_body(answer: requests.Response, limit: int) -> bytes:
    """The body; if it is too large, one byte more than allowed."""
    raw: urllib3.BaseHTTPResponse = answer.raw
    body = bytearray()
    while len(body) <= limit:
        part = raw.read(min(_PART, limit + 1 - len(body)), decode_content=True)
        if not part:
            break
        body += part
    return bytes(body)


def unexplained(status: int) -> Forbidden | OutcomeUnknown:
    """The error for an HTTP status other than 200 whose body says nothing."""
    if status in (401, 403):
        return Forbidden(
            f"HTTP {status}: the account does not permit this address or code",
            reason=f"http_{status}",
            error_message=f"HTTP {status}",
        )
    return OutcomeUnknown(f"the answer has HTTP status {status}", reason=f"http_{status}")


def _translate(error: BaseException, *, begun: bool) -> NotSent | OutcomeUnknown:
    chain = list(_chain(error))
    rules, otherwise = (_AFTER, "protocol") if begun else (_BEFORE, "connect")
    reason = next(
        (reason for reason, types in rules if any(isinstance(e, types) for e in chain)), otherwise
    )
    if begun:
        return OutcomeUnknown(f"the exchange broke off ({reason})", reason=reason)
    return NotSent(f"no connection to the provider ({reason})", reason=reason)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and the ones that caused it.

    Not by __context__: that also leads to whatever our caller was handling when it called us.
    """
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        item = todo.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        todo += [item.__cause__, getattr(item, "reason", None), *item.args]
