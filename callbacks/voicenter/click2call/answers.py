"""The answer to a Click2Call request, JSON or XML, as one object or one error (vendor page 1.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from callbacks.voicenter.errors import OutcomeUnknown, refusal
from callbacks.voicenter.values import documents
from callbacks.voicenter.values.call_id import usable_call_id
from callbacks.voicenter.values.documents import Pairs, UnreadableError
from callbacks.voicenter.values.text import one_line

MAX_ANSWER = 64 * 1024
MAX_MESSAGE = 500

# Not int() alone: it would also accept "0_0" and digits of other scripts.
_ERROR_CODE = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass(frozen=True)
class Accepted:
    """The provider accepted the request (ERRORCODE 0). Nobody has answered a phone yet.

    `call_id`: opaque, at most 64 characters; "" if a terminate named no call. `error_message`: the
    provider's text, one line of at most 500 characters.
    """

    call_id: str
    error_code: int
    error_message: str


def read_answer(body: bytes, *, starts_a_call: bool = True) -> Accepted:
    """Read an answer body; the body itself decides whether it is JSON or XML.

    Raises a Refused for an ERRORCODE other than 0. Raises OutcomeUnknown, reason "too_large" (over
    64 KiB); "unreadable", if it is neither format or has no ERRORCODE; "contradicting", if it says
    accepted without a usable CALLID, or refused with one ("in case of failure is empty", page 1.6:
    a call that has an id may well be ringing). With `starts_a_call` False (ending a call), an
    answer needs no CALLID to be accepted.
    """
    if len(body) > MAX_ANSWER:
        raise OutcomeUnknown(f"the answer is larger than {MAX_ANSWER} bytes", reason="too_large")
    fields = _read(body)
    code = _error_code(fields.get("errorcode"))
    message = one_line(_scalar(fields.get("errormessage")) or "", MAX_MESSAGE)
    given = _scalar(fields.get("callid"))
    call_id = usable_call_id(given)
    if code != 0:
        if given:
            raise _contradicting(f"ERRORCODE {code} with a CALLID", call_id)
        if given is None and fields.get("callid") is not None:
            raise _contradicting(f"ERRORCODE {code} with a CALLID that is no text", "")
        raise refusal(code, message)
    if starts_a_call and not call_id:
        raise _contradicting("ERRORCODE 0 without a usable CALLID", "")
    return Accepted(call_id=call_id, error_code=code, error_message=message)


def _read(body: bytes) -> dict[str, Any]:
    try:
        if documents.form_of(body) == "xml":
            return documents.read_xmlrpc(body, "methodResponse", _without_case)
        return documents.read_json(body, _without_case)
    except UnreadableError as error:
        failure = OutcomeUnknown(f"the answer is {error}", reason="unreadable")
    raise failure


def _without_case(members: Pairs) -> dict[str, Any]:
    """Members by lower-case name. Two of one name could be a refusal and an acceptance."""
    folded: dict[str, Any] = {}
    for name, value in members:
        if name.lower() in folded:
            raise UnreadableError("a document with a repeated member")
        folded[name.lower()] = value
    return folded


def _error_code(value: object) -> int:
    text = _scalar(value)
    if text is None or not _ERROR_CODE.fullmatch(text):
        raise OutcomeUnknown("the answer has no readable ERRORCODE", reason="unreadable")
    return int(text)


def _scalar(value: object) -> str | None:
    """Text or a whole number as trimmed text: XML has strings where JSON has integers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()


def _contradicting(what: str, call_id: str) -> OutcomeUnknown:
    return OutcomeUnknown(f"the answer is {what}", reason="contradicting", call_id=call_id)
