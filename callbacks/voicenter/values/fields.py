"""Fields of the provider's records as safe values: text, a number in range, or None."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from callbacks.voicenter.values import documents
from callbacks.voicenter.values.documents import UnreadableError
from callbacks.voicenter.values.parameters import VARIABLE_PREFIX
from callbacks.voicenter.values.text import breaks_a_line, one_line, storable

MAX_WORD = 64
MAX_URL = 2000
MAX_CUSTOM_NAME = 64
MAX_CUSTOM_VALUE = 1000
# The maximum of a PostgreSQL integer.
MAX_WHOLE = 2**31 - 1
_EARLIEST = 946_684_800  # 2000-01-01, epoch seconds
_LATEST = 4_102_444_800  # 2100-01-01

_LEG = re.compile(r"click\s*2\s*call[\s_-]*leg[\s_-]*([12])(?![0-9])", re.IGNORECASE)
_WHOLE = re.compile(r"([0-9]{1,12})(\.0*)?")


def folded(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by trimmed lower-case name; the first of names that differ only by case counts."""
    fields: dict[str, Any] = {}
    for name, value in raw.items():
        fields.setdefault(name.strip().lower(), value)
    return fields


def storables(value: Any) -> Any:
    """The value with only text that PostgreSQL can store. The reader has bounded its depth."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(name): storables(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [storables(inner) for inner in value]
    return value


def word(value: object, limit: int | None = MAX_WORD) -> str:
    """Text or a whole number as one line; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text.strip() if limit is None else one_line(text, limit)


def whole(value: object) -> int | None:
    """A whole number from 0 to MAX_WHOLE, from a number or text; else None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = _WHOLE.fullmatch(str(value).strip())
    number = int(match[1]) if match else -1
    return number if 0 <= number <= MAX_WHOLE else None


def first(*values: int | None) -> int | None:
    """The first value that is not None."""
    return next((value for value in values if value is not None), None)


def truth(value: object) -> bool:
    """True for true, 1 and "true"; False for everything else."""
    return str(value).strip().lower() in ("true", "1")


def yes_or_no(value: object) -> bool | None:
    """True for true, 1 and "true"; False for false, 0 and "false"; None for everything else."""
    word = str(value).strip().lower().removesuffix(".0")
    return {"true": True, "1": True, "false": False, "0": False}.get(word)


def leg_of(kind: str) -> int | None:
    """1 or 2, from `Click2Call leg1`; None for other kinds of call."""
    match = _LEG.search(kind)
    return int(match[1]) if match else None


def moment(value: object) -> datetime | None:
    """An aware time in UTC from epoch seconds; None if it is implausible (0 too)."""
    # Not `whole`: epoch seconds exceed 2**31 in 2038.
    match = _WHOLE.fullmatch(str(value).strip()) if isinstance(value, str | int | float) else None
    epoch = int(match[1]) if match else 0
    return datetime.fromtimestamp(epoch, UTC) if _EARLIEST <= epoch <= _LATEST else None


def written_moment(value: object) -> datetime | None:
    """An aware time in UTC from ISO 8601 text; GMT if it has no zone, as in the Call Log."""
    if not isinstance(value, str) or len(value) > MAX_WORD:
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        epoch = aware.timestamp()
    except (ValueError, OverflowError):
        return None
    return aware.astimezone(UTC) if _EARLIEST <= epoch <= _LATEST else None


def address(value: object) -> str | None:
    """An http(s) address that can be shown as a link; None for anything else."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not text.isascii() or len(text) > MAX_URL or breaks_a_line(text) or " " in text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    # A name before the host makes a link look like another site's.
    honest = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return text if honest else None


def layers(value: object) -> tuple[Any, ...]:
    """A list, or JSON text of one, as a tuple; () for anything else."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = storables(documents.read_json(b'{"v":%b}' % value.encode())["v"])
        except UnreadableError:
            return ()
    return tuple(value) if isinstance(value, list) else ()


def custom(fields: Mapping[str, Any]) -> dict[str, str]:
    """The custom data under all its spellings; grouped values take precedence over flat ones."""
    found: dict[str, str] = {}
    flat = {name: value for name, value in fields.items() if name.startswith(VARIABLE_PREFIX)}
    grouped = (group(fields.get("customdata")), group(fields.get("custom_data")))
    for one in (*grouped, flat):
        for name, value in one.items():
            short = one_line(name.strip().lower().removeprefix(VARIABLE_PREFIX), MAX_CUSTOM_NAME)
            if short and isinstance(value, str | int | float) and not isinstance(value, bool):
                found.setdefault(short, str(value)[:MAX_CUSTOM_VALUE])
    return found


def group(value: object) -> Mapping[str, Any]:
    """An object, or JSON text of one as in a form; {} for anything else."""
    if isinstance(value, str) and value.strip():
        try:
            value = storables(documents.read_json(value.encode()))
        except UnreadableError:
            return {}
    return value if isinstance(value, dict) else {}
