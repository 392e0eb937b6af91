"""Kinds of Click2Call parameters: what each accepts, and how it is written on the wire.

A check takes the Python value and returns the text to send, or raises ValueError saying what the
parameter needs. It never quotes the value: values are phone numbers and names of people. Limits
from the vendor's page are marked "page 1.2"; the others are ours, to prevent accidents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callbacks.voicenter.errors import InvalidCall
from callbacks.voicenter.values.text import breaks_a_line

Check = Callable[[object], str]

SIP_TRUNK = "SIPTRUNK"
LOGIN_CODE = "logincode"
MAX_SECONDS = 86_400
MAX_TEXT = 100
MAX_VARIABLES = 10  # page 1.2, var_*
MAX_VARIABLE_TEXT = 255
VARIABLE_PREFIX = "var_"

# Israeli 0… numbers have nine or ten digits. One to six digits are a short extension code.
_ISRAELI = re.compile(r"0[1-9][0-9]{7,8}")
_INTERNATIONAL = re.compile(r"[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{1,6}")
_NUMBERS = (_ISRAELI, _INTERNATIONAL, _SHORT_CODE)
_SIP_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CALLER_ID = re.compile(r"\+?[A-Za-z0-9._-]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")  # page 1.2: he, en, ru
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DTMF = re.compile(r"[0-9*#]{1,64}")
_EXTENSION_OF_FILE = re.compile(r"\.(wav|mp3|gsm|ogg|aac|alaw|ulaw|sln)$", re.IGNORECASE)


@dataclass(frozen=True)
class Parameter:
    """One row of a parameter table on the vendor's page.

    `wire`: the name that is sent. `default`: the provider's default if it is not sent (None: the
    page names none). `unit`: "s" for seconds.
    """

    wire: str
    check: Check
    default: int | bool | str | None = None
    unit: str = ""
    mandatory: bool = False


def encode(table: Mapping[str, Parameter], values: Mapping[str, object]) -> dict[str, str]:
    """The parameters that are set (not None), checked, under their wire names.

    Raises InvalidCall, which names the first parameter at fault.
    """
    wire: dict[str, str] = {}
    for name, parameter in table.items():
        value = values[name]
        if value is None or (parameter.mandatory and value == ""):
            if parameter.mandatory:
                raise invalid(name, "is missing")
            continue
        try:
            wire[parameter.wire] = parameter.check(value)
        except ValueError as error:
            raise invalid(name, str(error)) from None
    return wire


def invalid(name: str, what: str) -> InvalidCall:
    """The error that says what is wrong with the parameter with this Python name."""
    return InvalidCall(f"{name}: {what}", parameter=name)


def flag(value: object) -> str:
    """True or False, sent as `true` or `false`."""
    if not isinstance(value, bool):
        raise ValueError("must be True or False")
    return "true" if value else "false"


def seconds(value: object) -> str:
    """Whole seconds, 1 to 86,400."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SECONDS:
        raise ValueError(f"must be whole seconds, 1 to {MAX_SECONDS}")
    return str(value)


def one_of(*allowed: int) -> Check:
    """One of a few whole numbers."""

    def check(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise ValueError("must be one of " + ", ".join(map(str, allowed)))
        return str(value)

    return check


def text(value: object, limit: int = MAX_TEXT) -> str:
    """One line of text, not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be text that is not empty")
    if breaks_a_line(value):
        raise ValueError("must have no control characters or line ends")
    if len(value) > limit:
        raise ValueError(f"must have at most {limit} characters")
    return value


def _matching(pattern: re.Pattern[str], what: str) -> Check:
    def check(value: object) -> str:
        if not pattern.fullmatch(text(value)):
            raise ValueError(what)
        return str(value)

    return check


caller_id = _matching(_CALLER_ID, "must be a number or a code without spaces")
code = _matching(_SIP_CODE, "must be letters, digits, dots, dashes and underscores")
language = _matching(_LANGUAGE, "must be a language code of two letters, such as he, en or ru")
dtmf = _matching(_DTMF, "must be 1 to 64 digits, * or #")
sip_code = _matching(_SIP_CODE, "must be a SIP code")


def recording(value: object) -> str:
    """The name of a recorded message, without its file's extension (page 1.3)."""
    name = text(value)
    if "/" in name or "\\" in name or _EXTENSION_OF_FILE.search(name):
        raise ValueError("must be the name of a record, without folder and extension")
    return name


def number(value: object) -> str:
    """A phone number: E.164 without the plus, or Israeli 0…; no extension."""
    given = text(value)
    if not (_INTERNATIONAL.fullmatch(given) or _ISRAELI.fullmatch(given)):
        raise ValueError("must be E.164 without the plus, or Israeli 0…")
    return given


def destination(value: object) -> str:
    """A number (E.164 without the plus, or Israeli 0…) or a SIP code, sent exactly as given."""
    given = text(value)
    if given.lower() in (SIP_TRUNK.lower(), LOGIN_CODE.lower()):
        raise ValueError(f"{SIP_TRUNK} and {LOGIN_CODE} are for phone only, spelled so")
    if given.startswith("+"):
        raise ValueError("must be E.164 without the leading plus")
    if not _SIP_CODE.fullmatch(given):
        raise ValueError("must be a phone number in digits, or a SIP code")
    # No letters: a number. A mistyped one (050-555…) would otherwise pass for a SIP code.
    is_number = not any(c.isalpha() for c in given)
    if is_number and not any(kind.fullmatch(given) for kind in _NUMBERS):
        raise ValueError("must be E.164 without the plus, Israeli 0…, or a SIP code")
    return given


def first_destination(value: object) -> str:
    """Like `destination`; also `SIPTRUNK` and `logincode` (page 1.2, Phone)."""
    if isinstance(value, str) and value in (SIP_TRUNK, LOGIN_CODE):
        return value
    return destination(value)


def variables(given: object) -> dict[str, str]:
    """Custom `var_*` parameters under their wire names: at most ten (page 1.2)."""
    if not isinstance(given, Mapping):
        raise invalid("variables", "must be a mapping of names to text")
    if len(given) > MAX_VARIABLES:
        raise invalid("variables", f"must be at most {MAX_VARIABLES}")
    wire: dict[str, str] = {}
    for name, value in given.items():
        # They come back in any case, so two names must not differ only by case.
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise invalid("variables", "names must be lower-case letters, digits and _")
        if name.startswith(VARIABLE_PREFIX):
            raise invalid("variables", f"names go without {VARIABLE_PREFIX}, which is added")
        try:
            wire[VARIABLE_PREFIX + name] = text(value, MAX_VARIABLE_TEXT)
        except ValueError as error:
            raise invalid("variables", f"value {error}") from None
    return wire
