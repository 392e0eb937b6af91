"""The Call Log: rows of ended legs, and the search over them. Pure except for the clock.

Fields, errors and limits are those of the provider's reference, "Call Log".
"""

import random
from bisect import insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callbacks.simulator.engine.parameters import line_key
from callbacks.simulator.engine.readers import ControlError, moment
from callbacks.simulator.engine.settings import History

TYPE_IDS = {"Click2Call leg1": 9, "Click2Call leg2": 10, "Callference": 12}
# IdentityCriteria. With one account and no departments, all of these mean the same.
IDENTITIES = frozenset({"account", "hierarchical", "department", "user"})
MINUTE = 60.0
# Field of the answer: the record's field that the value comes from.
_FROM_RECORD = {
    "CallerNumber": "caller",
    "TargetNumber": "target",
    "DateEpoch": "time",
    "Duration": "duration",
    "CallID": "ivruniqueid",
    "Type": "type",
    "DialStatus": "status",
    "TargetExtension": "targetextension",
    "CallerExtension": "callerextension",
    "DID": "did",
    "RecordURL": "record",
    "RingTime": "dialtime",
    "Price": "price",
    "RepresentativeName": "representative_name",
    "RepresentativeCode": "representative_code",
    "CustomData": "CustomData",
}


class RangeError(ValueError):
    """The search cannot be read: Call Log error 5."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search. Times in epoch seconds, both ends included; an empty list does not filter."""

    since: float
    until: float
    phones: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    call_ids: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()

    def wants(self, row: Mapping[str, Any]) -> bool:
        """Whether a row matches the search."""
        return (
            self.since <= row["DateEpoch"] <= self.until
            and (not self.phones or not self.phones.isdisjoint(_lines(row)))
            and _meets(self.extensions, row["CallerExtension"], row["TargetExtension"])
            and _meets(self.call_ids, row["CallID"])
            and _meets(self.types, str(row["CdrType"]))
        )


def _meets(wanted: frozenset[str], *found: str) -> bool:
    return not wanted or not wanted.isdisjoint(found)


def _lines(row: Mapping[str, Any]) -> set[str]:
    return {line_key(row["CallerNumber"]), line_key(row["TargetNumber"])}


def row_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the Call Log for a leg's record."""
    row = {name: record[source] for name, source in _FROM_RECORD.items()}
    row["Date"] = f"{datetime.fromtimestamp(record['time'], UTC):%Y-%m-%dT%H:%M:%S}"
    row["CdrType"] = TYPE_IDS[record["type"]]
    return row


def read_search(body: Mapping[str, Any]) -> Search:
    """The search in a request, with names in lower case. Raises RangeError."""
    search = body.get("search")
    if isinstance(search, Mapping):
        search = {str(name).lower(): value for name, value in search.items()}
    else:
        search = body  # a GET has all fields on one level
    try:
        since = moment("fromdate", search.get("fromdate"))
        until = moment("todate", search.get("todate"))
    except ControlError as error:
        raise RangeError(str(error)) from None
    if since > until:
        raise RangeError("fromdate is after todate")
    if any(word.lower() not in IDENTITIES for word in _list(search, "identitycriteria")):
        raise RangeError(f"IdentityCriteria must be one of {', '.join(sorted(IDENTITIES))}")
    return Search(
        since,
        until,
        phones=frozenset(line_key(phone) for phone in _list(search, "phones")),
        extensions=frozenset(_list(search, "extensions")),
        call_ids=frozenset(_list(search, "callid")),
        types=frozenset(_list(search, "cdrtypes")),
        fields=tuple(name.lower() for name in _list(body, "fields")),
        sort=_sort(body.get("sort")),
    )


