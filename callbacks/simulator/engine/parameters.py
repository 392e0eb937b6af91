"""Reads a Click2Call request and checks it against the vendor's page. Pure.

Source: the vendor's Click2Call page, sections 1.2 (call), 1.3 (message), 1.4 (callference) and 1.5
(terminate).
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAX_CUSTOM = 10
INVALID = 1

_DIGITS = re.compile(r"[0-9]{1,15}")
# A SIP code contains a letter: 050-5550167 is a number in a form that the page does not accept.
_SIP_CODE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_SECONDS = re.compile(r"0*[1-9][0-9]{0,5}")
_DNC_CHOICES = {
    "1": frozenset({"phone"}),
    "2": frozenset({"target"}),
    "3": frozenset({"phone", "target"}),
}
TRUNK = "siptrunk"
# Control characters, line and paragraph separators.
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than OK: ERRORCODE and ERRORMESSAGE (page, section 1.6)."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Order:
    """A valid request. Times in seconds; `target` is None for actions with one leg."""

    action: str
    phone: str
    target: str | None = None
    record: bool = False
    phone_rings: int = 60
    target_rings: int = 60
    max_duration: int = 7200
    phone_answers_itself: bool = False
    target_answers_itself: bool = False
    check_phone: bool | None = None
    check_target: bool | None = None
    phone_caller_id: str = ""
    target_caller_id: str = ""
    phone_caller_name: str = ""
    target_caller_name: str = ""
    ignores_dnc: frozenset[str] = frozenset()
    custom: Mapping[str, str] = field(default_factory=dict)


def _is_number(value: str) -> bool:
    if value.isascii() and value.isdigit():
        return bool(_DIGITS.fullmatch(value))
    return bool(_SIP_CODE.fullmatch(value))


def _is_flag(value: str) -> bool:
    return value.lower() in _FLAGS


def _is_seconds(value: str) -> bool:
    return bool(_SECONDS.fullmatch(value))


def _is_text(value: str) -> bool:
    # isprintable() would refuse direction marks, which Hebrew names need.
    return len(value) <= 200 and not any(unicodedata.category(c) in _NO_TEXT for c in value)


def _is_language(value: str) -> bool:
    return len(value) == 2 and value.isascii() and value.isalpha()


def _is_dtmf(value: str) -> bool:
    return bool(re.fullmatch(r"[0-9*#]{1,64}", value))


def _is_dnc_choice(value: str) -> bool:
    return value in _DNC_CHOICES


Rule = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class OrderAction:
    """An action on the page: mandatory parameters, allowed values, defaults in seconds."""

    mandatory: tuple[str, ...]
    rules: Mapping[str, Rule]
    rings: int = 30
    duration: int = 30


_ONE_LEG: dict[str, Rule] = {
    "phone": _is_number,
    "phonelogincode": _is_number,
    "targetcallerid": _is_text,
    "targetcallername": _is_text,
    "phonemaxdialtime": _is_seconds,
    "maxduration": _is_seconds,
    "phoneautoanswer": _is_flag,
    "checkphonedevicestate": _is_flag,
}

ACTIONS: dict[str, OrderAction] = {
    "call": OrderAction(
        mandatory=("phone", "target"),
        rings=60,
        duration=7200,
        rules=_ONE_LEG
        | {
            "target": _is_number,
            "record": _is_flag,
            "phonecallerid": _is_text,
            "phonecallername": _is_text,
            "targetmaxdialtime": _is_seconds,
            "targetautoanswer": _is_flag,
            "checktargetdevicestate": _is_flag,
            "language": _is_language,
            "vm_id": _is_text,
            "ignoredncstatus": _is_dnc_choice,
        },
    ),
    "message": OrderAction(
        mandatory=("phone",),
        rules=_ONE_LEG
        | {
            "record": _is_flag,
            "pre_rec": _is_text,
            "dtmf": _is_dtmf,
            "loop_rec": _is_text,
            "post_rec": _is_text,
        },
    ),
    "callference": OrderAction(mandatory=("phone",), rules=_ONE_LEG | {"bbbcode": _is_text}),
    "terminate": OrderAction(mandatory=("phone",), rules={"phone": _is_number}),
}


def lowered(fields: list[tuple[str, str]]) -> tuple[dict[str, str], bool]:
    """Fields by lower-case name, with white space stripped; and whether a field has two values.

    The vendor's PHP sample has a line break inside the form body, which arrives as white space at
    the end of a value. The real service accepts this, so it is stripped.
    """
    values: dict[str, str] = {}
    twice = False
    for name, value in fields:
        key = name.strip().lower()
        if key in values:
            twice = twice or values[key] != value.strip()
            continue
        values[key] = value.strip()
    return values, twice


def action_of(values: Mapping[str, str]) -> str:
    """The requested action; a request without one is a call, as in the vendor's PHP sample."""
    return values.get("action", "").lower() or "call"


