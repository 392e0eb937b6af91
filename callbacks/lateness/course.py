"""A lead's time in the order in which it passed: what it waited for, and its calls. Pure.

It is made from what is stored: its late waits (leads.models.LateWait), the present or last wait,
and the parts of its calls. Waits from before they were kept are made up from the lead's sums.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import NOT_SENT_BY_US
from leads.models import LateWait, Lead, LeadStatus
from leads.wait_accounting import Wait, gap_of, waited

NOTHING = timedelta(0)


class Kind(StrEnum):
    """What a stretch of a lead's time was spent on."""

    CHOSEN = "chosen"
    CLOSED = "closed"
    TURN = "turn"  # its team was open, but called other leads first
    RETRY = "retry"
    LIMIT = "limit"  # a spending limit
    NUMBER = "number"  # its number was on, or rested after, a call for another lead
    EXTENSION = "extension"
    HELD = "held"  # for a manager to look at
    REST = "rest"  # closed (or held, as an older release stored it), until a person had it called
    PERSON = "person"  # closed, until a person dealt with it
    PROVIDER = "provider"
    LEG1 = "leg1"
    LEG2 = "leg2"
    UNKNOWN = "unknown"  # the outcome of its own call
    UNRECORDED = "unrecorded"


@dataclass(frozen=True)
class Piece:
    """One stretch. `after`: for a RETRY, how the call before it ended. `ended_by`: for a wait, the
    call that ended it. `is_told`: it is stored, not made up from sums.
    """

    kind: Kind
    start: datetime
    end: datetime
    after: str = ""
    ended_by: CallAttempt | None = None
    is_told: bool = True


def course(
    lead: Lead,
    waits: Iterable[LateWait],
    attempts: Iterable[CallAttempt],
    start: datetime,
    until: datetime,
    now: datetime,
) -> list[Piece]:
    """What passed from `start` to `until`, without gaps. `attempts`: its calls, no messages."""
    calls = sorted(attempts, key=lambda it: (it.claimed_at, it.pk))
    known = [*_waits(lead, list(waits), calls, now)]
    known += [piece for call in calls for piece in _of_call(call, now)]
    known = [it for it in known if it.end > it.start]
    whole = _joined(
        sorted(known, key=lambda it: it.start), lead, min(start, lead.submitted_at), until
    )
    named = _retries(whole, calls)
    return [cut for it in named if (cut := within(it, start, until))]


def within(piece: Piece, start: datetime, end: datetime) -> Piece | None:
    """The part of a piece between two moments; None if there is none."""
    first, last = max(piece.start, start), min(piece.end, end)
    return replace(piece, start=first, end=last) if last > first else None


def _waits(
    lead: Lead, kept: Sequence[LateWait], calls: Sequence[CallAttempt], now: datetime
) -> Iterator[Piece]:
    for wait in kept:
        parts = {what: getattr(wait, f"waited_{what}") for what in Wait}
        yield from _of_wait(wait.began_at, parts, calls, wait.call_after, at_rest=wait.at_rest)
    began = lead.waiting_since
    if any(it.began_at == began for it in kept):
        return  # its last wait is over and in `kept`
    if lead.status == LeadStatus.WAITING:
        until = now
    else:
        claims = [it.claimed_at for it in calls if it.claimed_at >= began]
        if not claims:
            return
        until = max(claims)
    parts = waited(
        began,
        lead.gap_until,
        lead.closed_until,
        until,
        gap=gap_of(lead.gap_until, lead.chosen_at, lead.limit_until),
    )
    yield from _of_wait(began, parts, calls, lead.call_after)


def _of_wait(
    began: datetime,
    parts: dict[Wait, timedelta],
    calls: Sequence[CallAttempt],
    call_after: datetime,
    *,
    at_rest: bool = False,
) -> Iterator[Piece]:
    ends = began + sum(parts.values(), NOTHING)
    ended_by = next((it for it in calls if it.claimed_at >= ends), None)
    for wait, kind in _IN_ORDER:
        if took := parts[wait]:
            its = Kind.REST if at_rest and kind is Kind.RETRY else kind
            end = began + took
            if its is Kind.EXTENSION and began < call_after:
                turn = min(call_after, end)
                yield Piece(Kind.TURN, began, turn)
                began = turn
            yield Piece(its, began, end, ended_by=ended_by)
            began = end


