"""Everything that can go wrong with the provider, as one tree.

    VoicenterError
    ├── ConfigurationError      the client was built with unusable settings (also a ValueError)
    ├── InvalidCall             a parameter would not be accepted (also a ValueError); not sent
    ├── NotSent                 certainly no byte of the request was sent: may be tried again
    ├── OutcomeUnknown          a change was sent, its outcome is unknown: a call may have been
    │                           dialled, so never repeat it blindly
    ├── ReadFailed              a question was sent and not answered: nothing changed, and it may
    │                           be asked again
    ├── Refused                 the provider said no: certainly not dialled, not changed
    │   ├── InvalidParameters   ERRORCODE 1, or its equivalent in the other services
    │   ├── ApplicationError    ERRORCODE 2, or its equivalent in the other services
    │   ├── ExtensionOffline    ERRORCODE 3
    │   ├── ExtensionBlocked    ERRORCODE 4
    │   ├── TooManyRequests     the Call Log's limit; `.retry_after` in seconds
    │   └── Forbidden           HTTP 401 or 403: address or code not permitted
    │       └── WrongCode       only the code is wrong: no account has it
    └── NotificationError       what the provider posted to us cannot be read
        ├── CdrError            ... as a CDR notification
        └── PopUpError          ... as a pop-up request

Each has a short `.reason` for machines. InvalidCall: "invalid"; ConfigurationError:
"configuration". NotSent: "dns", "refused", "connect_timeout", "tls", "connect". OutcomeUnknown:
"read_timeout", "reset", "truncated", "tls", "protocol", "too_large", "unreadable", "contradicting",
"http_<status>". ReadFailed: the same except "contradicting", and "too_many" (more records in one
second than the Call Log returns). Refused: "code_<n>" for an ERRORCODE, "error_<n>" or "status_<n>"
for a number of another service, "http_401", "http_403", "wrong_code", "wrong_address",
"too_many_requests", and "rate_limit" if our own limiter refused. NotificationError: "too_large",
"unreadable", "nested", "no_call_id".

No message contains the secret code, a phone number or the provider's own words. Those words are in
`.error_message`, for the page that shows them to people who may see them. Foreign exceptions are
never chained: those of requests quote the address, and with GET the code is part of it. All errors
can be pickled, for result backends that need it.
"""

from __future__ import annotations


class VoicenterError(Exception):
    """Base of everything that this library raises on purpose."""

    reason: str = "error"

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        if reason:
            self.reason = reason


class ConfigurationError(VoicenterError, ValueError):
    """The client cannot work with this address, code, method, format or time limit."""

    reason = "configuration"


class InvalidCall(VoicenterError, ValueError):  # noqa: N818
    """A parameter is missing or outside its limits; `.parameter` is its Python name."""

    reason = "invalid"

    def __init__(self, message: str = "", *, parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


class NotSent(VoicenterError):  # noqa: N818
    """No byte of the request was sent, so nothing was dialled. It may be tried again."""

    reason = "connect"


class OutcomeUnknown(VoicenterError):  # noqa: N818
    """A change was sent, or may have been, and its outcome is unknown.

    `.call_id`: the CALLID if the answer contained a usable one, else "". It helps to find the call
    in the provider's records.
    """

    reason = "protocol"

    def __init__(self, message: str = "", *, reason: str = "", call_id: str = "") -> None:
        super().__init__(message, reason=reason)
        self.call_id = call_id


class ReadFailed(VoicenterError):  # noqa: N818
    """A question that changes nothing got no usable answer. It may be asked again."""

    reason = "protocol"


class Refused(VoicenterError):  # noqa: N818
    """The provider refused (vendor page 1.6). Nothing was dialled, nothing was changed.

    `.error_code`: the ERRORCODE (or another service's error number); None for a refusal by HTTP
    status. `.error_message`: the provider's text on one line, at most 500 characters.
    """

    reason = "refused"

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "",
        error_code: int | None = None,
        error_message: str = "",
    ) -> None:
        super().__init__(message, reason=reason)
        self.error_code = error_code
        self.error_message = error_message


class InvalidParameters(Refused):
    """ERRORCODE 1: the provider did not accept the parameters."""


class ApplicationError(Refused):
    """ERRORCODE 2: a fault on the provider's side."""


class ExtensionOffline(Refused):
    """ERRORCODE 3: the salesperson's extension is offline."""


class ExtensionBlocked(Refused):
    """ERRORCODE 4: the extension may not make Click2Call calls."""


class TooManyRequests(Refused):
    """More Call Log requests than 30 a minute, or a longer wait than the limiter allows.

    `.retry_after`: seconds until it is worth asking again.
    """

    reason = "too_many_requests"

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "",
        error_code: int | None = None,
        error_message: str = "",
        retry_after: float = 5.0,
    ) -> None:
        super().__init__(message, reason=reason, error_code=error_code, error_message=error_message)
        self.retry_after = retry_after


class Forbidden(Refused):
    """Our address is not on the account's allow-list, or the code is wrong (HTTP 401 or 403)."""


class WrongCode(Forbidden):
    """The service does not know the code (login status: or the user)."""

    reason = "wrong_code"


class NotificationError(VoicenterError):
    """Something the provider posted to us cannot be read."""

    reason = "unreadable"


class CdrError(NotificationError):
    """A CDR notification that cannot be read."""


class PopUpError(NotificationError):
    """A pop-up request that cannot be read."""


_BY_CODE: dict[int, type[Refused]] = {
    1: InvalidParameters,
    2: ApplicationError,
    3: ExtensionOffline,
    4: ExtensionBlocked,
}


def refusal(error_code: int, error_message: str) -> Refused:
    """The error for an ERRORCODE other than 0; a plain Refused for an undocumented code."""
    return _BY_CODE.get(error_code, Refused)(
        f"refused with ERRORCODE {error_code}",
        reason=f"code_{error_code}",
        error_code=error_code,
        error_message=error_message,
    )
