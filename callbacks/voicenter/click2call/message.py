"""action=message: ring one phone and play it a recorded message (vendor page 1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from callbacks.voicenter.values import parameters as p
from callbacks.voicenter.values.parameters import Parameter

# Times default to half a minute here; for a call they default to a minute and two hours.
MESSAGE_PARAMETERS: dict[str, Parameter] = {
    "phone": Parameter("phone", p.destination, mandatory=True),
    "pre_rec": Parameter("pre_rec", p.recording),
    "dtmf": Parameter("dtmf", p.dtmf),
    "loop_rec": Parameter("loop_rec", p.recording),
    "post_rec": Parameter("post_rec", p.recording),
    "record": Parameter("record", p.flag),
    "target_caller_id": Parameter("targetcallerid", p.caller_id),
    "target_caller_name": Parameter("targetcallername", p.text),
    "phone_max_dial_time": Parameter("phonemaxdialtime", p.seconds, default=30, unit="s"),
    "max_duration": Parameter("maxduration", p.seconds, default=30, unit="s"),
    "phone_auto_answer": Parameter("phoneautoanswer", p.flag, default=False),
}


@dataclass(frozen=True)
class Message:
    """A recorded message to be played; checked when built, so that an invalid one cannot exist.

    None means "not sent": the provider's own default applies. Raises InvalidCall, naming the
    parameter. Source: vendor page 1.3. The repr shows no numbers or names.

    - `phone`: rung and played to. E.164 without the plus, Israeli 0…, or a SIP code.
    - `pre_rec`: name of the first recording to play, without its file's extension.
    - `dtmf`: then digits (also * and #), played one by one; at most 64.
    - `loop_rec`: the recording after them; `post_rec`: the last one.
    - `record`: record the call.
    - `target_caller_id`, `target_caller_name`: what the phone shows; not every carrier supports it.
    - `phone_max_dial_time`: ring at most this many seconds; default 30, not 60 as for a call.
    - `max_duration`: last at most this many seconds; default 30: a longer message needs it set.
    - `phone_auto_answer`: extensions only; default False.
    """

    action: ClassVar[str] = "message"

    phone: str = field(repr=False)
    pre_rec: str | None = None
    dtmf: str | None = field(default=None, repr=False)
    loop_rec: str | None = None
    post_rec: str | None = None
    record: bool | None = None
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
            MESSAGE_PARAMETERS, {name: getattr(self, name) for name in MESSAGE_PARAMETERS}
        )
