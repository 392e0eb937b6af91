"""Requests as they arrive, and answers that break on purpose.

ASGI hides the connection, but some faults need it. `Protocol` puts the connection's transport into
the scope of each request (`extensions`, key `TRANSPORT`). The responses here use it to reset or cut
the connection, then wait until uvicorn notices, so that uvicorn sends no answer itself.
"""

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "callbacks.simulator.transport"
BODY_AT_MOST = 65_536
FIELDS_AT_MOST = 200


class Protocol(H11Protocol):
    """uvicorn's own HTTP/1.1, with the transport in every scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = self.transport
            await inner(scope, receive, send)

        self.app = app


class TooLargeError(Exception):
    """The body is over 64 KiB."""


async def read_body(request: Request) -> bytes:
    """The body, at most 64 KiB. Raises TooLargeError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_AT_MOST:
            raise TooLargeError
    return body


@dataclass(frozen=True, slots=True)
class Fields:
    """Parameters as they arrived: names as sent, how they were packed, and what was unreadable."""

    pairs: list[tuple[str, str]]
    encoding: str
    problem: str = ""


async def read_fields(request: Request) -> Fields:
    """The parameters of a GET, a form (url-encoded or multipart) or a JSON body.

    Parameters in the address count for every method. Raises TooLargeError and ClientDisconnect.
    """
    query = _pairs(request.scope["query_string"])
    body = await read_body(request) if request.method == "POST" else b""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if query is None:
        return Fields([], "query", "Too many parameters")
    if request.method != "POST":
        return Fields(query, "query")
    if kind == "application/json" or kind.endswith("+json"):
        found, problem = _from_json(body)
        return Fields(query + found, "json", problem)
    if kind == "multipart/form-data":
        found, problem = await _from_multipart(request, body)
        return Fields(query + found, "multipart", problem)
    form = _pairs(body)
    if form is None:
        return Fields(query, "form", "Too many parameters")
    return Fields(query + form, "form")


async def read_document(request: Request) -> tuple[dict[str, Any], str]:
    """The fields of a GET, a form or a JSON body by lower-case name, and what was unreadable.

    A repeated field is a list. Raises TooLargeError and ClientDisconnect.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    is_json = kind == "application/json" or kind.endswith("+json")
    if request.method != "POST" or not is_json:
        fields = await read_fields(request)
        return _gathered(fields.pairs), fields.problem
    query = _gathered(_pairs(request.scope["query_string"]) or [])
    try:
        body = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        return query, "Body is not valid JSON"
    if not isinstance(body, dict):
        return query, "Body is not a JSON object"
    return query | {name.strip().lower(): value for name, value in body.items()}, ""


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        key = name.strip().lower()
        if key not in found:
            found[key] = value
        elif isinstance(found[key], list):
            found[key].append(value)
        else:
            found[key] = [found[key], value]
    return found


def _pairs(text: bytes) -> list[tuple[str, str]] | None:
    try:
        return parse_qsl(
            text.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=FIELDS_AT_MOST,
        )
    except ValueError:
        return None


def _from_json(body: bytes) -> tuple[list[tuple[str, str]], str]:
    try:
        pairs = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return [], "Body is not valid JSON"
    if not isinstance(pairs, _Members):
        return [], "Body is not a JSON object"
    fields = []
    for name, value in pairs:
        if isinstance(value, bool):
            fields.append((name, "true" if value else "false"))
        elif isinstance(value, str | int | float):
            fields.append((name, str(value)))
        elif value is not None:
            return [], "A parameter is not a single value"
    if len(fields) > FIELDS_AT_MOST:
        return [], "Too many parameters"
    return fields, ""


class _Members(list[tuple[str, Any]]):
    """A JSON object with all its members, including repeated ones."""


async def _from_multipart(request: Request, body: bytes) -> tuple[list[tuple[str, str]], str]:
    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    again = Request(request.scope, replay)
    try:
        async with again.form(max_files=0, max_fields=FIELDS_AT_MOST) as form:
            return [(k, v) for k, v in form.multi_items() if isinstance(v, str)], ""
    except (HTTPException, MultiPartException, ValueError, KeyError):
        return [], "Body is not a readable form"


async def gone(receive: Receive) -> None:
    """Waits until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def gone_or(receive: Receive, other: asyncio.Event, seconds: float | None = None) -> bool:
    """Waits until the client has left (True), or `other` is set or the time is over (False)."""
    left = asyncio.ensure_future(gone(receive))
    woken = asyncio.ensure_future(other.wait())
    try:
        done, _ = await asyncio.wait(
            {left, woken}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        return left in done
    finally:
        left.cancel()
        woken.cancel()


class ResetResponse(Response):
    """No answer: the connection is reset (RST)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Resets, and waits until uvicorn has noticed."""
        transport = scope["extensions"][TRANSPORT]
        # A linger time of zero makes the kernel send RST instead of FIN.
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        transport.abort()
        await gone(receive)


class HangUpResponse(Response):
    """No answer: the connection is closed normally (FIN) without a byte."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Closes, and waits until uvicorn has noticed."""
        scope["extensions"][TRANSPORT].close()
        await gone(receive)


class CutResponse(Response):
    """Half of the body, with the length of all of it; then the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends half, closes, and waits until uvicorn has noticed."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["extensions"][TRANSPORT].close()
        await gone(receive)


class StallResponse(Response):
    """No answer, and the connection stays open until the client leaves or `closing` is set."""

    def __init__(self, closing: asyncio.Event) -> None:
        super().__init__()
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Waits."""
        if not await gone_or(receive, self._closing):
            await HangUpResponse()(scope, receive, send)
