"""Fetches more records than the Call Log returns at once: splits the time until they fit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator

from callbacks.voicenter.errors import ReadFailed
from callbacks.voicenter.services.call_log import MAX_RECORDS, CallLogRecord, Page
from callbacks.voicenter.services.search import CallLogSearch

# Calls are not spread evenly, so windows aim for fewer records than the limit.
_AIM = MAX_RECORDS * 3 // 4
_MOST_PARTS = 64


def records(search: CallLogSearch, ask: Callable[[CallLogSearch], Page]) -> Iterator[CallLogRecord]:
    """All records of a search, each once, window by window in the order of the search.

    `ask` is called as late as possible. Raises whatever it raises, and ReadFailed, reason
    "too_many", if one second has more records than the Call Log returns: nothing is left out
    silently.
    """
    todo = [search]
    before: set[str] = set()
    while todo:
        window = todo.pop()
        page = ask(window)
        if page.complete:
            these = {_identity(record): record for record in page.records}
            # Neighbouring windows share an instant.
            yield from (record for key, record in these.items() if key not in before)
            before = set(these)
            continue
        windows = window.split(min(_MOST_PARTS, max(2, math.ceil(page.total / _AIM))))
        if len(windows) == 1:
            raise ReadFailed("more records in a second than are given at once", reason="too_many")
        todo += reversed(windows)


def _identity(record: CallLogRecord) -> str:
    return json.dumps(record.raw, sort_keys=True, default=str)