def _list(fields: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts: from one value, a list, or a comma-separated text."""
    value = fields.get(name)
    if value is None or value == "":
        return []
    values = value if isinstance(value, list) else str(value).split(",")
    if any(isinstance(one, list | dict) or one is None for one in values):
        raise RangeError(f"{name} must be a list of single values")
    return [str(one).strip() for one in values]


def _sort(value: object) -> tuple[tuple[str, bool], ...]:
    """(field, descending): from `Date`, `Date desc`, {"field": ..., "order": ...}, or a list of
    these.
    """
    keys = []
    for item in value if isinstance(value, list) else [] if not value else [value]:
        if isinstance(item, Mapping):
            lower = {str(name).lower(): str(word) for name, word in item.items()}
            words = [lower.get("field", ""), lower.get("order", "asc")]
        else:
            words = [*str(item).split(), "asc"][:2]
        field = {name.lower(): name for name in (*_FROM_RECORD, "Date", "CdrType")}.get(
            words[0].lower()
        )
        if field is None or words[1].lower() not in {"asc", "desc"}:
            raise RangeError("sort names no field, or an order other than asc and desc")
        keys.append((field, words[1].lower() == "desc"))
    return tuple(keys)


class CallLog:
    """The rows, each with the time from which a search finds it."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int, dict[str, Any]]] = []
        self._history: list[dict[str, Any]] = []
        self._asked: deque[float] = deque()
        self._count = 0

    def write(self, record: Mapping[str, Any], visible_at: float) -> None:
        """Adds the row of an ended leg; searches find it from `visible_at` (epoch seconds) on."""
        self._count += 1
        insort(self._rows, (visible_at, self._count, row_of(record)))

    def invent(self, history: History | None, seed: int) -> None:
        """Replaces the made-up rows with new ones drawn from the seed, two for each call."""
        self._history = _history(history, seed) if history else []

    def admits(self, now: float, per_minute: int | None) -> bool:
        """Whether one more request is within the limit. A rejected request does not count."""
        while self._asked and self._asked[0] <= now - MINUTE:
            self._asked.popleft()
        if per_minute is not None and len(self._asked) >= per_minute:
            return False
        self._asked.append(now)
        return True

    def find(
        self, search: Search, now: float, at_most: int, lower: bool
    ) -> tuple[int, list[dict[str, Any]]]:
        """The number of matching rows, and the first `at_most`; oldest first unless sorted."""
        seen = [row for visible_at, _, row in self._rows if visible_at <= now]
        found = [row for row in (*self._history, *seen) if search.wants(row)]
        found.sort(key=lambda row: (row["DateEpoch"], row["CallID"], row["CdrType"]))
        for field, downwards in reversed(search.sort):
            found.sort(key=lambda row: _comparable(row[field]), reverse=downwards)
        shown = found[:at_most]
        return len(found), [_shown(row, search.fields, lower) for row in shown]


def _comparable(value: object) -> tuple[bool, float, str]:
    is_number = isinstance(value, int | float)
    return (is_number, float(value) if isinstance(value, int | float) else 0.0, str(value))


def _shown(row: Mapping[str, Any], fields: Sequence[str], lower: bool) -> dict[str, Any]:
    return {
        name.lower() if lower else name: value
        for name, value in row.items()
        if not fields or name.lower() in fields
    }


def _history(history: History, seed: int) -> list[dict[str, Any]]:
    draws = random.Random(f"{seed}/log")  # noqa: S311 (not a secret)
    step = (history.until - history.since) / max(1, history.count - 1)
    rows = []
    for index in range(history.count):
        leg = 1 + index % 2
        lead = f"05055501{draws.randrange(100):02d}"
        status = draws.choice(("ANSWER", "ANSWER", "NOANSWER", "BUSY"))
        talk = draws.randrange(1, 600) if status == "ANSWER" else 0
        record: dict[str, Any] = {
            **dict.fromkeys(_FROM_RECORD.values(), ""),
            "caller": lead if leg == 1 else "101",
            "target": "101" if leg == 1 else lead,
            "time": int(history.since + index * step),
            "duration": talk,
            "ivruniqueid": f"made-up-{seed % 10**8}-{index // 2:09d}"[:32],
            "type": f"Click2Call leg{leg}",
            "status": status,
            "targetextension": "101" if leg == 1 else "",
            "callerextension": "101" if leg == 2 else "",
            "dialtime": draws.randrange(1, 20),
            "price": 0,
            "CustomData": {},
        }
        rows.append(row_of(record))
    return rows
