"""Records about erased people: a late record keeps how the call went, but not with whom."""

from collections.abc import Mapping
from typing import Any, TypedDict

from callbacks.models import CallAttempt
from callbacks.voicenter import Cdr, normalised
from leads import erased


class Told(TypedDict):
    """Columns of CallRecord that say who it was."""

    payload: Mapping[str, Any]
    recording_url: str


def told(cdr: Cdr, attempt: CallAttempt | None) -> Told:
    """What is kept of the record. `attempt`: locked, so that an erasure comes before or after."""
    is_gone = erased.is_placeholder(attempt.phone) if attempt else is_of_one(cdr)
    if is_gone:
        return {"payload": {}, "recording_url": ""}
    return {"payload": cdr.raw, "recording_url": cdr.record_url or ""}


def nothing_told(attempt: CallAttempt) -> dict[str, Any]:
    """The columns to clear on records that turn out to belong to this call."""
    return {"payload": {}, "recording_url": ""} if erased.is_placeholder(attempt.phone) else {}


def is_of_one(cdr: Cdr) -> bool:
    """Whether a record of a call that is not ours has the number of an erased person."""
    parties = (normalised(it) for it in (cdr.caller, cdr.target) if it)
    return any(erased.is_gone(it) for it in parties if it.startswith("+"))
