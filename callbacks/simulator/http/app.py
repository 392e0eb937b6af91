"""The addresses of the simulator and their handlers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from callbacks.simulator.engine.control import read_change
from callbacks.simulator.engine.readers import ControlError
from callbacks.simulator.exchange import Exchange
from callbacks.simulator.http import click2call, services
from callbacks.simulator.http.wire import TooLargeError, read_body
from callbacks.simulator.mailbox import page as mail_page
from callbacks.simulator.mailbox.server import Mailbox
from callbacks.simulator.page.phones import Phones

CLICK2CALL = "/forwarddialer/click2call.aspx"
VENDORS = frozenset({CLICK2CALL, *services.SERVICES})
ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class CaseInsensitive:
    """Makes the vendor's paths match in any case, with or without a slash at the end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, with a vendor's path spelled as in the routes."""
        if scope["type"] == "http":
            path = scope["path"].lower().rstrip("/")
            if path in VENDORS:
                scope["path"] = path
        await self._app(scope, receive, send)


Handler = Callable[[Request], Awaitable[Response]]


def _own_pages_only(handler: Handler) -> Handler:
    """Refuses requests from other sites' pages: a browser sends the page's origin, curl does
    not.
    """

    async def guarded(request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return JSONResponse({"error": "only pages of the simulator may do this"}, 403)
        return await handler(request)

    return guarded


class ControlDesk:
    """The handlers of the ledger, the other lists, and the control."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def healthz(self, request: Request) -> Response:  # noqa: ARG002 (a handler's shape)
        """`GET /healthz`."""
        return JSONResponse({"ok": True})

    async def ledger(self, request: Request) -> Response:
        """`GET /ledger`; `?since=N` leaves out the first N entries."""
        return _since(request, self._exchange.ledger.since)

    async def popups(self, request: Request) -> Response:
        """`GET /popups`; `?since=N` leaves out the first N."""
        return _since(request, self._exchange.popups.since)

    async def requests(self, request: Request) -> Response:
        """`GET /requests`: requests to the other services; `?since=N` leaves out the first N."""
        return _since(request, lambda count: list(self._exchange.requests)[count:])

    async def status(self, request: Request) -> Response:  # noqa: ARG002 (a handler's shape)
        """`GET /control`."""
        return JSONResponse(self._exchange.status())

    async def control(self, request: Request) -> Response:
        """`POST /control`: applies all of it, or nothing and answers with the problem."""
        try:
            change = read_change(json.loads(await read_body(request)))
        except TooLargeError:
            return JSONResponse({"error": "the body is over 64 KiB"}, 413)
        except ControlError as error:
            return JSONResponse({"error": str(error)}, 400)
        except (ValueError, RecursionError):
            return JSONResponse({"error": "the body is not valid JSON"}, 400)
        except ClientDisconnect:
            return Response(status_code=400)
        self._exchange.control(change)
        return JSONResponse(self._exchange.status())


def _since(request: Request, entries: Callable[[int], list[dict[str, Any]]]) -> Response:
    since = request.query_params.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) < 16):
        return JSONResponse({"error": "since must be a whole number"}, 400)
    return JSONResponse(entries(int(since)))


def build(exchange: Exchange, mailbox: Mailbox) -> ASGIApp:
    """The ASGI application of an exchange, with the page of received mail."""
    phones = Phones(exchange)
    desk = ControlDesk(exchange)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await exchange.close()

    click = _own_pages_only(phones.click)
    routes = [
        Route(CLICK2CALL, click2call.endpoint(exchange), methods=ANY_METHOD),
        *(
            Route(path, services.endpoint(exchange, service), methods=ANY_METHOD)
            for path, service in services.SERVICES.items()
        ),
        Route("/healthz", desk.healthz),
        Route("/ledger", desk.ledger),
        Route("/popups", desk.popups),
        Route("/requests", desk.requests),
        Route("/control", desk.status, methods=["GET"]),
        Route("/control", _own_pages_only(desk.control), methods=["POST"]),
        Route("/", phones.page),
        Route("/static/{name}", phones.static),
        Route("/phones", phones.picture),
        Route("/phones/events", phones.stream),
        Route("/phones/{call_id}/{leg}/{verb}", click, methods=["POST"]),
        *mail_page.routes(mailbox),
    ]
    return CaseInsensitive(Starlette(routes=routes, lifespan=lifespan))
