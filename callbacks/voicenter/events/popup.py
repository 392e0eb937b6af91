"""The pop-up screen: the provider asks us who is calling while a phone rings.

It asks again when the call is answered and when it ends, so these requests also report the progress
of a call. An answer must come within three seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from callbacks.voicenter.errors import PopUpError
from callbacks.voicenter.values import documents
from callbacks.voicenter.values import fields as f
from callbacks.voicenter.values.call_id import usable_call_id
from callbacks.voicenter.values.documents import UnreadableError
from callbacks.voicenter.values.text import one_line

# The vendor's browser extension asks from the salesperson's own browser, with this origin.
BROWSER_EXTENSION = "chrome-extension://ifiaikfdhcagbagdeflffjdammidpbio"
MAX_BODY = 256 * 1024
MAX_NAME = 100


class PopUpStatus(StrEnum):
    """What the call is doing."""

    RINGING = "Ringing"
    TALKING = "Talking"
    HANGUP = "Hangup"
    OTHER = ""


_LEGS = {"1": 1, "2": 2}
_STATUSES = {status.lower(): status for status in PopUpStatus}


@dataclass(frozen=True)
class PopUp:
    """A call on an extension that rings, is answered or ends. The repr shows no numbers or names.

    - `call_id`: the CALLID of a click2call (`ivrid`).
    - `extension`: the SIP code of its extension (`extenUser`).
    - `phone`: the number on the other side, `did`: the number that was called; mixed spellings, see
      `phones.to_e164`. `caller_name`: as the network sends it.
    - `status`: ringing, talking, hung up, or OTHER for an unknown word; the word itself is in
      `raw`. `direction`: as sent. `cause`: why it ended, as sent.
    - `leg`: of a click2call, 1 the salesperson's phone, 2 the lead's; None if it is not sent.
    - `is_answered`; `started_at`, `answered_at`: aware, UTC; None if it did not happen.
    - `custom`: the `var_*` of the call, lower-case names without the prefix.
    - `raw`: the fields as received; values that PostgreSQL cannot store are made storable.
    """

    call_id: str
    status: PopUpStatus = PopUpStatus.OTHER
    extension: str = ""
    direction: str = ""
    cause: str = ""
    leg: int | None = None
    is_answered: bool = False
    started_at: datetime | None = None
    answered_at: datetime | None = None
    phone: str = field(default="", repr=False)
    did: str = field(default="", repr=False)
    caller_name: str = field(default="", repr=False)
    custom: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)


def parse_popup(body: bytes, content_type: str) -> PopUp:
    """Read a pop-up request: a JSON or form body, or the query of a GET (as a form).

    The body decides the format; the Content-Type counts only if the body leaves a doubt. Names are
    case-insensitive. Raises PopUpError, reason "too_large" (over 256 KiB), "nested", "unreadable"
    or "no_call_id".
    """
    if len(body) > MAX_BODY:
        raise PopUpError(f"larger than {MAX_BODY} bytes", reason="too_large")
    raw = _read(body, content_type)
    fields = f.folded(raw)
    # The call's own fields fill in what the request leaves out.
    fields = {**f.folded(f.group(fields.get("currentcall"))), **fields}
    call_id = usable_call_id(f.word(fields.get("ivrid"), limit=None))
    if not call_id:
        raise PopUpError("no usable ivrid", reason="no_call_id")
    # `statusCall` in a GET.
    status = f.word(fields.get("status") or fields.get("statuscall") or fields.get("callstatus"))
    return PopUp(
        call_id=call_id,
        status=_STATUSES.get(status.lower(), PopUpStatus.OTHER),
        extension=f.word(fields.get("extenuser")),
        direction=f.word(fields.get("direction")),
        cause=f.word(fields.get("cause")),
        leg=_LEGS.get(f.word(fields.get("c2cdirection"))),
        is_answered=f.truth(fields.get("isanswered")) or f.truth(fields.get("answered")),
        started_at=f.moment(fields.get("callstarted")),
        answered_at=f.moment(fields.get("callanswered")),
        phone=f.word(fields.get("phone") or fields.get("callerphone")),
        did=f.word(fields.get("did")),
        caller_name=f.word(fields.get("callername")),
        custom=f.custom(fields),
        raw=raw,
    )


def popup_answer(
    *, url: str = "", client_name: str = "", company: str = "", total: int | None = None
) -> dict[str, str | int]:
    """The answer to a pop-up request, to be sent as JSON within three seconds.

    - `url`: the page to open; http or https, else ValueError. "" opens none.
    - `client_name`, `company`: the texts to show, cut to 100 characters.
    - `total`: how many people with that number are known; None counts the given name.
    """
    page = f.address(url) if url else ""
    if page is None:
        raise ValueError("url must be an http or https address")
    name = one_line(client_name, MAX_NAME)
    return {
        "STATUS": "OK",
        "URL": page,
        "CLIENTNAME": name,
        "COMPANY": one_line(company, MAX_NAME),
        "TOTAL": int(bool(name)) if total is None else total,
    }


def _read(body: bytes, content_type: str) -> dict[str, Any]:
    looks_like = documents.form_of(body)
    try:
        if looks_like == "form" and "json" not in content_type.lower():
            raw = documents.read_form(body)
        else:
            raw = documents.read_json(body)
    except UnreadableError as error:
        failure = PopUpError(str(error), reason="nested" if error.nested else "unreadable")
    else:
        return {str(name): value for name, value in f.storables(raw).items()}
    raise failure
