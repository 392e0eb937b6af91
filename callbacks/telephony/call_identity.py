"""What the provider's Call Log and active calls prove about a call that we asked for. Pure.

A call is recognised by our own variable or by its CALLID, else by what it looks like: the lead's
number, the extension and the time. A likeness counts only where nothing else could be meant, and
wherever a call might be ours, it is not said that ours did not happen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from callbacks.voicenter import CallLogRecord, Cdr, ExtensionCalls, LiveCall, normalised

# Clocks differ, and records count whole seconds.
_TOLERANCE = timedelta(seconds=60)
_VARIABLE = "attempt"


@dataclass(frozen=True)
class PlacedCall:
    """A call that we asked for.

    `attempt`: our variable in it; `call_id`: "" where the provider has not told; `phone`: E.164;
    `extension`: as dialled; `sent_at`: when the request left.

    `settled_by`: when the request has been given up and both phones have rung as long as they may.
    From then on a call that is not among the active ones is over or never was: one that came late,
    or a list that shows conversations only, is no doubt any more.
    """

    attempt: str
    call_id: str
    phone: str
    extension: str
    sent_at: datetime
    settled_by: datetime


class CallPresence(Enum):
    """What the list of active calls says of a call."""

    ON = "on"
    ABSENT = "absent"
    UNTOLD = "untold"  # the list cannot be had, or leaves a doubt


@dataclass(frozen=True)
class Sighting:
    """What the list of active calls shows of a call, and its CALLID where it tells."""

    presence: CallPresence
    call_id: str = ""


UNSEEN = Sighting(CallPresence.UNTOLD)


def sighting(asked: PlacedCall, states: Sequence[ExtensionCalls] | None) -> Sighting:
    """Whether the call is on, by the account's active calls; None: they were not to be had.

    An extension that is not in the list (a phone number, a trunk, a wrong code) proves nothing.
    """
    doubt = True
    for state in states or ():
        at_it = state.extension == asked.extension
        if at_it:
            doubt = False
        for call in state.calls:
            match _is_ours(asked, call, at_it):
                case True:
                    return Sighting(CallPresence.ON, call.call_id)
                case None:
                    doubt = True
    return UNSEEN if doubt else Sighting(CallPresence.ABSENT)


def _is_ours(asked: PlacedCall, call: LiveCall, at_our_extension: bool) -> bool | None:
    """None: it may be."""
    if named := call.custom.get(_VARIABLE):
        return named == asked.attempt
    if asked.call_id and call.call_id:
        return asked.call_id == call.call_id
    if not at_our_extension:
        return False
    if call.started_at and call.started_at < asked.sent_at - _TOLERANCE:
        return False
    return True if normalised(call.phone) == asked.phone else None


def named(asked: PlacedCall, legs: Iterable[Cdr]) -> set[str]:
    """CALLIDs of the calls that say that they are this one: its CALLID, or our variable."""
    if asked.call_id:
        return {leg.call_id for leg in legs if leg.call_id == asked.call_id}
    return {leg.call_id for leg in legs if leg.custom.get(_VARIABLE) == asked.attempt}


def similar(asked: PlacedCall, legs: Iterable[Cdr]) -> set[str]:
    """CALLIDs of the calls that look like this one and do not say whose they are."""
    calls: dict[str, list[Cdr]] = {}
    for leg in legs:
        calls.setdefault(leg.call_id, []).append(leg)
    return {
        call_id
        for call_id, of_call in calls.items()
        if not any(leg.custom.get(_VARIABLE) for leg in of_call)
        and any(_at_the_time(asked, leg) for leg in of_call)
        and {asked.phone, asked.extension} <= {party for leg in of_call for party in _parties(leg)}
    }


def _at_the_time(asked: PlacedCall, leg: Cdr) -> bool:
    if leg.started_at is None:
        return False
    return asked.sent_at - _TOLERANCE <= leg.started_at <= asked.settled_by + _TOLERANCE


def _parties(leg: Cdr) -> set[str]:
    extensions = {leg.caller_extension, leg.target_extension}
    return extensions | {normalised(leg.caller), normalised(leg.target)}


def as_cdr(record: CallLogRecord) -> Cdr:
    """The record as it would have been posted to us. A leg has one name, so that it is stored once
    whichever way it comes.
    """
    return Cdr(
        call_id=record.call_id,
        type=f"Click2Call leg{record.leg}" if record.leg else record.type,
        leg=record.leg,
        status=record.status,
        started_at=record.started_at,
        duration=record.duration,
        talk_time=record.talk_time,
        dial_time=record.dial_time,
        price=record.price,
        record_url=record.record_url,
        caller=record.caller,
        target=record.target,
        caller_extension=record.caller_extension,
        target_extension=record.target_extension,
        custom=record.custom,
        raw=dict(record.raw),
    )


def was_never_placed(
    asked: PlacedCall,
    *,
    missing_since: datetime | None,
    in_log: bool | None,
    now: datetime,
    log_delay: timedelta,
) -> bool:
    """Whether it is shown that a call was never placed which is not among the active ones now.

    `missing_since`: the first look that did not show it, at `Asked.settled_by` or later; None: this
    one. `in_log`: whether the Call Log has it or anything like it; None: the log did not tell. Had
    there been a call, it was over at `missing_since`, and `log_delay` after that in the log.
    """
    return (
        not asked.call_id
        and in_log is False
        and missing_since is not None
        and now - missing_since >= log_delay
    )
