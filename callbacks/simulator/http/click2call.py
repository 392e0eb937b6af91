"""`/ForwardDialer/click2call.aspx`: reads the request, adds it to the ledger, answers."""

import time
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from callbacks.simulator.engine.answers import Click2CallAnswer
from callbacks.simulator.engine.calls import SimulatedCall
from callbacks.simulator.engine.faults import SHOWS_AN_ANSWER
from callbacks.simulator.engine.ledger import Entry
from callbacks.simulator.engine.parameters import INVALID, action_of, lowered, wants_json
from callbacks.simulator.exchange import Exchange
from callbacks.simulator.http import wire
from callbacks.simulator.http.access import allowed
from callbacks.simulator.http.spoil import forbidden, spoil

APPLICATION_ERROR = Click2CallAnswer(2, "Application error")
TOO_LARGE = Click2CallAnswer(INVALID, "Request is too large")


def endpoint(exchange: Exchange) -> Callable[[Request], Awaitable[Response]]:
    """The handler for an exchange."""

    async def click2call(request: Request) -> Response:
        if request.method not in {"GET", "POST"}:
            return Response(status_code=405, headers={"allow": "GET, POST"})
        try:
            fields = await wire.read_fields(request)
        except wire.TooLargeError:
            exchange.ledger.append(_unread(request.method))
            return _plain(TOO_LARGE, as_json=False, status=413)
        except ClientDisconnect:
            # The request never arrived completely, so there is nothing to record or answer.
            return Response(status_code=400)
        values, twice = lowered(fields.pairs)
        entry = Entry(
            at=time.time(),
            method=request.method,
            encoding=fields.encoding,
            action=action_of(values),
            parameters=values,
        )
        exchange.ledger.append(entry)
        if not allowed(exchange.settings, request.client.host if request.client else ""):
            entry.fault = "forbidden"
            return forbidden()
        problem = fields.problem or ("A parameter is given twice" if twice else "")
        return await _carry_out(exchange, request, entry, _custom(fields.pairs), problem)

    return click2call


async def _carry_out(
    exchange: Exchange, request: Request, entry: Entry, custom: dict[str, str], problem: str
) -> Response:
    as_json = wants_json(entry.parameters)
    fault = exchange.faults.for_request()
    entry.fault = fault.kind if fault else None
    call: SimulatedCall | None = None
    if fault is not None and not fault.accepted:
        answer = APPLICATION_ERROR
        if fault.kind in SHOWS_AN_ANSWER:
            entry.error_code, entry.error_message = answer.code, answer.message
    elif problem:
        answer = Click2CallAnswer(INVALID, problem)
        entry.error_code, entry.error_message = answer.code, answer.message
    else:
        answer, call = exchange.click2call(entry, custom)
    if call is not None and entry.cdr_fault == "cdr_before_answer":
        await wire.gone_or(request.receive, call.finished)
    if fault is None:
        return _plain(answer, as_json)
    right = forbidden() if fault.kind == "forbidden" else _plain(answer, as_json)
    return await spoil(request, fault, right, exchange.closing)


def _plain(answer: Click2CallAnswer, as_json: bool, status: int = 200) -> Response:
    body, kind = answer.render(as_json)
    return Response(body, status_code=status, headers={"content-type": kind})


def _custom(pairs: list[tuple[str, str]]) -> dict[str, str]:
    # The records repeat the names as sent.
    return {
        name.strip(): value.strip()
        for name, value in pairs
        if name.strip().lower().startswith("var_")
    }


def _unread(method: str) -> Entry:
    return Entry(
        at=time.time(),
        method=method,
        encoding="unread",
        action="",
        parameters={},
        error_code=TOO_LARGE.code,
        error_message=TOO_LARGE.message,
    )
