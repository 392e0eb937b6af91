"""The phones page: its content, its live updates, and its buttons."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from importlib import resources

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from callbacks.simulator.exchange import Exchange

STREAMS_AT_MOST = 20
BREATH = 0.1  # seconds between updates, so that a load test does not send one for every ring
HEARTBEAT = 15.0  # seconds; after this, a page with a lost connection is noticed
FILES = {
    "phones.html": "text/html; charset=utf-8",
    "phones.css": "text/css; charset=utf-8",
    "phones.js": "text/javascript; charset=utf-8",
    "phone.svg": "image/svg+xml",
}
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


class Phones:
    """The handlers of the page for an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        folder = resources.files(__package__) / "static"
        self._files = {name: (folder / name).read_bytes() for name in FILES}

    async def page(self, request: Request) -> Response:  # noqa: ARG002 (a handler's shape)
        """`GET /`."""
        return self._file("phones.html")

    async def static(self, request: Request) -> Response:
        """`GET /static/{name}`."""
        return self._file(request.path_params["name"])

    async def picture(self, request: Request) -> Response:  # noqa: ARG002 (a handler's shape)
        """`GET /phones`: what the page shows now."""
        return JSONResponse(self._picture())

    async def stream(self, request: Request) -> Response:  # noqa: ARG002 (a handler's shape)
        """`GET /phones/events`: the same, sent again after every change (server-sent events)."""
        if self._exchange.board.watchers >= STREAMS_AT_MOST:
            return JSONResponse({"error": "too many pages are open"}, status_code=503)
        return StreamingResponse(
            self._events(), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def click(self, request: Request) -> Response:
        """`POST /phones/{call_id}/{leg}/{verb}`: answer, reject or hang up a phone."""
        call = self._exchange.call(request.path_params["call_id"])
        leg = request.path_params["leg"]
        verb = request.path_params["verb"]
        if verb not in {"answer", "reject", "hangup"} or leg not in {"1", "2"}:
            return JSONResponse({"error": "no such click"}, status_code=404)
        if call is None:
            return JSONResponse({"error": "this call is over"}, status_code=404)
        if verb == "answer":
            done = call.answer(int(leg))
        elif verb == "reject":
            done = call.refuse(int(leg))
        else:
            done = call.hang_up(int(leg))
        if not done:
            return JSONResponse({"error": "this phone does not ring"}, status_code=409)
        return JSONResponse({"ok": True})

    def _file(self, name: str) -> Response:
        if name not in self._files:
            return Response("Not found", status_code=404, media_type="text/plain")
        return Response(self._files[name], headers={**HEADERS, "content-type": FILES[name]})

    def _picture(self) -> dict[str, object]:
        exchange = self._exchange
        return exchange.board.snapshot(exchange.presence) | {
            "now": time.time(),
            "mode": exchange.settings.mode,
            "live": exchange.live(),
            "requests": len(exchange.ledger),
        }

    async def _events(self) -> AsyncIterator[str]:
        with self._exchange.board.watch() as changed:
            while not self._exchange.closing.is_set():
                changed.clear()
                yield f"data: {json.dumps(self._picture())}\n\n"
                await asyncio.sleep(BREATH)
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                except TimeoutError:
                    yield ": still here\n\n"
