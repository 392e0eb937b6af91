"""One member of a JSON object apart from the others, found without reading its value.

So a value that is too large, too deep or no JSON can be left out, and the rest is read as usual.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

# A string to its end, or to the text's where it has none; or a sign that parts values. Possessive:
# nothing is tried twice, so the work grows with the length alone.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\],:]', re.DOTALL)


def without_member(text: str, name: str) -> tuple[str, str | None]:
    """The text of a JSON object with null for each member of this name, and the first one's text.

    `name`: lower case; members are found without case, as all fields are. What is no object comes
    back as it is, and what is no JSON stays none.
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
    """Of each member of the outermost object: its name as written, and where its value stands."""
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
