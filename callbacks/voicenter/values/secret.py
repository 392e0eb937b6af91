"""The account's code, hidden from view."""

from __future__ import annotations

import json
import re
from html import escape
from urllib.parse import quote, quote_plus

from callbacks.voicenter.errors import ConfigurationError
from callbacks.voicenter.values.text import breaks_a_line

HIDDEN = "***"
# Characters. Shorter text may be part of another word by chance: of a call's id, of a number.
_NOT_BY_CHANCE = 12


class Secret:
    """Text that does not show itself in a repr, a log line or a debugger's list of locals."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def check(self) -> None:
        """Raises ConfigurationError if the text cannot be a code.

        Not in the constructor: its traceback would show the argument, in the caller's frame too.
        """
        if (
            not isinstance(self._text, str)
            or not self._text
            or self._text != self._text.strip()
            or breaks_a_line(self._text)
        ):
            raise ConfigurationError("code: must be text without spaces around it or line ends")

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def hidden_in(self, text: str) -> str:
        """The text with the secret hidden everywhere; a short secret only as a whole word."""
        for spelling in self._spellings():
            if len(self._text) < _NOT_BY_CHANCE:
                text = re.sub(rf"(?<!\w){re.escape(spelling)}(?!\w)", HIDDEN, text)
            else:
                text = text.replace(spelling, HIDDEN)
        return text

    def hidden_in_body(self, body: bytes) -> bytes:
        """The same for a body that has not been read yet.

        A short secret stays: it could be one of the body's own values, such as an error number or
        seconds. The parts that are read go through `hidden_in`, and the body itself stays in no
        traceback (Client).
        """
        if len(self._text) < _NOT_BY_CHANCE:
            return body
        for spelling in self._spellings():
            body = body.replace(spelling.encode(), HIDDEN.encode())
        return body

    def _spellings(self) -> set[str]:
        """The text as it is, and as written in JSON, XML, HTML and addresses."""
        text = self._text
        return {
            text,
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
            escape(text),
            escape(text, quote=False),
            quote(text, safe=""),
            quote_plus(text),
        }

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"
