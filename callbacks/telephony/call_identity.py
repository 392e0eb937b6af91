"""What the provider's Call Log and active calls prove about a call that we requested. Pure.

A call is recognised by our own variable or its CALLID, or else by the lead's number, the extension
and the time. A call that only looks like ours counts as ours if no other call looks like it too. As
long as a call may be ours, ours is not declared to have never happened.
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
    """A call that we requested.

    `attempt`: our variable in it; `call_id`: "" if the provider has not told it; `phone`: E.164;
    `extension`: as dialled; `sent_at`: when the request left.

    `settled_by`: by then the request has timed out and both phones have rung as long as they may.
    From then on, a call that is missing from the active calls is over or was never placed: neither
    a late call nor a list that shows only conversations can explain its absence.

    `clocks_differ`: how much the provider's clock, which sets the times in its lists, may differ
    from ours.
    """

    attempt: str
    call_id: str
    phone: str
    extension: str
    sent_at: datetime
    settled_by: datetime
    clocks_differ: timedelta = timedelta()

    @property
    def tolerance(self) -> timedelta:
        """How far the provider's times may be before or after ours."""
        return _TOLERANCE + self.clocks_differ


class CallPresence(Enum):
    """Whether the list of active calls shows a call."""

    ON = "on"
    ABSENT = "absent"
    UNTOLD = "untold"  # there is no list, or it is ambiguous


@dataclass(frozen=True)
class Sighting:
    """Whether the list of active calls shows a call, and the call's CALLID if it does."""

    presence: CallPresence
    call_id: str = ""


UNSEEN = Sighting(CallPresence.UNTOLD)


def sighting(asked: PlacedCall, states: Sequence[ExtensionCalls] | None) -> Sighting:
    """Looks for the call in the account's active calls; None: the calls could not be read.

    An extension that is missing from the list (a phone number, a trunk, a wrong code) proves
    nothing.
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
    """Whether `call` is the one that we requested; None: possibly."""
    if named := call.custom.get(_VARIABLE):
        return named == asked.attempt
    if asked.call_id and call.call_id:
        return asked.call_id == call.call_id
    if not at_our_extension:
        return False
    if call.started_at and call.started_at < asked.sent_at - asked.tolerance:
        return False
    return True if normalised(call.phone) == asked.phone else None


def named(asked: PlacedCall, legs: Iterable[Cdr]) -> set[str]:
    """CALLIDs of the calls with the CALLID or the variable of the one that we requested."""
    return {
        leg.call_id
        for leg in legs
        if (asked.call_id and leg.call_id == asked.call_id)
        or leg.custom.get(_VARIABLE) == asked.attempt
    }


def similar(asked: PlacedCall, legs: Iterable[Cdr]) -> set[str]:
    """CALLIDs of the calls that look like ours and carry no variable of ours."""
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
    earliest, latest = asked.sent_at - asked.tolerance, asked.settled_by + asked.tolerance
    return earliest <= leg.started_at <= latest


def _parties(leg: Cdr) -> set[str]:
    extensions = {leg.caller_extension, leg.target_extension}
    return extensions | {normalised(leg.caller), normalised(leg.target)}


def as_cdr(record: CallLogRecord) -> Cdr:
    """The record in the form in which the provider would have posted it.

    A leg has the same name either way, so it is stored once, however its record arrives.
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
    """Whether a call was certainly never placed. It is not among the active calls now.

    `missing_since`: the first look, at `PlacedCall.settled_by` or later, that did not show the
    call; None: this is the first. `in_log`: whether the Call Log has the call or a similar one;
    None: the log could not be read. A call that existed would have been over at `missing_since`,
    and in the log `log_delay` later.
    """
    return (
        not asked.call_id
        and in_log is False
        and missing_since is not None
        and now - missing_since >= log_delay
    )
