"""Active calls: who is on the phone right now, and who is free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callbacks.voicenter.errors import ApplicationError, InvalidParameters, ReadFailed
from callbacks.voicenter.http.replies import Dialect, objects_in
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.services.login_status import LoginStatus
from callbacks.voicenter.values import fields as f
from callbacks.voicenter.values import parameters as p
from callbacks.voicenter.values.call_id import usable_call_id

MAX_BODY = 8 * 1024 * 1024

_DIALECT = Dialect(
    number="err",
    message="desc",
    failure=ReadFailed,
    refusals={1: (InvalidParameters, "error_1"), 2: (ApplicationError, "error_2")},
)


@dataclass(frozen=True)
class LiveCall:
    """One call on an extension. The repr shows no numbers or custom values.

    - `call_id`: the CALLID of a click2call (`ivrid`); "" if missing.
    - `status`: "Ringing", "Dialing", "Talking" or "Hold", as sent; `direction` likewise.
    - `started_at`, `answered_at`: aware, UTC; `answered_at` is None while it rings.
    - `phone`: the number on the other side, `did`: the number that was called; mixed spellings.
    - `custom`: the `var_*` of the call, lower-case names without the prefix.
    - `recording`: the file name of its recording; "" if it is not recorded.
    - `raw`: the fields as received.
    """

    call_id: str
    status: str = ""
    direction: str = ""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    phone: str = field(default="", repr=False)
    did: str = field(default="", repr=False)
    custom: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    recording: str = field(default="", repr=False)


@dataclass(frozen=True)
class ExtensionCalls:
    """An extension and its calls. The repr shows no names.

    - `extension`: the SIP code, as Click2Call takes it for `phone` (`username`); `name`: the
      extension's own name.
    - `representative`: who is logged in, `online_user_id` their number, 0 for nobody; `user_id`:
      whose extension it is. None if missing.
    - `status_id`: what they are doing, as a number, `status` as a LoginStatus; None if the account
      uses one of its own.
    - `calls`: its current calls; () for a free extension.
    - `raw`: the fields as received.
    """

    extension: str
    name: str = field(default="", repr=False)
    representative: str = field(default="", repr=False)
    user_id: int | None = None
    online_user_id: int | None = None
    status_id: int | None = None
    calls: tuple[LiveCall, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @property
    def status(self) -> LoginStatus | None:
        """What the salesperson is doing, if it is one of the documented numbers."""
        return LoginStatus(self.status_id) if self.status_id in set(LoginStatus) else None

    @property
    def is_busy(self) -> bool:
        """Whether the extension has any call, even a ringing one."""
        return bool(self.calls)


def wire(extension: str | None) -> dict[str, str]:
    """The request under the provider's names, without the code. Raises InvalidCall."""
    return p.encode({"extension": p.Parameter("extension", p.sip_code)}, {"extension": extension})


def read_states(reply: Reply) -> list[ExtensionCalls]:
    """Read the answer; entries without a SIP code are skipped. Raises a Refused, or ReadFailed."""
    found = objects_in(_DIALECT.read(reply).get("extensions"))
    if found is None:
        raise _DIALECT.unreadable("the answer has no EXTENSIONS")
    return [state for state in map(_state, found) if state.extension]


def _state(received: Mapping[str, Any]) -> ExtensionCalls:
    raw = f.storables(received)
    fields = f.folded(raw)
    return ExtensionCalls(
        extension=f.word(fields.get("username")),
        name=f.word(fields.get("name")),
        representative=f.word(fields.get("representative")),
        user_id=f.whole(fields.get("userid")),
        online_user_id=f.whole(fields.get("onlineuserid")),
        status_id=f.whole(fields.get("onlineuserstatus")),
        calls=tuple(map(_call, objects_in(fields.get("calls")) or ())),
        raw=raw,
    )


def _call(raw: Mapping[str, Any]) -> LiveCall:
    fields = f.folded(raw)
    return LiveCall(
        call_id=usable_call_id(f.word(fields.get("ivrid"), limit=None)),
        status=f.word(fields.get("callstatus")),
        direction=f.word(fields.get("direction")),
        started_at=f.moment(fields.get("callstarted")),
        answered_at=f.moment(fields.get("callanswered")),
        phone=f.word(fields.get("callerphone")),
        did=f.word(fields.get("did")),
        custom=f.custom(fields),
        raw=raw,
        recording=f.word(f.folded(f.group(fields.get("recording"))).get("filename")),
    )
