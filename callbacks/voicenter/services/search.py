"""Searches of the Call Log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

from callbacks.voicenter.values import parameters as p
from callbacks.voicenter.values.call_id import usable_call_id

LEG1_TYPE = 9
LEG2_TYPE = 10
CALLFERENCE_TYPE = 12
CLICK2CALL_TYPES = (LEG1_TYPE, LEG2_TYPE)
IDENTITIES = ("Account", "Hierarchical", "Department", "User")
FIELDS = (
    "CallerNumber", "TargetNumber", "Date", "DateEpoch", "Duration", "CallID", "Type", "CdrType",
    "DialStatus", "TargetExtension", "CallerExtension", "DID", "RecordURL", "RingTime", "Price",
    "RepresentativeName", "RepresentativeCode", "CustomData",
)  # fmt: skip
MAX_TERMS = 500
MAX_TYPE = 9999

_SECOND = timedelta(seconds=1)
T = TypeVar("T")


@dataclass(frozen=True)
class CallLogSearch:
    """Which records to ask for; checked when built. Raises InvalidCall, naming the parameter.

    - `from_time`, `to_time`: aware times, the second later than the first. Sent as whole seconds of
      GMT, rounded outwards.
    - `phones`: numbers on either side, E.164 without the plus or Israeli 0…; `extensions`: SIP
      codes. At most 500 each.
    - `call_id`: the CALLID of one call.
    - `types`: kinds of call, see CLICK2CALL_TYPES (9 and 10, the two legs) and CALLFERENCE_TYPE.
    - `identity`: whose records, one of IDENTITIES; None leaves it to the provider.
    - `newest_first`: the order of the records.
    """

    from_time: datetime
    to_time: datetime
    phones: Sequence[str] = field(default=(), repr=False)
    extensions: Sequence[str] = ()
    call_id: str | None = None
    types: Sequence[int] = ()
    identity: str | None = None
    newest_first: bool = False

    def __post_init__(self) -> None:
        for name in ("from_time", "to_time"):
            value = getattr(self, name)
            if not isinstance(value, datetime) or value.tzinfo is None:
                raise p.invalid(name, "must be a time with a time zone")
        # Copies, so that later changes by the caller do not bypass the check.
        object.__setattr__(self, "phones", _terms("phones", self.phones, p.number))
        object.__setattr__(self, "extensions", _terms("extensions", self.extensions, p.sip_code))
        object.__setattr__(self, "types", _terms("types", self.types, _kind))
        start, end = _down(self.from_time), _up(self.to_time)
        if end <= start:
            raise p.invalid("to_time", "must be later than from_time")
        object.__setattr__(self, "from_time", start)
        object.__setattr__(self, "to_time", end)
        if self.call_id is not None and not usable_call_id(self.call_id):
            raise p.invalid("call_id", "must be 1 to 64 printable characters")
        if self.identity is not None and self.identity not in IDENTITIES:
            raise p.invalid("identity", "must be one of " + ", ".join(IDENTITIES))

    def wire(self) -> dict[str, Any]:
        """The request under the provider's names, without the code."""
        search: dict[str, Any] = {
            "fromdate": _written(self.from_time),
            "todate": _written(self.to_time),
        }
        optional = {
            "phones": list(self.phones),
            "extensions": list(self.extensions),
            "callID": self.call_id,
            "cdrTypes": list(self.types),
            "IdentityCriteria": self.identity,
        }
        search |= {name: value for name, value in optional.items() if value}
        order = "desc" if self.newest_first else "asc"
        return {
            "fields": list(FIELDS),
            "search": search,
            "sort": [{"field": "date", "order": order}],
        }

    def split(self, parts: int) -> list[CallLogSearch]:
        """The same search over at most `parts` windows of time, in the order of the search.

        Neighbours share an instant, because the provider does not say which window it belongs to. A
        search over one second cannot be split: the list then contains only the search itself.
        """
        whole = round((self.to_time - self.from_time) / _SECOND)
        parts = min(parts, whole)
        marks = [self.from_time + _SECOND * (whole * i // parts) for i in range(parts + 1)]
        windows = [replace(self, from_time=start, to_time=end) for start, end in pairwise(marks)]
        return windows[::-1] if self.newest_first else windows


def _terms(name: str, given: object, check: Callable[[object], T]) -> tuple[T, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise p.invalid(name, "must be a list")
    if len(given) > MAX_TERMS:
        raise p.invalid(name, f"must be at most {MAX_TERMS}")
    try:
        return tuple(check(term) for term in given)
    except ValueError as error:
        what = str(error)
    raise p.invalid(name, what)


def _kind(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_TYPE:
        raise ValueError("must be numbers of kinds of call")
    return value


def _down(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _up(at: datetime) -> datetime:
    return _down(at) + (_SECOND if at.microsecond else timedelta())


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
