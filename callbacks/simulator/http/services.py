"""The vendor's other services: Call Log, active calls, extensions, login status, blacklist.

Each accepts JSON, a form or a GET, with names in any case. A service is a function from the
exchange and the request to an answer; one handler reads the request, checks the sender's address,
applies faults and writes the answer.
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from callbacks.simulator.engine import presence
from callbacks.simulator.engine.calllog import RangeError, read_search
from callbacks.simulator.engine.control import read_change
from callbacks.simulator.engine.faults import Fault
from callbacks.simulator.engine.parameters import code_problem, line_key
from callbacks.simulator.engine.settings import SettingsChange
from callbacks.simulator.exchange import Exchange
from callbacks.simulator.http import wire
from callbacks.simulator.http.access import allowed
from callbacks.simulator.http.spoil import forbidden, spoil

JSON_TYPE = "application/json; charset=utf-8"
_PHONE = re.compile(r"[0-9]{7,15}")
SECRETS = frozenset({"code"})


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to a service: fields by lower-case name, and the code."""

    fields: Mapping[str, Any]
    code: str


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """An answer before it is written: HTTP status and JSON."""

    body: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its name in faults, its answer, and its answer to an application error."""

    name: str
    answer: Callable[[Exchange, Ask], ServiceReply]
    broken: ServiceReply
    forbidden: ServiceReply | None = None


def _log_error(number: int, words: str, status: int) -> ServiceReply:
    body = {
        "ERROR_NUMBER": number,
        "ERROR_DESCRIPTION": words,
        "STATUS_CODE": status,
        "TOTAL_HITS": 0,
        "RETURN_HITS": 0,
        "CDR_LIST": [],
    }
    return ServiceReply(body, status)


def call_log(exchange: Exchange, ask: Ask) -> ServiceReply:
    """`/hub/cdr/`."""
    settings = exchange.settings
    if not exchange.log.admits(time.time(), settings.log_per_minute):
        return _log_error(1, "Too many requests", 403)
    if code_problem(ask.code, exchange.secret):
        return _log_error(2, "Authorization failed", 403)
    try:
        search = read_search(ask.fields)
    except RangeError as error:
        return _log_error(5, str(error), 404)
    total, rows = exchange.log.find(
        search, time.time(), settings.log_at_most, settings.log_keys == "lower"
    )
    return ServiceReply(
        {
            "ERROR_NUMBER": 0,
            "ERROR_DESCRIPTION": "OK",
            "STATUS_CODE": 200,
            "TOTAL_HITS": total,
            "RETURN_HITS": len(rows),
            "CDR_LIST": rows,
        }
    )


def active_calls(exchange: Exchange, ask: Ask) -> ServiceReply:
    """`/comet/API/GetExtensionsCalls`."""
    if code_problem(ask.code, exchange.secret):
        return ServiceReply({"ERR": 1, "DESC": "Authorization failed.", "EXTENSIONS": []})
    only = str(ask.fields.get("extension") or "").strip()
    found = presence.active_calls(exchange.settings, exchange.lines, only)
    return ServiceReply({"ERR": 0, "DESC": "OK", "EXTENSIONS": found})


def extensions(exchange: Exchange, ask: Ask) -> ServiceReply:
    """`/Comet/api/GetExtensions`: a wrong code gets an empty list, as from the vendor."""
    if not ask.code:
        return ServiceReply({"ERR": 1, "DESC": "Unauthorized", "EXTENSIONS": []})
    wrong = bool(code_problem(ask.code, exchange.secret))
    found = [] if wrong else presence.extension_list(exchange.settings)
    return ServiceReply({"ERR": 0, "DESC": "OK", "EXTENSIONS": found})


def _login_reply(status: int, error: int, words: str) -> ServiceReply:
    return ServiceReply({"Status": status, "StatusError": error, "StatusErroMessage": words})


def login_status(exchange: Exchange, ask: Ask) -> ServiceReply:
    """`/UserLogin/SetStatusFromAPI`: 2 takes the extension offline, any other status brings it
    back.
    """
    named = presence.named(exchange.settings)
    extension = str(ask.fields.get("extensionuser") or "").strip()
    user = str(ask.fields.get("userid") or "").strip()
    status = str(ask.fields.get("status") or "").strip()
    if not (ask.code and extension and user and status):
        return _login_reply(2, 6, "Missing parameters")
    if code_problem(ask.code, exchange.secret):
        return _login_reply(2, 1, "Authorization Failed")
    if user not in {str(presence.user_id(number)) for number in named}:
        return _login_reply(2, 1, "No user found")
    if extension not in named:
        return _login_reply(3, 1, "No extension found")
    if status not in {str(number) for number in presence.LOGIN_STATUSES}:
        return _login_reply(4, 1, "Status not support")
    change: dict[str, Any] = {"logins": {extension: int(status)}}
    if int(status) == presence.LOGGED_OUT:
        change["extensions"] = {extension: "offline"}
    elif exchange.settings.extensions.get(extension) == "offline":
        change["extensions"] = {extension: "online"}
    exchange.control(read_change(change))
    return _login_reply(1, 1, "OK")


def _phones(value: object) -> list[tuple[str, str]]:
    """(phone, name) from a list of objects or of numbers, or from one number."""
    found = []
    for item in value if isinstance(value, list) else [] if not value else [value]:
        if isinstance(item, Mapping):
            lower = {str(name).lower(): text for name, text in item.items()}
            found.append((str(lower.get("phone") or ""), str(lower.get("name") or "")))
        else:
            found.append((str(item), ""))
    return [(phone.strip(), name) for phone, name in found]


def _blacklist(exchange: Exchange, ask: Ask, adds: bool) -> ServiceReply:
    if code_problem(ask.code, exchange.secret):
        return ServiceReply({"ErrorCode": 1, "ErrorMessage": "Authorization failed", "Phones": []})
    phones = _phones(ask.fields.get("phones"))
    if not phones:
        words = "The Phone field is missing or invalid"
        return ServiceReply({"ErrorCode": 2, "ErrorMessage": words, "Phones": []})
    listed: dict[str, str | None] = {}
    results = []
    for phone, name in phones:
        good = bool(_PHONE.fullmatch(phone))
        if good:
            listed[line_key(phone)] = name if adds else None
        results.append(
            {
                "Phone": phone,
                "ErrorCode": 0 if good else 1,
                "ErrorMessage": "OK" if good else "Phone format is invalid",
            }
        )
    exchange.control(SettingsChange({"blacklist": listed}))
    return ServiceReply({"ErrorCode": 0, "ErrorMessage": "OK", "Phones": results})


def blacklist_add(exchange: Exchange, ask: Ask) -> ServiceReply:
    """`/Blacklist/AddBlackList`."""
    return _blacklist(exchange, ask, adds=True)


def blacklist_remove(exchange: Exchange, ask: Ask) -> ServiceReply:
    """`/Blacklist/RemoveBulkFromBlacklist`."""
    return _blacklist(exchange, ask, adds=False)


_BLACKLIST_BROKEN = ServiceReply({"ErrorCode": 2, "ErrorMessage": "Internal error", "Phones": []})
_LIST_BROKEN = ServiceReply({"ERR": 2, "DESC": "Internal error.", "EXTENSIONS": []})

# By path in lower case, without a final slash.
SERVICES: Mapping[str, Service] = {
    "/hub/cdr": Service(
        "calllog",
        call_log,
        broken=_log_error(3, "Internal error", 500),
        forbidden=_log_error(4, "IP address is not authorized", 403),
    ),
    "/comet/api/getextensionscalls": Service("activecalls", active_calls, _LIST_BROKEN),
    "/comet/api/getextensions": Service("extensions", extensions, _LIST_BROKEN),
    "/userlogin/setstatusfromapi": Service(
        "login", login_status, _login_reply(2, 4, "Internal error")
    ),
    "/blacklist/addblacklist": Service("blacklist", blacklist_add, _BLACKLIST_BROKEN),
    "/blacklist/removebulkfromblacklist": Service("blacklist", blacklist_remove, _BLACKLIST_BROKEN),
}


def endpoint(exchange: Exchange, service: Service) -> Callable[[Request], Awaitable[Response]]:
    """The handler for a service."""

    async def handle(request: Request) -> Response:
        if request.method not in {"GET", "POST"}:
            return Response(status_code=405, headers={"allow": "GET, POST"})
        try:
            found, problem = await wire.read_document(request)
        except wire.TooLargeError:
            return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        fault = exchange.faults.for_request(service.name)
        ask = Ask(found, _code(request, found))
        reply = _reply(exchange, service, request, ask, fault, problem)
        shown = {name: value for name, value in found.items() if name not in SECRETS}
        exchange.note_request(service.name, request, shown, fault, reply.status if reply else 403)
        if reply is None:
            return forbidden()
        right = Response(json.dumps(reply.body), reply.status, headers={"content-type": JSON_TYPE})
        if fault is None:
            return right
        return await spoil(request, fault, right, exchange.closing)

    return handle


def _reply(
    exchange: Exchange,
    service: Service,
    request: Request,
    ask: Ask,
    fault: Fault | None,
    problem: str,
) -> ServiceReply | None:
    """The answer; None for a page with status 403."""
    host = request.client.host if request.client else ""
    if not allowed(exchange.settings, host) or (fault and fault.kind == "forbidden"):
        return service.forbidden
    if fault and not fault.accepted:
        return service.broken
    # An unreadable body has no fields, so the mandatory ones are missing.
    return service.answer(exchange, Ask({}, ask.code) if problem else ask)


def _code(request: Request, fields: Mapping[str, Any]) -> str:
    """The code in the request. A bearer token is accepted too, as by the Call Log."""
    given = fields.get("code")
    if given:
        return str(given).strip()
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
