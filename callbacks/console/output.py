"""What the command writes: words for people, or one JSON document for machines."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

# What came from the account may hold a terminal's control sequences; direction marks turn a line.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Writer(Protocol):
    """Django's OutputWrapper, or anything like it."""

    def write(self, msg: str = ..., /) -> Any: ...


class Output:
    """Where a subcommand says what it found.

    Lines for people go to stdout; with `as_json` they are dropped, and `document` is written
    instead, once. A question goes where it does not get into the document.
    """

    def __init__(self, out: Writer, err: Writer, *, as_json: bool) -> None:
        self._out, self._err, self.as_json = out, err, as_json

    def say(self, line: str = "") -> None:
        """A line for people."""
        if not self.as_json:
            self._out.write(safe(line))

    def note(self, line: str) -> None:
        """A line for people that is no part of what was asked for."""
        self._err.write(safe(line))

    def document(self, **content: object) -> None:
        """The one document for machines."""
        if self.as_json:
            self._out.write(json.dumps(content, default=_plain, indent=2))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Columns as wide as what is in them; "-" stands for nothing."""
        shown = [[safe(cell(value)) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(heads, *shown, strict=True)]
        for row in (heads, *shown):
            padded = (text.ljust(width) for text, width in zip(row, widths, strict=True))
            self.say("  ".join(padded).rstrip())


def safe(text: str) -> str:
    """The text without what could move a terminal's cursor or turn its line around."""
    return "".join(" " if unicodedata.category(c) in _UNSAFE and c != "\n" else c for c in text)


def cell(value: object) -> str:
    """A value in a table."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None or value == "" else str(value)


def record(of: Any) -> dict[str, Any]:
    """A dataclass of the library for machines: what we read, without the fields as received."""
    values = {one.name: getattr(of, one.name) for one in fields(of) if one.name != "raw"}
    return {name: _nested(value) for name, value in values.items()}


def _nested(value: Any) -> Any:
    if isinstance(value, tuple):
        return [record(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
