"""Finds a person in texts: their numbers, addresses and names, in any spelling.

The patterns work in both Python and PostgreSQL.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus

import phonenumbers

ERASED = "erased"
# What may be between the digits of a number, in text and in URLs.
_BETWEEN = r"(?:[ ./()-]|%20){0,3}"


@dataclass(frozen=True)
class Marks:
    """What texts are searched for. Without any, nothing is found."""

    numbers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @cached_property
    def pattern(self) -> str:
        """A case-insensitive pattern."""
        parts = [
            *map(_number, sorted(self.numbers)),
            *map(_email, sorted(self.emails)),
            *map(_name, sorted(self.names)),
        ]
        return "|".join(parts) or r"(?!)"

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.numbers or self.emails or self.names)

    def found_in(self, text: str) -> bool:
        """Whether any of the marks is in the text."""
        return self._compiled.search(text) is not None

    def around(self, text: str, characters: int) -> str:
        """The text within so many characters around each mark."""
        spans = [it.span() for it in self._compiled.finditer(text)]
        parts = [text[max(start - characters, 0) : end + characters] for start, end in spans]
        return " … ".join(dict.fromkeys(parts))

    def taken_out(self, value: Any, instead: str = ERASED) -> Any:
        """A text, or a JSON value, with each mark replaced by `instead`."""
        if isinstance(value, str):
            return self._compiled.sub(instead, value)
        if isinstance(value, bool | float | None):
            return value
        if isinstance(value, int):
            return instead if self.found_in(str(value)) else value
        if isinstance(value, dict):
            return {
                self.taken_out(key, instead): self.taken_out(it, instead)
                for key, it in value.items()
            }
        return [self.taken_out(it, instead) for it in value]


def of(numbers: Iterable[str], emails: Iterable[str], names: Iterable[str] = ()) -> Marks:
    """Marks from numbers in E.164, addresses in lower case, and names as they were typed."""
    return Marks(frozenset(numbers), frozenset(emails), frozenset(names))


def _number(e164: str) -> str:
    """The number with country code, with or without a plus, or as dialled in its country."""
    read = phonenumbers.parse(e164)
    digits = phonenumbers.national_significant_number(read)
    spaced = _BETWEEN.join(digits)
    code = _BETWEEN.join(str(read.country_code))
    trunk = rf"0?{_BETWEEN}"
    return rf"(?<![0-9])(?:(?:\+|%2B)?{code}{_BETWEEN}{trunk}|0{_BETWEEN}){spaced}(?![0-9])"


def _email(email: str) -> str:
    written = re.escape(email).replace("@", "(?:@|%40)").replace(r"\+", r"(?:\+|%2B|%20| )")
    return rf"(?<![a-z0-9._%-]){written}(?![a-z0-9-])"


def _name(name: str) -> str:
    words = name.split()
    spellings = {
        "[ ]+".join(map(re.escape, words)),
        *(re.escape(it(" ".join(words))) for it in (quote, quote_plus)),
        re.escape(" ".join(words).replace("\\", r"\\").replace('"', r"\"")),
    }
    return rf"(?:{'|'.join(sorted(spellings))})"