def wants_json(values: Mapping[str, str]) -> bool:
    """Whether to answer in JSON; XML is the default (page, section 1.1)."""
    return values.get("format", "").lower() == "json"


def examine(values: Mapping[str, str], secret: str, custom: Mapping[str, str]) -> Order | Refusal:
    """The order in a request's parameters, or its refusal (always ERRORCODE 1).

    `values` by lower-case name; `custom`: its var_* parameters, with names as sent. An empty
    `secret` accepts every code that is not empty.
    """
    action = ACTIONS.get(action_of(values))
    problem = (
        "Format is invalid"
        if values.get("format", "").lower() not in {"", "xml", "json"}
        else "Action is invalid"
        if action is None
        else code_problem(values.get("code", ""), secret)
    )
    if problem or action is None:
        return Refusal(INVALID, problem)
    problem = _parameter_problem(values, action) or _custom_problem(custom)
    return Refusal(INVALID, problem) if problem else _order(values, action, custom)


def code_problem(given: str, secret: str) -> str:
    """The problem with the code, "" if there is none. An empty `secret` accepts any code but "".

    Compared in constant time.
    """
    if not given:
        return "Code is missing"
    if secret and not hmac.compare_digest(given.encode(), secret.encode()):
        return "Code is invalid"
    return ""


def _parameter_problem(values: Mapping[str, str], action: OrderAction) -> str:
    for name in action.mandatory:
        if not values.get(name):
            return f"{name.capitalize()} is missing"
    if values["phone"].lower() == "logincode" and not values.get("phonelogincode"):
        return "Phonelogincode is missing"
    for name, allowed in action.rules.items():
        value = values.get(name, "")
        if value and not allowed(value):
            return f"{name.capitalize()} is invalid"
    return ""


def _custom_problem(custom: Mapping[str, str]) -> str:
    if len(custom) > MAX_CUSTOM:
        return f"More than {MAX_CUSTOM} var_ parameters"
    if any(len(name) == len("var_") for name in custom):
        return "A var_ parameter has no name"
    return ""


def _order(values: Mapping[str, str], action: OrderAction, custom: Mapping[str, str]) -> Order:
    def flag(name: str) -> bool | None:
        return _FLAGS.get(values.get(name, "").lower())

    def seconds(name: str, default: int) -> int:
        return int(values.get(name) or default)

    phone = values["phone"]
    if phone.lower() == "logincode":
        phone = values["phonelogincode"]
    return Order(
        action=action_of(values),
        phone=phone,
        target=values["target"] if "target" in action.mandatory else None,
        record=bool(flag("record")),
        phone_rings=seconds("phonemaxdialtime", action.rings),
        target_rings=seconds("targetmaxdialtime", action.rings),
        max_duration=seconds("maxduration", action.duration),
        phone_answers_itself=bool(flag("phoneautoanswer")),
        target_answers_itself=bool(flag("targetautoanswer")),
        check_phone=flag("checkphonedevicestate"),
        check_target=flag("checktargetdevicestate"),
        phone_caller_id=values.get("phonecallerid", ""),
        target_caller_id=values.get("targetcallerid", ""),
        phone_caller_name=values.get("phonecallername", ""),
        target_caller_name=values.get("targetcallername", ""),
        ignores_dnc=_DNC_CHOICES.get(values.get("ignoredncstatus", ""), frozenset()),
        custom=dict(custom),
    )


def is_extension(number: str) -> bool:
    """Whether a number is an extension: neither a telephone number nor a trunk."""
    return number.lower() != TRUNK and not (number.isdigit() and len(number) > 6)


def line_key(number: str) -> str:
    """One spelling for a line: +972 50…, 00972 50… and 050… are the same; SIP codes stay
    unchanged.
    """
    text = re.sub(r"[\s()-]", "", number)
    if not re.fullmatch(r"\+?[0-9]+", text):
        return number.strip()
    digits = text.lstrip("+")
    if digits.startswith("00"):
        return digits[2:]
    if digits.startswith("0") and len(digits) in {9, 10}:
        return f"972{digits[1:]}"
    return digits
