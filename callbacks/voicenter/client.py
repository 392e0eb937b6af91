"""The client of the provider's API: typed requests in, typed answers out."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import requests

from callbacks.voicenter.click2call.answers import MAX_ANSWER, Accepted, read_answer
from callbacks.voicenter.click2call.call import Call
from callbacks.voicenter.click2call.callference import Callference
from callbacks.voicenter.click2call.message import Message
from callbacks.voicenter.click2call.terminate import Terminate
from callbacks.voicenter.errors import (
    ConfigurationError,
    NotSent,
    OutcomeUnknown,
    ReadFailed,
    Refused,
)
from callbacks.voicenter.http.addresses import DEFAULT_URL, Services, services_beside
from callbacks.voicenter.http.limiter import RateLimiter, shared_limiter
from callbacks.voicenter.http.replies import EXPLAINED
from callbacks.voicenter.http.transport import Reply, Transport
from callbacks.voicenter.services import (
    active_calls,
    blacklist,
    call_log,
    extensions,
    login_status,
    paging,
)
from callbacks.voicenter.services.active_calls import ExtensionCalls
from callbacks.voicenter.services.blacklist import BlacklistEntry, BlacklistResult
from callbacks.voicenter.services.call_log import CallLogRecord, Page
from callbacks.voicenter.services.extensions import AccountExtension
from callbacks.voicenter.services.login_status import LoginStatus
from callbacks.voicenter.services.search import CallLogSearch
from callbacks.voicenter.values.secret import Secret

__all__ = ["DEFAULT_URL", "Client"]

Method = Literal["post", "post-json", "get"]
AnswerFormat = Literal["json", "xml"]
T = TypeVar("T")

METHODS = ("post", "post-json", "get")
ANSWER_FORMATS = ("json", "xml")

_HEADERS = {
    "User-Agent": "lead-callback",
    "Accept": "application/json, text/xml, */*;q=0.5",
    # Most answers are a few hundred bytes; compression could only be used to get around the limit.
    "Accept-Encoding": "identity",
}


class Action(Protocol):
    """A request to Click2Call: its `action=` and its parameters."""

    @property
    def action(self) -> str: ...

    def wire(self) -> dict[str, str]: ...


class Client:
    """One account's Click2Call and the other services. Threads may share it, and so may forks.

    - `url`: address of click2call (vendor page 1.1), http or https, without a query. The other
      services are then expected on the same host, unless it is one of the provider's own.
    - `services`: the addresses of all services, if they are somewhere else; see `services_at`. A
      `url` given as well replaces the address of click2call.
    - `code`: the account's secret code ("caller identity", page 1.2).
    - `method`: how Click2Call is asked: "post" (form), "post-json", or "get", which puts the code
      into access logs. The other services are always sent JSON.
    - `answer_format`: what Click2Call is asked for, "json" or "xml"; both are understood.
    - `connect_timeout`, `read_timeout`: seconds. The first applies to each address of the host and
      to the TLS handshake (name resolution is extra); the second to the whole answer. It is
      generous because the answer may wait for the salesperson to pick up.
    - `ca_bundle`: file of certificates to trust instead of the usual ones.
    - `limiter`: asked before each Call Log request; 30 a minute are allowed. By default the clients
      of this process share one and wait for their turn.

    Proxies from the environment are not used. Raises ConfigurationError.

    Methods that change something (`call`, `message`, `callference`, `terminate`, `set_login_status`
    and the blacklist) send once and raise NotSent, OutcomeUnknown or a Refused. Methods that only
    ask (`call_log`, `active_calls`, `extensions`) send once more if nothing was sent the first
    time, and raise NotSent, ReadFailed or a Refused.
    """

    # So that a traceback can show a client whose construction failed.
    services = Services()
    method: Method = "post"
    answer_format: AnswerFormat = "json"

    def __init__(
        self,
        *,
        url: str | None = None,
        code: str,
        method: Method = "post",
        answer_format: AnswerFormat = "json",
        connect_timeout: float = 3.0,
        read_timeout: float = 15.0,
        ca_bundle: str | None = None,
        services: Services | None = None,
        limiter: RateLimiter | None = None,
    ) -> None:
        self._code = Secret(code)
        # From here on, none of our tracebacks has the code among its locals.
        del code
        self._code.check()
        if method not in METHODS:
            raise ConfigurationError(f"method: must be one of {', '.join(METHODS)}")
        if answer_format not in ANSWER_FORMATS:
            raise ConfigurationError(f"answer_format: must be one of {', '.join(ANSWER_FORMATS)}")
        for name, value in (("connect_timeout", connect_timeout), ("read_timeout", read_timeout)):
            if not (math.isfinite(value) and value > 0):
                raise ConfigurationError(f"{name}: must be seconds above zero")
        self.services = _services(url, services)
        self.method = method
        self.answer_format = answer_format
        self._limiter = limiter or shared_limiter(self.services.call_log_url)
        self._transport = Transport(connect_timeout, read_timeout, ca_bundle)

    @property
    def url(self) -> str:
        """The address of click2call."""
        return self.services.click2call_url

    def __repr__(self) -> str:
        return (
            f"Client(url={self.url!r}, method={self.method!r}, "
            f"answer_format={self.answer_format!r})"
        )

    def call(self, call: Call) -> Accepted:
        """Ask for a click2call, once (vendor page 1.2; answers 1.6).

        Accepted does not mean answered: the result comes by CDR. Raises NotSent (may be tried
        again), OutcomeUnknown (must not be), or a Refused.
        """
        return self._perform(call)

    def message(self, message: Message) -> Accepted:
        """Ask for a recorded message to be played, once (vendor page 1.3). Errors as for `call`."""
        return self._perform(message)

    def callference(self, callference: Callference) -> Accepted:
        """Ask for a phone in a conference room, once (vendor page 1.4). Errors as for `call`."""
        return self._perform(callference)

    def terminate(self, terminate: Terminate) -> Accepted:
        """Ask for an extension's call to be hung up, once (vendor page 1.5). Errors as for `call`.

        The request names no call: it ends whatever the extension is on when it arrives. The CALLID
        of the answer may be "".
        """
        return self._perform(terminate, starts_a_call=False)

    def call_log(self, search: CallLogSearch) -> Iterator[CallLogRecord]:
        """The records of past calls, each once, requested as they are needed.

        There is no limit: a period with more than 10,000 records is requested in parts. Every
        request waits for the limiter first. Records appear minutes after a call. Raises while
        iterating: NotSent, ReadFailed, TooManyRequests (`.retry_after` in seconds), WrongCode,
        Forbidden, or another Refused.
        """
        return paging.records(search, self._call_log_page)

    def active_calls(self, extension: str | None = None) -> list[ExtensionCalls]:
        """The current calls of every extension, or of the one with this SIP code.

        Raises InvalidCall, NotSent, ReadFailed or a Refused. A wrong code also gives an empty list:
        it does not mean that nobody is on the phone.
        """
        fields = active_calls.wire(extension)
        url = self.services.active_calls_url
        return self._guarded(
            lambda: active_calls.read_states(self._ask(url, fields, active_calls.MAX_BODY))
        )

    def extensions(self, *, show_all: bool = True) -> list[AccountExtension]:
        """The account's extensions; with `show_all` False those of the code's department.

        Raises NotSent, ReadFailed or a Refused. A wrong code also gives an empty list: never take
        it as "all extensions are gone".
        """
        fields = {"showAll": int(show_all)}
        url = self.services.extensions_url
        return self._guarded(
            lambda: extensions.read_extensions(self._ask(url, fields, extensions.MAX_BODY))
        )

    def set_login_status(self, *, user_id: str | int, extension: str, status: LoginStatus) -> None:
        """Log a salesperson in or out, or set another status.

        `user_id`: the account's number of the user; `extension`: the SIP code they sit at. Raises
        InvalidCall, NotSent, OutcomeUnknown (setting the same again does no harm), WrongCode (code
        or user not known) or another Refused.
        """
        fields = login_status.wire(user_id, extension, status)
        url = self.services.login_status_url
        self._guarded(
            lambda: login_status.read_login_status(
                self._post(url, fields, login_status.MAX_BODY, code="Code")
            )
        )

    def add_to_blacklist(self, entries: Iterable[BlacklistEntry | str]) -> list[BlacklistResult]:
        """Put 1 to 100 numbers on the account's blacklist.

        No error does not mean that all are on it: check each result's `is_done`. Raises
        InvalidCall, NotSent, OutcomeUnknown (adding again does no harm) or a Refused.
        """
        return self._change_blacklist(blacklist.ADD, entries)

    def remove_from_blacklist(
        self, entries: Iterable[BlacklistEntry | str]
    ) -> list[BlacklistResult]:
        """Take 1 to 100 numbers off the account's blacklist. Results and errors as for adding."""
        return self._change_blacklist(blacklist.REMOVE, entries)

    def providers_time(self) -> datetime | None:
        """The time on the provider's clock now, from the Date of its newest answer; sends nothing.

        Accurate to a second or two. None if no answer has had a Date yet.
        """
        return self._transport.servers_time()

    def close(self) -> None:
        """Close the connection this thread keeps to the provider."""
        self._transport.close()

    def _perform(self, action: Action, *, starts_a_call: bool = True) -> Accepted:
        accepted = self._guarded(
            lambda: read_answer(self._answer(action), starts_a_call=starts_a_call)
        )
        return replace(accepted, error_message=self._code.hidden_in(accepted.error_message))

    def _answer(self, action: Action) -> bytes:
        return self._code.hidden_in_body(
            self._transport.exchange(self._request(action), MAX_ANSWER)
        )

    def _call_log_page(self, search: CallLogSearch) -> Page:
        self._limiter.acquire()
        url = self.services.call_log_url
        return self._guarded(
            lambda: call_log.read_page(self._ask(url, search.wire(), call_log.MAX_BODY))
        )

    def _change_blacklist(
        self, what: str, entries: Iterable[BlacklistEntry | str]
    ) -> list[BlacklistResult]:
        fields = blacklist.wire(entries)
        url = f"{self.services.blacklist_url.rstrip('/')}/{what}"
        results = self._guarded(
            lambda: blacklist.read_results(self._post(url, fields, blacklist.MAX_BODY, code="Code"))
        )
        return [
            replace(result, error_message=self._code.hidden_in(result.error_message))
            for result in results
        ]

    def _guarded(self, work: Callable[[], T]) -> T:
        """The result of the work, or its error, without any secret.

        The stack trace stays complete. The variables of the frames below (the request with the
        code, the body, numbers) are cleared, so that no error page or tracker shows them.
        """
        try:
            return work()
        except Exception as error:
            if isinstance(error, Refused):
                # "Wrong code: ..." would bring the secret into the admin.
                error.error_message = self._code.hidden_in(error.error_message)
            chained: BaseException | None = error
            while chained:
                traceback.clear_frames(chained.__traceback__)
                chained = chained.__cause__ or chained.__context__
            raise

    def _ask(self, url: str, fields: Mapping[str, Any], limit: int) -> Reply:
        """The reply to a question, which changes nothing; sent again if NotSent."""
        try:
            try:
                return self._post(url, fields, limit)
            except NotSent:
                return self._post(url, fields, limit)
        except OutcomeUnknown as unknown:
            raise ReadFailed(str(unknown), reason=unknown.reason) from unknown

    def _post(self, url: str, fields: Mapping[str, Any], limit: int, code: str = "code") -> Reply:
        request = requests.Request("POST", url, json={code: self._code.reveal(), **fields})
        request.headers = dict(_HEADERS)
        reply = self._transport.reply(request.prepare(), limit, EXPLAINED)
        return replace(reply, body=self._code.hidden_in_body(reply.body))

    def _request(self, action: Action) -> requests.PreparedRequest:
        """The request for an action; the secret code is added to its parameters here."""
        parameters = {
            "action": action.action,
            "format": self.answer_format.upper(),  # as the page prints them
            **action.wire(),
        }
        # First in a GET's query: the filter that cuts the query out of log lines looks for it.
        values = {"code": self._code.reveal(), **parameters}
        if self.method == "get":
            request = requests.Request("GET", self.url, params=values)
        elif self.method == "post-json":
            request = requests.Request("POST", self.url, json=values)
        else:
            request = requests.Request("POST", self.url, data=values)
        request.headers = dict(_HEADERS)
        return request.prepare()


def _services(url: str | None, services: Services | None) -> Services:
    if services is None:
        return Services() if url is None else services_beside(url)
    return services if url is None else replace(services, click2call_url=url)
