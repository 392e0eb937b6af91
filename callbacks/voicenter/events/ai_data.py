"""`aiData` of a record: what the provider's AI says about a call, within bounds.

Whatever it contains, the rest of its record is read as if it were not there. It may be of any type:
an object in the reference, JSON text of one in a form. analysis.py reads its meaning.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from callbacks.voicenter.values import documents
from callbacks.voicenter.values import fields as f
from callbacks.voicenter.values.documents import Unread, UnreadableError

FIELD = "aidata"
# Characters; longer text is not read at all. Every letter of a Hebrew talk may be sent as `\u05d0`.
MAX_READ = 8 * 1024 * 1024
# Bytes of JSON. Two hours of talk, with the time of each word, take less.
MAX_KEPT = 2 * 1024 * 1024
# The order in which parts of too large a value are kept: the transcript is cut first.
_FIRST = {"insights": 0, "emotions": 1, "transcript": 3}
_ELSE = 2


@dataclass(frozen=True)
class AiData:
    """AI data within bounds.

    `data`: made of JSON's types, or None. `loss`: what is missing from it:

    - "": nothing.
    - "cut": the ends of its lists and texts, first of the transcript; it had more than MAX_KEPT.
    - "too_large": all of it; it had more than MAX_READ. "nested": all of it; it was deeper than
      `documents.MAX_DEPTH`. "unreadable": all of it; it was not JSON.
    """

    data: Any = None
    loss: str = ""


def read(text: str) -> Any:
    """The value of JSON text, of any type, or an Unread."""
    if len(text) > MAX_READ:
        return Unread("too_large")
    try:
        return documents.read_json_value(text)
    except UnreadableError as error:
        return Unread("nested" if error.nested else "unreadable")


def bounded(value: Any) -> AiData:
    """As much of a value, or of JSON text of one, as is kept."""
    if isinstance(value, str):
        value = _of_text(value)
    if isinstance(value, Unread):
        return AiData(loss=value.reason)
    try:
        documents.check_depth(value)
    except UnreadableError:
        return AiData(loss="nested")
    value = f.storables(value)
    if not value:
        return AiData()
    if _size(value) <= MAX_KEPT:
        return AiData(value)
    return AiData(_fitting(value, MAX_KEPT), "cut")


def _of_text(text: str) -> Any:
    if not text.strip().startswith(("{", "[")):
        return text.strip()
    value = read(text)
    is_text = isinstance(value, Unread) and value.reason == "unreadable"
    return text.strip() if is_text else value


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _fitting(value: Any, room: int) -> Any:
    """As much of a value as fits into `room` bytes; None if nothing fits.

    Whole items of a list, whole members of an object, and the first part of the next member.
    """
    if _size(value) <= room:
        return value
    if isinstance(value, str):
        # A letter may take six bytes, as an escape.
        return value[: max(room // 6 - 1, 0)] or None
    if isinstance(value, list):
        items: list[Any] = []
        room -= 2
        for item in value:
            room -= _size(item) + 1
            if room < 0:
                break
            items.append(item)
        return items
    if isinstance(value, dict):
        members: dict[str, Any] = {}
        room -= 2
        for name in sorted(value, key=lambda name: _FIRST.get(name.strip().lower(), _ELSE)):
            left = room - _size(name) - 2
            part = _fitting(value[name], left) if left > 0 else None
            if part is not None:
                members[name] = part
                room = left - _size(part)
        return members
    return None
