"""Cleans texts from strangers, so that they can be stored and shown. Pure functions."""

import re
import unicodedata

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029]")
# Removed: control characters; marks that change the direction of the text around them, because a
# name must not rearrange the list of leads that shows it; halves of surrogate pairs, which JSON can
# carry and UTF-8 cannot; and characters that show nothing at all. Kept: the joiners of emoji and
# Persian, and the single direction marks that Hebrew and Arabic writers need.
_NOT_TEXT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff"
    r"\ud800-\udfff]"
)
# Blanks that Unicode classes as letters, marks or signs.
_BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0\ufe0e\ufe0f"
)


def clean_text(text: str) -> str:
    """`text` with "\\n" for every line end, and without the characters of _NOT_TEXT."""
    lines = _LINE_ENDS.sub("\n", text).split("\n")
    kept = "\n".join(_NOT_TEXT.sub("", line.replace("\t", " ")).rstrip() for line in lines).strip()
    return kept if _shows_something(kept) else ""


def clean_line(text: str) -> str:
    """`text` cleaned like clean_text, on one line, with single spaces."""
    return " ".join(clean_text(text).split())


def _shows_something(text: str) -> bool:
    return any(
        unicodedata.category(char) not in {"Cf", "Zs", "Cc"} and char not in _BLANKS
        for char in text
    )
