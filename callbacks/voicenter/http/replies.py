"""Answers of the services other than Click2Call: JSON with a number for the result.

The services differ in names (`ERROR_NUMBER`, `ERR`, `Status`, `ErrorCode`) and in the meaning of
the numbers; reading them safely is the same for all.
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
# Any service's errors may have one of these statuses; the body then says which error it is.
EXPLAINED = (400, 401, 403, 404, 429)

_NUMBER = re.compile(r"-?[0-9]{1,9}")
_OK = 200


@dataclass(frozen=True)
class Dialect:
    """How one service reports its result. Names in lower case.

    `failure` makes the error for an unusable answer: ReadFailed for a question, OutcomeUnknown for
    a change. `refusals`: class and reason of each known number. A service whose errors have a
    second, more exact number has its name in `detail` and its classes in `details`.
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
    """A JSON object that notes whether two of its names differ only by case."""

    def __init__(self, members: Pairs) -> None:
        super().__init__(members)
        self.repeated = len({name.lower() for name, _ in members}) < len(members)


def _without_case(fields: Mapping[str, Any]) -> dict[str, Any]:
    # Two numbers could be a refusal and a success. Deeper inside, the first of a name is used.
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
    """The objects in a list (other items are skipped); None if `value` is not a list."""
    if not isinstance(value, list):
        return None
    return [dict(item) for item in value if isinstance(item, dict)]
