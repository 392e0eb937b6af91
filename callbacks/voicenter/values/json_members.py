"""Separates one member of a JSON object from the others without reading its value.

So a value that is too large, too deep or not JSON can be left out, and the rest is read as usual.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

# A string up to its end, or to the end of the text; or a sign that separates values. Possessive:
# nothing is tried twice, so the work grows only with the length.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\],:]', re.DOTALL)


def without_member(text: str, name: str) -> tuple[str, str | None]:
    """The JSON text with null for each member of this name, and the text of the first one's value.

    `name`: lower case; like all fields, members match in any case. Text that is not an object is
    returned unchanged, and text that is not JSON stays invalid.
    """
    kept: list[str] = []
    found: str | None = None
    kept_until = 0
    for key, start, end in _members(text):
        if _is(key, name):
            kept += (text[kept_until:start], " null")
            kept_until = end
            found = text[start:end] if found is None else found
    return "".join((*kept, text[kept_until:])), found


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Each member of the outermost object: its name as written, and the bounds of its value."""
    depth = value_from = 0
    key = ""
    for token in _TOKEN.finditer(text):
        sign = text[token.start()]
        if sign in "{[":
            depth += 1
        elif depth == 1 and not value_from:
            if sign == '"':
                key = token[0]
            elif sign == ":":
                value_from = token.end()
        elif depth == 1 and sign in "}],":
            yield key, value_from, token.start()
            value_from = 0
        if sign in "}]":
            depth -= 1
            if depth <= 0:
                return


def _is(key: str, name: str) -> bool:
    try:
        return str(json.loads(key)).strip().lower() == name
    except ValueError:
        return False
