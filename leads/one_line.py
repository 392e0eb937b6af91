"""Numbers that ring the same telephone: lines that can be dialled in two spellings. Pure functions.

Code that checks whether a number is listed, blocked, erased, counted or known checks all spellings
of its line. Only current rules are here, not those that have ended (+381, +377 and +386 for Kosovo,
French and Swiss codes for Monaco and Liechtenstein) or not begun (+379, +997).
"""

from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

# Pairs: another prefix of a line's numbers, and the prefix that they are stored and dialled with.
# The latter is of the line's own country, which decides whether it may be called and what that
# costs.
_TWO_CODES = (
    # The Palestinian networks (056, 059, and landlines such as 02-2...) answer under both.
    ("+972", "+970"),
    # San Marino's landlines stayed in Italy's plan, as area 0549, when San Marino got its own code
    # in 1996 (its plan at the ITU, T020200000B6).
    ("+390549", "+3780549"),
    # Ireland's plan uses 048 for Northern Ireland's 028 (ComReg, Numbering Conditions of Use).
    ("+35348", "+4428"),
    # France's plan includes its departments and Saint-Pierre-et-Miquelon, which have their own
    # codes (ARCEP, decision 2018-0881): 0262 to 0269, 0508, and 059... These are the landlines that
    # libphonenumber also accepts under +33.
    ("+3326", "+26226"),
    ("+33508", "+508"),
    ("+3359", "+59059"),
    ("+3359", "+59459"),
    ("+3359", "+59659"),
)
# Argentina: from abroad a mobile is dialled with a 9 after the country code, and a landline without
# it (its plan at the ITU, T0202000009). Both get their ten digits from the same blocks, so ten
# digits never mean two lines, but the digits do not say which kind they are. The number is dialled
# as typed, and both spellings count as one line.
_TWO_WAYS = ("+549", "+54")
_LENGTHS = (12, 13, 14)  # whole numbers of these countries, with the plus


def own(number: PhoneNumber) -> PhoneNumber:
    """The number that the line of `number` is stored and dialled as."""
    found = _own(_e164(number))
    return phonenumbers.parse(found) if found else number


def stored(e164: str) -> str:
    """The number (E.164) that the line of `e164` is stored and dialled as."""
    return _own(e164) or e164


def identity(e164: str) -> str:
    """One spelling for each line, for comparing numbers; it cannot always be dialled."""
    written = stored(e164)
    with_9, without = _TWO_WAYS
    plain = without + written.removeprefix(with_9)
    return plain if written.startswith(with_9) and _is_valid(plain) else written


def spellings(e164: str) -> set[str]:
    """All numbers (E.164) that ring the same telephone; most lines have only one."""
    line = identity(e164)
    with_9, without = _TWO_WAYS
    others = [other + line.removeprefix(its) for other, its in _TWO_CODES if line.startswith(its)]
    if line.startswith(without):
        others.append(with_9 + line.removeprefix(without))
    return {e164, line, *(it for it in others if identity(it) == line)}


def stored_beginning(value: str) -> str:
    """The prefix that numbers beginning with `value` (+ and digits) are stored with: `value`
    itself, unless all of them have another spelling.
    """
    for other, its in _TWO_CODES:
        begins = its + value.removeprefix(other)
        if value.startswith(other) and any(_all_begin(value, begins, it) for it in _LENGTHS):
            return begins
    return value


def _all_begin(value: str, begins: str, length: int) -> bool:
    lines = (value.ljust(length, filler) for filler in "0159")
    return len(value) <= length and all(stored(it).startswith(begins) for it in lines)


def other_beginnings(digits: str) -> Iterator[str]:
    """Other prefixes that numbers beginning with `digits` may be stored with, for a search by a
    part of a number.
    """
    for other, its in (*_TWO_CODES, _TWO_WAYS, _TWO_WAYS[::-1]):
        if f"+{digits}".startswith(other) and len(digits) > len(other):
            yield its[1:] + digits[len(other) - 1 :]


def sql_spellings(column: str) -> str:
    """An SQL array: the number in `column`, and possible other spellings of its line."""
    pairs = [pair for a, b in (*_TWO_CODES, _TWO_WAYS) for pair in ((a, b), (b, a))]
    starts = sorted({other for other, _its in pairs}, key=len, reverse=True)
    cases = "".join(
        f"WHEN starts_with({column}, '{start}') THEN ARRAY[{column}, "
        + ", ".join(
            f"'{its}' || substr({column}, {len(other) + 1})"
            for other, its in pairs
            if start.startswith(other)
        )
        + "]\n"
        for start in starts
    )
    return f"(CASE {cases} ELSE ARRAY[{column}] END)"


@lru_cache(maxsize=20_000)
def _own(e164: str) -> str:
    """The spelling to store; "" if that is `e164` itself, or if several are possible."""
    found = {
        line
        for other, its in _TWO_CODES
        if e164.startswith(other) and _is_valid(line := its + e164.removeprefix(other))
    }
    return found.pop() if len(found) == 1 else ""


@lru_cache(maxsize=20_000)
def _is_valid(e164: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(e164))
    except NumberParseException:
        return False


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
