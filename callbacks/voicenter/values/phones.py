"""Phone numbers in the provider's spelling and in ours.

Ours is E.164 with the plus. The provider takes E.164 without it, or Israeli 0… (vendor page 1.2),
and its records mix both. String rules only: whether a number exists is checked elsewhere.
"""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SEPARATORS = re.compile(r"[\s().\-/]+")
_DIGITS = re.compile(r"[0-9]{7,17}")
_ISRAELI = re.compile(r"\+972[2-9][0-9]{7,8}")
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")
# Shorter digits without a plus or a leading zero could be an extension, or a national number that
# lost its zero: a wrong guess would be a number in another country.
_SHORTEST_BARE = 10
_SHORTEST_LOCAL = 8
_WITHHELD = frozenset({"anonymous", "unknown", "restricted", "private", "unavailable"})


def to_provider(e164: str) -> str:
    """`+972505550101` as the provider takes it, `972505550101`; ValueError if it is not E.164."""
    if not _E164.fullmatch(e164):
        raise ValueError("not a number in E.164 form with a leading plus")
    return e164[1:]


def to_e164(text: str, default_country_code: str = "972") -> str | None:
    """A number from a record as E.164 with the plus, or None if it is not a full phone number.

    Reads `0722776772`, `972722776772`, `+972…`, `00972…`, with separators. A number with a
    leading zero belongs to `default_country_code` (digits). None for extensions, SIP codes,
    star and toll-free codes and `Anonymous`.
    """
    compact = _SEPARATORS.sub("", text)
    digits = compact.removeprefix("+")
    if not _DIGITS.fullmatch(digits):
        return None
    if not compact.startswith("+"):
        if digits.startswith("00"):
            digits = digits[2:]
        elif digits.startswith("0") and len(digits) >= _SHORTEST_LOCAL:
            digits = default_country_code + digits[1:]
        elif len(digits) < _SHORTEST_BARE:
            return None
    # A zero after the country code: somebody put the code before a local number.
    if digits.startswith(default_country_code + "0"):
        digits = default_country_code + digits[len(default_country_code) + 1 :]
    return _plausible("+" + digits)


def normalised(text: str, default_country_code: str = "972") -> str:
    """One spelling for each party of a call, for comparing them.

    A full phone number as E.164 with the plus; an extension or a SIP code exactly as given,
    including case; "" for a withheld (`Anonymous`) or missing number.
    """
    given = text.strip()
    if given.lower() in _WITHHELD:
        return ""
    return to_e164(given, default_country_code) or given


def _plausible(e164: str) -> str | None:
    if e164.startswith("+972"):
        rule = _ISRAELI
    elif e164.startswith("+1"):
        # Also keeps Israeli 1-700 and 1-800 numbers from looking like American ones.
        rule = _NORTH_AMERICAN
    else:
        rule = _E164
    return e164 if rule.fullmatch(e164) else None
