"""Answers of the services beside Click2Call: JSON with a number that says how it went.

They differ in names (`ERROR_NUMBER`, `ERR`, `Status`, `ErrorCode`) and in what the numbers mean;
reading them safely is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callbacks.voicenter.errors import Forbidden, Refused, VoicenterError
from callbacks.voicenter.http.transport import Reply, unexplained
from callbacks.voicenter.values import documents
from callbacks.voicenter.values.documents import Pairs, UnreadableError
from callbacks.voicenter.values.text import one_line

MAX_MESSAGE = 500
# Every service's errors may come with one of these, and then the body says which error it is.
EXPLAINED = (400, 401, 403, 404, 429)

_NUMBER = re.compile(r"-?[0-9]{1,9}")
_OK = 200


@dataclass(frozen=True)
class Dialect:
    """How one service says how it went. Names in lower case.

    `failure` makes the error for an answer that cannot be used: ReadFailed for a question,
    OutcomeUnknown for a change. `refusals` has the class and the reason of each known number;
    a service with a second number that says it better has those under `detail`.
    """

    number: str
    message: str
    failure: Callable[..., VoicenterError]
    refusals: Mapping[int, tuple[type[Refused], str]]
    good: int = 0
    detail: str = ""
    details: Mapping[int, tuple[type[Refused], str]] = field(default_factory=dict)

    def read(self, reply: Reply) -> dict[str, Any]:
        """The fields of a good answer, by lower-case name. Raises a Refused or a `failure`."""
        try:
            fields: dict[str, Any] = _without_case(documents.read_json(reply.body, _Members))
        except UnreadableError as error:
            found: VoicenterError = self.unreadable(f"the answer is {error}")
        else:
            number = number_in(fields.get(self.number))
            if reply.status == _OK and number == self.good:
                return fields
            if number not in (None, self.good):
                raise self._refusal(number, fields)
            found = self.unreadable("the answer does not say how it went")
        if reply.status != _OK:
            found = unexplained(reply.status)
            if not isinstance(found, Forbidden):
                found = self.failure(str(found), reason=found.reason)
        raise found

    def unreadable(self, what: str) -> VoicenterError:
        """The error for an answer that makes no sense."""
        return self.failure(what, reason="unreadable")

    def _refusal(self, number: int | None, fields: Mapping[str, Any]) -> Refused:
        known = self.details.get(number_in(fields.get(self.detail)) or 0)
        kind, reason = known or self.refusals.get(number or 0, (Refused, f"error_{number}"))
        message = fields.get(self.message)
        return kind(
            f"refused with {self.number.upper()} {number}",
            reason=reason,
            error_code=number,
            error_message=one_line(message, MAX_MESSAGE) if isinstance(message, str) else "",
        )


class _Members(dict[str, Any]):
    """A JSON object that remembers whether two of its names are the same but for case."""

    def __init__(self, members: Pairs) -> None:
        super().__init__(members)
        self.repeated = len({name.lower() for name, _ in members}) < len(members)


def _without_case(fields: Mapping[str, Any]) -> dict[str, Any]:
    # Two numbers could be a refusal and a success. Further in, the first of a name will do.
    if isinstance(fields, _Members) and fields.repeated:
        raise UnreadableError("a document with a repeated member")
    return {name.lower(): value for name, value in fields.items()}


def number_in(value: object) -> int | None:
    """A whole number, or text of one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def objects_in(value: object) -> list[dict[str, Any]] | None:
    """A list's objects (what else is in it is passed over), or None if it is no list."""
    if not isinstance(value, list):
        return None
    return [dict(item) for item in value if isinstance(item, dict)]
