"""Passwords that are refused beyond Django's checks: too long ones, and disguised leaked ones.

No rule requires certain characters: such rules turn "password" into "Password1!", which is detected
here instead. Django ships the 20,000 most frequent leaked passwords. Few have the required twelve
characters, so `leaked.txt` has more of that length (the first 12 digits of their SHA-256; from the
30,000 most frequent passwords that zxcvbn ships).
"""

import hashlib
import re
from functools import cache
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext

_DIGITS_KEPT = 12
# Characters that replace letters.
_DISGUISE = str.maketrans("@4301!5$7", "aaeoiisst")
_REPEATED = re.compile(r"(.{1,8}?)\1+.{0,7}")
_LEAST_CORE = 4
# Neighbouring keys, and counting.
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEAST_ROW = 4


class LongestValidator:
    """Limits how much is hashed, so that two logins at a time cost no more than two."""

    def __init__(self, max_length: int = 128) -> None:
        self._most = max_length

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:  # noqa: ARG002
        """Raises ValidationError."""
        if len(password) > self._most:
            raise ValidationError(self._said(), code="password_too_long")

    def get_help_text(self) -> str:
        """For the form."""
        return self._said()

    def _said(self) -> str:
        return ngettext(
            "Your password may have at most %(most)d character.",
            "Your password may have at most %(most)d characters.",
            self._most,
        ) % {"most": self._most}


class DisguisedValidator:
    """Refuses leaked passwords even with characters for letters, with something around them, or
    repeated; also rows of keys.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:  # noqa: ARG002
        """Raises ValidationError."""
        if is_guessed_first(password):
            raise ValidationError(
                gettext(
                    "This password is among the first that attackers try. Use several words that "
                    "do not belong together."
                ),
                code="password_too_common",
            )

    def get_help_text(self) -> str:
        """For the form."""
        return gettext("Several words that do not belong together are easy to remember.")


def is_guessed_first(password: str) -> bool:
    """Whether it is a leaked password, or little more."""
    plain = password.casefold().strip()
    if _is_leaked(plain) or _is_rows(plain):
        return True
    if (found := _REPEATED.fullmatch(plain)) and found[0].startswith(found[1] * 2):
        return len(found[1]) * 3 <= len(plain) or _is_leaked(found[1])
    return any(
        len(core) >= _LEAST_CORE and _is_leaked(core) and len(plain) - len(core) < len(core) * 2
        for core in {_core(plain), _core(plain.translate(_DISGUISE))}
    )


def _core(text: str) -> str:
    """The text without characters other than letters at both ends."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)


def _is_rows(text: str) -> bool:
    """Whether it consists only of parts of keyboard rows, forwards or backwards: "qwerty123456"."""
    place = 0
    while place < len(text):
        length = max(_row_at(text, place, row) for it in _ROWS for row in (it, it[::-1]))
        if length < min(_LEAST_ROW, len(text) - place):
            return False
        place += length
    return True


def _row_at(text: str, place: int, row: str) -> int:
    start = row.find(text[place])
    length = 0
    while start >= 0 and text[place : place + length + 1] == row[start : start + length + 1]:
        length += 1
        if place + length >= len(text) or start + length >= len(row):
            break
    return length


def _is_leaked(text: str) -> bool:
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS_KEPT]
    return text in _of_django() or digest in _long_ones()


@cache
def _of_django() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)


@cache
def _long_ones() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("leaked.txt").read_text().split())
