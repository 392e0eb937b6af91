"""Where a lead's time goes while it is being called: provider, either phone, or unknown. Pure.

Its waiting time is in leads.wait_accounting. The provider's own times are whole seconds of another
clock and may be missing or wrong, so they only divide the time that our clock measured, and the
parts always add up to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from callbacks.voicenter.values.leg_outcome import LegOutcome, leg_outcome

# A record's time further than this from the attempt is not believed: senders do not agree on its
# time zone (vendor's page 2).
TIME_TOLERANCE = timedelta(minutes=5)
# A record arrives some seconds after its leg ended; those still count as ringing. A longer gap
# between the ringing and the known outcome is unknown time.
_RECORD_TAKES = timedelta(seconds=10)

# States (AttemptState) in which the provider has not accepted the call.
_NEVER_RANG = frozenset({"dialing", "not_sent", "refused", "unknown", "never_placed"})
_SILENT = frozenset(
    {LegOutcome.BUSY, LegOutcome.UNREACHABLE, LegOutcome.NETWORK, LegOutcome.NOT_CALLED}
)
# States in which the lead's phone did not ring, and in which it did. The others say neither.
_LEAD_NOT_RUNG = _NEVER_RANG | {
    "agent_no_answer", "agent_unreached", "lead_busy", "bad_number", "lead_not_rung",
}  # fmt: skip
_LEAD_RUNG = frozenset({"bridged", "lead_no_answer", "short_talk"})


@dataclass(frozen=True)
class LegTimes:
    """What the record of a leg says. `dial_time`: seconds of ringing. `silent`: the leg ended as
    if its phone did not ring.
    """

    answered: bool
    started_at: datetime | None = None
    dial_time: int | None = None
    silent: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known of an attempt, by the names of CallAttempt's columns; `legs` by number."""

    state: str
    claimed_at: datetime
    answered_at: datetime | None = None
    picked_up_at: datetime | None = None
    connected_at: datetime | None = None
    legs: Mapping[int | None, LegTimes] = field(default_factory=dict)


@dataclass(frozen=True)
class Times:
    """How long each part took, by the names of CallAttempt's columns."""

    provider_time: timedelta
    leg1_time: timedelta
    leg2_time: timedelta
    unknown_time: timedelta

    def columns(self) -> dict[str, timedelta]:
        """As the values of an UPDATE."""
        return asdict(self)

    @property
    def total(self) -> timedelta:
        """The whole time from the claim."""
        return self.provider_time + self.leg1_time + self.leg2_time + self.unknown_time


class LegRecord(Protocol):
    """What is read from the record of one leg."""

    @property
    def leg(self) -> int | None:
        """1 is the salesperson's, 2 the lead's."""

    @property
    def status(self) -> str:
        """The provider's word for how the leg ended."""

    @property
    def started_at(self) -> datetime | None:
        """When its phone began to ring."""

    @property
    def dial_time(self) -> int | None:
        """Seconds of ringing."""

    @property
    def talk_time(self) -> int | None:
        """Seconds of talk."""

    @property
    def duration(self) -> int | None:
        """Seconds in all."""


def outcome_of(record: LegRecord) -> LegOutcome:
    """How the leg ended, by everything in its record."""
    return leg_outcome(
        record.status,
        # A migration may read records from before this column.
        is_answered=getattr(record, "is_answered", None),
        talk_time=record.talk_time,
        dial_time=record.dial_time,
        duration=record.duration,
    )


def facts_of(attempt: Any, records: Iterable[LegRecord], **newer: Any) -> Facts:
    """The facts of a CallAttempt and its records; `newer` values replace the attempt's."""
    names = ("state", "claimed_at", "answered_at", "picked_up_at", "connected_at")
    known = {name: newer.get(name, getattr(attempt, name)) for name in names}
    legs = {
        record.leg: LegTimes(
            answered=outcome_of(record) is LegOutcome.ANSWERED,
            started_at=record.started_at,
            dial_time=record.dial_time,
            silent=outcome_of(record) in _SILENT and not record.dial_time,
        )
        for record in records
    }
    return Facts(**known, legs=legs)


