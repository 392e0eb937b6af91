"""Makes text from outside safe to store."""

from __future__ import annotations

import re
import unicodedata

_SURROGATES = re.compile("[\ud800-\udfff]")
# Cc control, Cs surrogate, Zl and Zp line and paragraph separators. Direction marks (Cf) stay:
# Hebrew names need them.
_BREAKS_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def storable(text: str) -> str:
    """The text without what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def one_line(text: str, limit: int) -> str:
    """The text without control characters and line ends, trimmed, at most `limit` characters."""
    kept = "".join(c for c in text if unicodedata.category(c) not in _BREAKS_A_LINE)
    return kept.strip()[:limit].rstrip()


def breaks_a_line(text: str) -> bool:
    """Whether the text contains a control character, a line end or half a surrogate pair."""
    return any(unicodedata.category(c) in _BREAKS_A_LINE for c in text)
