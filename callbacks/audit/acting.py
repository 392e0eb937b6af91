"""Who acts: told to the database, for the triggers that write the audit (audit.sql), and to our own
code (`current`).

The database is told in the transaction of each statement that writes. So a session that a pooler
passes on, or a transaction that is rolled back, keeps nothing of it, and pages that only read cost
nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from leads.guard import address

_WRITES = ("INSERT", "UPDATE", "DELETE")

_NOBODY: Mapping[str, Any] = MappingProxyType({})
_current: ContextVar[Mapping[str, Any]] = ContextVar("acting", default=_NOBODY)


def current() -> Mapping[str, Any]:
    """What `telling` was given, with "browser": the User-Agent header. Empty: nothing is known."""
    return _current.get()


@contextmanager
def telling(acting: dict[str, Any], browser: str = "") -> Iterator[None]:
    """Attributes everything written within to `acting`: "user" (id), "name", "address", and "way",
    the part of the product that was used.
    """
    told = json.dumps(acting)

    def tell(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not str(sql).lstrip().upper().startswith(_WRITES):
            return execute(sql, params, many, context)
        if connection.in_atomic_block:
            _tell(told)
            return execute(sql, params, many, context)
        with transaction.atomic():
            _tell(told)
            return execute(sql, params, many, context)

    before = _current.set({**acting, "browser": browser})
    try:
        with connection.execute_wrapper(tell):
            yield
    finally:
        _current.reset(before)


def _tell(told: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('callbacks.acting', %s, true)", [told])


class ActingMiddleware:
    """Attributes writes to whoever is signed in, with the request's address. Strangers' writes are
    attributed on the never-call and sign-in pages.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on. A stranger's request for a call is no act, and not attributed."""
        # Reading request.user makes a page uncacheable, so it is not read without a session cookie.
        is_known = settings.SESSION_COOKIE_NAME in request.COOKIES
        if is_known and request.user.is_authenticated:
            acting = of_request(request)
        elif request.method == "POST" and (way := _strangers_way(request.path_info)):
            acting = {"address": _address(request), "way": way}
        else:
            return self._get_response(request)
        with telling(acting, request.headers.get("User-Agent", "")):
            return self._get_response(request)


def _strangers_way(path: str) -> str:
    """The way of somebody who is not signed in; "" for posts that are no act, such as forms."""
    if path.startswith("/contact/") and path.endswith("/never-call/"):
        return "visitor"
    return "sign-in" if path.startswith("/sign-in/") else ""


def _address(request: HttpRequest) -> str | None:
    found = address.of_request(request)
    return str(found) if found else None


def of_request(request: HttpRequest, user: Any = None) -> dict[str, Any]:
    """Who acts in a request of somebody signed in; `user` if the request does not know it yet."""
    user = user or request.user
    return {
        "user": user.pk,
        "name": user.get_username(),
        "address": _address(request),
        "way": request.path.split("/")[1][:20],
    }


def in_command(name: str) -> None:
    """Attributes everything that this process writes to a command of manage.py."""
    acting = {"way": f"manage.py {name}"[:40]}
    told = json.dumps(acting)
    _current.set(acting)

    def tell(connection: Any, **_kwargs: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('callbacks.acting', %s, false)", [told])

    connection_created.connect(tell, weak=False)