def divide(facts: Facts, until: datetime) -> Times:
    """Divides the time from the claim to `until`: exactly all of it, with no negative part.

    `until`: when the attempt's share of its lead's time ends: the two talk, it has ended, or now.
    """
    until = max(until, facts.claimed_at)
    answered = _answered(facts, until)
    picked_up, rang_until = _ringing(facts, answered, until)
    picked_up = _clamp(picked_up, answered, until)
    rang_until = _clamp(rang_until, picked_up, until)
    return Times(
        provider_time=answered - facts.claimed_at,
        leg1_time=picked_up - answered,
        leg2_time=rang_until - picked_up,
        unknown_time=until - rang_until,
    )


def picked_up(facts: Facts, until: datetime) -> datetime | None:
    """When the salesperson picked up; None if nothing tells.

    From the provider's live event, else the record of leg 1, else the start of leg 2.
    """
    leg1, leg2 = facts.legs.get(1), facts.legs.get(2)
    if facts.picked_up_at:
        return facts.picked_up_at
    rang_at = _believed(leg1.started_at, facts, until) if leg1 and leg1.answered else None
    if leg1 and rang_at and leg1.dial_time is not None:
        return rang_at + timedelta(seconds=leg1.dial_time)
    return _believed(leg2.started_at, facts, until) if leg2 else None


def lead_rang_at(facts: Facts, until: datetime) -> datetime | None:
    """When the lead's phone began to ring; None if it did not, or nothing says that it did.

    Seconds of ringing in the record of the lead's leg prove that it rang, however the leg ended.
    The time is the record's, else when the salesperson picked up, else counted back from the answer
    or `until`. If only a person says that the two talked, it is not known. It is never before the
    salesperson picked up, nor after the phone was answered or after `until`.
    """
    leg2 = facts.legs.get(2)
    told_to_ring = leg2 is not None and bool(leg2.dial_time)
    silent = leg2 is not None and leg2.silent and facts.connected_at is None
    if silent or (facts.state in _LEAD_NOT_RUNG and not told_to_ring):
        return None
    latest = facts.connected_at or until
    rang = _believed(leg2.started_at, facts, until) if leg2 else None
    rang = rang or picked_up(facts, until)
    tells = leg2 is not None and (leg2.answered or facts.connected_at is None)
    if rang is None and facts.state in _LEAD_RUNG and leg2 and tells:
        rang = latest - timedelta(seconds=leg2.dial_time or 0)
    if rang is None:
        return None
    earliest = facts.picked_up_at or facts.answered_at or facts.claimed_at
    return _clamp(rang, min(earliest, latest), latest)


def _answered(facts: Facts, until: datetime) -> datetime:
    """When the provider answered, or when we stopped waiting for the answer."""
    if facts.answered_at is None and facts.state in ("dialing", "not_sent", "refused"):
        return until
    return _clamp(facts.answered_at or facts.claimed_at, facts.claimed_at, until)


def _ringing(facts: Facts, answered: datetime, until: datetime) -> tuple[datetime, datetime]:
    """When the salesperson picked up, and until when the lead's phone rang, to divide the time.

    If only the salesperson's phone rang, both are the end of its ringing.
    """
    if facts.state in _NEVER_RANG:
        return answered, answered
    up = picked_up(facts, until)
    match facts.state:
        case "ended" | "lead_not_rung" | "bad_number":  # unknown how, or the lead's did not ring
            return up or answered, up or answered
        case "agent_no_answer" | "agent_unreached":
            end = _rang_until(answered, facts, 1, until)
            return end, end
    if up is None:
        return until, until
    up = _clamp(up, answered, until)
    match facts.state:
        case "bridged":
            return up, facts.connected_at or until
        case "lead_no_answer" | "lead_busy":
            return up, _rang_until(up, facts, 2, until)
    return up, until  # in progress, stopped, or too short a talk


def _rang_until(start: datetime, facts: Facts, leg: int, until: datetime) -> datetime:
    """Until when an unanswered phone rang."""
    record = facts.legs.get(leg)
    if record is None or record.dial_time is None:
        return until
    end = start + timedelta(seconds=record.dial_time)
    return end if until - end > _RECORD_TAKES else until


def _believed(at: datetime | None, facts: Facts, until: datetime) -> datetime | None:
    earliest, latest = facts.claimed_at - TIME_TOLERANCE, until + TIME_TOLERANCE
    return at if at and earliest <= at <= latest else None


def _clamp(at: datetime, earliest: datetime, latest: datetime) -> datetime:
    return min(max(at, earliest), latest)
