"""The login status of a salesperson in the account: its values, and setting it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from callbacks.voicenter.errors import (
    ApplicationError,
    InvalidParameters,
    OutcomeUnknown,
    WrongCode,
)
from callbacks.voicenter.http.replies import Dialect
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.values import parameters as p

MAX_BODY = 64 * 1024


class LoginStatus(IntEnum):
    """The numbers of the reference; an account may use its own names for them."""

    LOGIN = 1
    LOGOUT = 2
    LUNCH = 3
    ADMINISTRATIVE = 5
    PRIVATE = 7
    OTHER = 9
    TRAINING = 11
    TEAM_MEETING = 12
    BRIEF = 13


_DIALECT = Dialect(
    number="status",
    message="statuserromessage",  # spelled like this
    failure=OutcomeUnknown,
    refusals={
        2: (WrongCode, "wrong_code"),
        3: (InvalidParameters, "status_3"),
        4: (InvalidParameters, "status_4"),
    },
    good=1,
    detail="statuserror",
    details={4: (ApplicationError, "error_4"), 6: (InvalidParameters, "error_6")},
)


def wire(user_id: str | int, extension: str, status: LoginStatus) -> dict[str, Any]:
    """The request under the provider's names, without the code. Raises InvalidCall."""
    try:
        known = LoginStatus(status)
    except ValueError:
        known = None
    if known is None:
        raise p.invalid("status", "must be a LoginStatus")
    names = {
        "user_id": p.Parameter("UserId", lambda value: p.code(str(value)), mandatory=True),
        "extension": p.Parameter("ExtensionUser", p.sip_code, mandatory=True),
    }
    return {**p.encode(names, {"user_id": user_id, "extension": extension}), "Status": int(known)}


def read_login_status(reply: Reply) -> None:
    """Return if the status was set. Raises a Refused, or OutcomeUnknown."""
    _DIALECT.read(reply)