# A held lead waits for nothing else. Otherwise a gap comes first: CHOSEN, LIMIT or RETRY.
_IN_ORDER = (
    (Wait.HELD, Kind.HELD),
    (Wait.CHOSEN, Kind.CHOSEN),
    (Wait.LIMIT, Kind.LIMIT),
    (Wait.RETRY, Kind.RETRY),
    (Wait.CLOSED, Kind.CLOSED),
    (Wait.EXTENSION, Kind.EXTENSION),
)


# Separate kinds here that share one sum of the lead.
_SAME_SUM = {Kind.REST: Kind.RETRY, Kind.TURN: Kind.EXTENSION}


def _of_call(call: CallAttempt, now: datetime) -> Iterator[Piece]:
    if call.is_live:
        took = call.time_until(now, call.records.all())
    else:
        took = {name: getattr(call, name) or NOTHING for name, _kind in _PARTS}
    at = call.claimed_at
    for name, kind in _PARTS:
        if took[name]:
            yield Piece(kind, at, at + took[name])
            at += took[name]


_PARTS = (
    ("provider_time", Kind.PROVIDER),
    ("leg1_time", Kind.LEG1),
    ("leg2_time", Kind.LEG2),
    ("unknown_time", Kind.UNKNOWN),
)


def _joined(
    known: Sequence[Piece], lead: Lead, start: datetime, until: datetime
) -> Iterator[Piece]:
    """One piece after the other; gaps between them are made up from the rest of the sums."""
    left = {it: getattr(lead, f"waited_{it}") for it in Wait}
    for piece in known:
        if lead.is_open and piece.start >= lead.waiting_since:
            continue  # not in the sums yet
        for wait, kind in _IN_ORDER:
            if _SAME_SUM.get(piece.kind, piece.kind) is kind:
                left[wait] = max(left[wait] - (piece.end - piece.start), NOTHING)
    at = start
    for piece in known:
        if piece.start > at:
            yield from _made_up(left, at, piece.start)
            at = piece.start
        if cut := within(piece, at, piece.end):
            yield cut
            at = cut.end
    if until <= at:
        return
    if lead.status == LeadStatus.CANCELLED and lead.closed_at and known:
        yield Piece(Kind.PERSON, at, until)
    else:
        yield from _made_up(left, at, until)


def _made_up(left: dict[Wait, timedelta], at: datetime, until: datetime) -> Iterator[Piece]:
    for wait, kind in _IN_ORDER:
        took = min(left[wait], until - at)
        if took:
            left[wait] -= took
            yield Piece(kind, at, at + took, is_told=False)
            at += took
    if at < until:
        yield Piece(Kind.UNRECORDED, at, until, is_told=False)


def _retries(pieces: Iterable[Piece], calls: Sequence[CallAttempt]) -> Iterator[Piece]:
    """Says which call a gap follows. If it follows none of the lead's, it is its number's."""
    before: Piece | None = None
    for piece in pieces:
        if piece.kind is Kind.RETRY:
            if before and before.kind in (Kind.RETRY, Kind.NUMBER):
                piece = replace(piece, kind=before.kind, after=before.after)  # noqa: PLW2901
            else:
                call = _ended_at(calls, piece.start)
                kind = Kind.RETRY if call else Kind.NUMBER
                piece = replace(piece, kind=kind, after=_outcome(call))  # noqa: PLW2901
        before = piece
        yield piece


def _outcome(call: CallAttempt | None) -> str:
    """Of the call that a gap follows; "" if there was none, or we did not send it."""
    return "" if call is None or call.failure_reason in NOT_SENT_BY_US else call.outcome


def _ended_at(calls: Sequence[CallAttempt], at: datetime) -> CallAttempt | None:
    """The call after which a wait began; None if the wait began for another reason."""
    found = [it for it in calls if it.ended_at and abs(it.ended_at - at) < timedelta(seconds=1)]
    return found[-1] if found else None
