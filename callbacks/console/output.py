"""The command's output: text for people, or one JSON document for machines."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

# Text from the account may contain terminal control sequences, or marks that reverse a line.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Writer(Protocol):
    """Django's OutputWrapper, or anything like it."""

    def write(self, msg: str = ..., /) -> Any: ...


class Output:
    """Writes the findings of a subcommand.

    Lines for people go to stdout. With `as_json` they are dropped, and one document is written
    instead. Questions and notes go to stderr, so that they do not get into the document.
    """

    def __init__(self, out: Writer, err: Writer, *, as_json: bool) -> None:
        self._out, self._err, self.as_json = out, err, as_json

    def say(self, line: str = "") -> None:
        """Writes a line for people."""
        if not self.as_json:
            self._out.write(safe(line))

    def note(self, line: str) -> None:
        """Writes a line for people that is not part of the findings."""
        self._err.write(safe(line))

    def document(self, **content: object) -> None:
        """Writes the one document for machines."""
        if self.as_json:
            self._out.write(json.dumps(content, default=_plain, indent=2))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Writes columns as wide as their longest cell; "-" stands for an empty cell."""
        shown = [[safe(cell(value)) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(heads, *shown, strict=True)]
        for row in (heads, *shown):
            padded = (text.ljust(width) for text, width in zip(row, widths, strict=True))
            self.say("  ".join(padded).rstrip())


def safe(text: str) -> str:
    """The text without characters that move a terminal's cursor or reverse a line."""
    return "".join(" " if unicodedata.category(c) in _UNSAFE and c != "\n" else c for c in text)


def cell(value: object) -> str:
    """A value as the text of a table's cell."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None or value == "" else str(value)


def record(of: Any) -> dict[str, Any]:
    """A dataclass of the library as a dict for machines, without the raw fields."""
    values = {one.name: getattr(of, one.name) for one in fields(of) if one.name != "raw"}
    return {name: _nested(value) for name, value in values.items()}


def _nested(value: Any) -> Any:
    if isinstance(value, tuple):
        return [record(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
