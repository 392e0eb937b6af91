"""The account's code, kept from view."""

from __future__ import annotations

from callbacks.voicenter.errors import ConfigurationError
from callbacks.voicenter.values.text import breaks_a_line

HIDDEN = "***"


class Secret:
    """Text that does not show itself in a repr, a log line or a debugger's list of locals."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text or text != text.strip() or breaks_a_line(text):
            raise ConfigurationError("code: must be text without spaces around it or line ends")
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def hidden_in(self, text: str) -> str:
        """The text with every mention of the secret made unreadable."""
        return text.replace(self._text, HIDDEN)

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"
