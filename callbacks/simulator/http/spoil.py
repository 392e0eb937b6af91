"""Answers that break on purpose, for Click2Call and the other services."""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from callbacks.simulator.engine.faults import Fault
from callbacks.simulator.http import wire

ERROR_PAGE = "<!doctype html><title>Server Error</title><h1>Server Error in '/' Application.</h1>"
SORRY_PAGE = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
FORBIDDEN_PAGE = (
    "<!doctype html><title>Forbidden</title><h1>403 - Forbidden: Access is denied.</h1>"
)


def forbidden() -> Response:
    """The answer to an IP address that is not on the account's allow-list."""
    return HTMLResponse(FORBIDDEN_PAGE, status_code=403)


async def spoil(
    request: Request, fault: Fault, right: Response, closing: asyncio.Event
) -> Response:
    """The right answer, or what the fault turns it into."""
    if fault.kind == "delay":
        await wire.gone_or(request.receive, closing, fault.seconds)
        return right
    body, kind = bytes(right.body), right.headers.get("content-type", "")
    makers: dict[str, Callable[[], Response]] = {
        "stall": lambda: wire.StallResponse(closing),
        "reset_before": wire.ResetResponse,
        "reset_after": wire.ResetResponse,
        "error_500_before": lambda: HTMLResponse(ERROR_PAGE, status_code=500),
        "error_500_after": lambda: HTMLResponse(ERROR_PAGE, status_code=500),
        "truncated": lambda: wire.CutResponse(body, headers={"content-type": kind}),
        "html": lambda: HTMLResponse(SORRY_PAGE),
        "empty": lambda: Response(b"", headers={"content-type": kind}),
        "wrong_content_type": lambda: Response(body, headers={"content-type": "text/html"}),
        "lost_answer": wire.HangUpResponse,
        "application_error": lambda: right,
        "forbidden": lambda: right,
    }
    return makers[fault.kind]()
