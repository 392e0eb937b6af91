"""action=callference: ring one phone and put it into a conference room (vendor page 1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from callbacks.voicenter.values import parameters as p
from callbacks.voicenter.values.parameters import Parameter

CALLFERENCE_PARAMETERS: dict[str, Parameter] = {
    "phone": Parameter("phone", p.destination, mandatory=True),
    "bbbcode": Parameter("bbbcode", p.code),
    "target_caller_id": Parameter("targetcallerid", p.caller_id),
    "target_caller_name": Parameter("targetcallername", p.text),
    "phone_max_dial_time": Parameter("phonemaxdialtime", p.seconds, default=30, unit="s"),
    "max_duration": Parameter("maxduration", p.seconds, default=30, unit="s"),
    "phone_auto_answer": Parameter("phoneautoanswer", p.flag, default=False),
}


@dataclass(frozen=True)
class Callference:
    """A call into a conference room; checked when built, so that an invalid one cannot exist.

    None means "not sent": the provider's own default applies. Raises InvalidCall, naming the
    parameter. Source: vendor page 1.4. The repr shows no numbers, names or entry code.

    - `phone`: rung and put into the room. E.164 without the plus, Israeli 0…, or a SIP code.
    - `bbbcode`: the room's entry code.
    - `target_caller_id`, `target_caller_name`: what the phone shows; not every carrier supports it.
    - `phone_max_dial_time`: ring at most this many seconds; default 30, not 60 as for a call.
    - `max_duration`: stay at most this many seconds; default 30: a meeting needs it set.
    - `phone_auto_answer`: extensions only; default False.
    """

    action: ClassVar[str] = "callference"

    phone: str = field(repr=False)
    bbbcode: str | None = field(default=None, repr=False)
    target_caller_id: str | None = field(default=None, repr=False)
    target_caller_name: str | None = field(default=None, repr=False)
    phone_max_dial_time: int | None = None
    max_duration: int | None = None
    phone_auto_answer: bool | None = None

    def __post_init__(self) -> None:
        self.wire()

    def wire(self) -> dict[str, str]:
        """The parameters that are set, under the provider's lower-case names."""
        return p.encode(
            CALLFERENCE_PARAMETERS, {name: getattr(self, name) for name in CALLFERENCE_PARAMETERS}
        )
