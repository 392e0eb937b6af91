"""The account's blacklist: numbers that the account does not dial."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from callbacks.voicenter.errors import InvalidParameters, OutcomeUnknown, WrongCode
from callbacks.voicenter.http.replies import MAX_MESSAGE, Dialect, number_in, objects_in
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.values import fields as f
from callbacks.voicenter.values import parameters as p
from callbacks.voicenter.values.text import one_line

ADD = "AddBlackList"
REMOVE = "RemoveBulkFromBlacklist"
MAX_BODY = 256 * 1024
# Our own limit: callers split longer lists into several requests.
MAX_PHONES = 100

_DIALECT = Dialect(
    number="errorcode",
    message="errormessage",
    failure=OutcomeUnknown,
    refusals={1: (WrongCode, "wrong_code"), 2: (InvalidParameters, "error_2")},
)


@dataclass(frozen=True)
class BlacklistEntry:
    """A number for the blacklist; checked when built. Raises InvalidCall.

    `phone`: E.164 without the plus, or Israeli 0…; `name`: its name on the list.
    """

    phone: str = field(repr=False)
    name: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.wire()

    def wire(self) -> dict[str, str]:
        """The entry under the provider's names."""
        return p.encode(_ENTRY, {"phone": self.phone, "name": self.name})


_ENTRY = {
    "phone": p.Parameter("Phone", p.number, mandatory=True),
    "name": p.Parameter("Name", p.text),
}


@dataclass(frozen=True)
class BlacklistResult:
    """The result for one number. `error_code`: 0 done, 1 no number, 2 a fault; None: unreadable."""

    phone: str = field(repr=False)
    error_code: int | None
    error_message: str = field(default="", repr=False)

    @property
    def is_done(self) -> bool:
        """Whether the number was added or removed."""
        return self.error_code == 0


def wire(entries: Iterable[BlacklistEntry | str]) -> dict[str, Any]:
    """The request under the provider's names, without the code. Raises InvalidCall."""
    phones = [
        (entry if isinstance(entry, BlacklistEntry) else BlacklistEntry(entry)).wire()
        for entry in entries
    ]
    if not 1 <= len(phones) <= MAX_PHONES:
        raise p.invalid("phones", f"must be 1 to {MAX_PHONES}")
    return {"Phones": phones}


def read_results(reply: Reply) -> list[BlacklistResult]:
    """Read the answer. Raises a Refused, or OutcomeUnknown."""
    found = objects_in(_DIALECT.read(reply).get("phones"))
    if found is None:
        raise _DIALECT.unreadable("the answer has no Phones")
    return [_result(f.folded(f.storables(item))) for item in found]


def _result(fields: dict[str, Any]) -> BlacklistResult:
    message = fields.get("errormessage")
    return BlacklistResult(
        phone=f.word(fields.get("phone")),
        error_code=number_in(fields.get("errorcode")),
        error_message=one_line(message, MAX_MESSAGE) if isinstance(message, str) else "",
    )
