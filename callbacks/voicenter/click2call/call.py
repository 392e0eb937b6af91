"""action=call: ring one phone, then another, and bridge the two (vendor page 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from callbacks.voicenter.values import parameters as p
from callbacks.voicenter.values.parameters import Parameter

# The one place where our names meet the provider's.
CALL_PARAMETERS: dict[str, Parameter] = {
    "phone": Parameter("phone", p.first_destination, mandatory=True),
    "target": Parameter("target", p.destination, mandatory=True),
    "phone_login_code": Parameter("phonelogincode", p.code),
    "record": Parameter("record", p.flag, default=False),
    "phone_caller_id": Parameter("phonecallerid", p.caller_id),
    "phone_caller_name": Parameter("phonecallername", p.text),
    "target_caller_id": Parameter("targetcallerid", p.caller_id),
    "target_caller_name": Parameter("targetcallername", p.text),
    "phone_max_dial_time": Parameter("phonemaxdialtime", p.seconds, default=60, unit="s"),
    "target_max_dial_time": Parameter("targetmaxdialtime", p.seconds, default=60, unit="s"),
    "max_duration": Parameter("maxduration", p.seconds, default=7200, unit="s"),
    "phone_auto_answer": Parameter("phoneautoanswer", p.flag, default=False),
    "target_auto_answer": Parameter("targetautoanswer", p.flag, default=False),
    "check_phone_device_state": Parameter("checkphonedevicestate", p.flag),
    "check_target_device_state": Parameter("checktargetdevicestate", p.flag),
    "language": Parameter("language", p.language),
    "vm_id": Parameter("vm_id", p.code),
    # Newer than the page: 1 phone, 2 target, 3 both may be on a do-not-call list.
    "ignore_dnc_status": Parameter("ignoredncstatus", p.one_of(1, 2, 3)),
}


@dataclass(frozen=True)
class Call:
    """A click2call to be made; checked when built, so that an invalid one cannot exist.

    None means "not sent": the provider's own default applies. Raises InvalidCall, naming the
    parameter. Source: vendor page 1.2. The repr shows no numbers, codes, names or variables.

    - `phone`: rung first. E.164 without the plus, Israeli 0…, a SIP code (case-sensitive),
      `SIPTRUNK`, or `logincode`, which needs `phone_login_code`.
    - `target`: rung second, once `phone` has answered. The same forms except the last two.
    - `record`: record the conversation; default False.
    - `phone_caller_id`, `phone_caller_name`, `target_caller_id`, `target_caller_name`: what each
      side's phone shows; not every carrier supports it.
    - `phone_max_dial_time`, `target_max_dial_time`: ring at most this many seconds; default 60.
    - `max_duration`: talk at most this many seconds; default 7200.
    - `phone_auto_answer`, `target_auto_answer`: extensions only; default False.
    - `check_phone_device_state`, `check_target_device_state`: refuse if that extension is offline.
    - `language`: of the system's prompts: he, en, ru …
    - `vm_id`: voicemail code, if `phone` is an extension.
    - `ignore_dnc_status`: 1 phone, 2 target, 3 both.
    - `variables`: up to ten of your own (`var_*`, named here without the prefix); they come back
      with the call's records.
    """

    action: ClassVar[str] = "call"

    phone: str = field(repr=False)
    target: str = field(repr=False)
    record: bool | None = None
    phone_caller_id: str | None = field(default=None, repr=False)
    phone_caller_name: str | None = field(default=None, repr=False)
    target_caller_id: str | None = field(default=None, repr=False)
    target_caller_name: str | None = field(default=None, repr=False)
    phone_max_dial_time: int | None = None
    target_max_dial_time: int | None = None
    max_duration: int | None = None
    phone_auto_answer: bool | None = None
    target_auto_answer: bool | None = None
    check_phone_device_state: bool | None = None
    check_target_device_state: bool | None = None
    language: str | None = None
    vm_id: str | None = field(default=None, repr=False)
    ignore_dnc_status: int | None = None
    phone_login_code: str | None = field(default=None, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    def __post_init__(self) -> None:
        self.wire()
        # A copy, so that later changes by the caller do not bypass the check.
        object.__setattr__(self, "variables", dict(self.variables))

    def wire(self) -> dict[str, str]:
        """The parameters that are set, under the provider's lower-case names."""
        wire = p.encode(CALL_PARAMETERS, {name: getattr(self, name) for name in CALL_PARAMETERS})
        if (self.phone == p.LOGIN_CODE) != (self.phone_login_code is not None):
            raise p.invalid(
                "phone_login_code", f"goes with phone={p.LOGIN_CODE}, neither without the other"
            )
        return wire | p.variables(self.variables)
