"""What a log line may not hold, whoever wrote it: secrets in addresses, and personal data."""

import logging
import re

_REPLACED = (
    # Django logs the path of every request it refuses; the webhooks' holds the secret.
    (re.compile(r"(/webhooks/voicenter/)[^/\s\"']+"), r"\1..."),
    # The details of a database error show the row: name, number, e-mail.
    (re.compile(r"DETAIL:.*"), "DETAIL: ..."),
    (re.compile(r"\+[1-9][0-9]{6,14}\b"), "+..."),
)


class DiscreetFormatter(logging.Formatter):
    """Formats a line, traceback included, and takes out what is not for a log."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, fit to be kept."""
        line = super().format(record)
        for pattern, replacement in _REPLACED:
            line = pattern.sub(replacement, line)
        return line
