"""The provider's name for a call: CALLID in answers and records, `ivrid` in notifications."""

from __future__ import annotations

MAX_CALL_ID = 64


def usable_call_id(value: str | None) -> str:
    """The CALLID if it is 1 to 64 printable characters; else ""."""
    return value if value and len(value) <= MAX_CALL_ID and value.isprintable() else ""
