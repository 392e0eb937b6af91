"""The account's extensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callbacks.voicenter.errors import ReadFailed, WrongCode
from callbacks.voicenter.http.replies import Dialect, objects_in
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.values import fields as f

MAX_BODY = 8 * 1024 * 1024
MAX_EMAIL = 254

_DIALECT = Dialect(
    number="err",
    message="desc",
    failure=ReadFailed,
    refusals={1: (WrongCode, "wrong_code")},
)


@dataclass(frozen=True)
class AccountExtension:
    """An extension of the account. The repr does not show whose it is.

    - `sip`: the SIP code, as Click2Call takes it for `phone`; case-sensitive.
    - `name`, `speed_dial`: as set in the account.
    - `account_id`, `account_name`: the department it belongs to.
    - `user_name`, `user_email`: who uses it; "" for nobody.
    - `raw`: the fields as received.
    """

    sip: str
    name: str = field(default="", repr=False)
    speed_dial: str = ""
    account_id: int | None = None
    account_name: str = ""
    user_name: str = field(default="", repr=False)
    user_email: str = field(default="", repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)


def read_extensions(reply: Reply) -> list[AccountExtension]:
    """Read the answer; entries without a SIP code are skipped. Raises a Refused, or ReadFailed."""
    found = objects_in(_DIALECT.read(reply).get("extensions"))
    if found is None:
        raise _DIALECT.unreadable("the answer has no EXTENSIONS")
    return [extension for extension in map(_extension, found) if extension.sip]


def _extension(received: Mapping[str, Any]) -> AccountExtension:
    raw = f.storables(received)
    fields = f.folded(raw)
    return AccountExtension(
        sip=f.word(fields.get("sip")),
        name=f.word(fields.get("name")),
        speed_dial=f.word(fields.get("speeddial")),
        account_id=f.whole(fields.get("accountid")),
        account_name=f.word(fields.get("accountname")),
        user_name=f.word(fields.get("username")),
        user_email=f.word(fields.get("useremail"), MAX_EMAIL),
        raw=raw,
    )
