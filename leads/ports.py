"""When a lead is called, as the application that calls it says; asked by signals.

Without an answer everybody is called at once, and no time is on offer.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.utils import timezone

from leads.models import LeadSource
from leads.signals import hours_asked, plan_asked

Answers = Sequence[tuple[object, object]]


@dataclass(frozen=True)
class CallPlan:
    """What is stored with a new lead; each is the column of that name."""

    call_after: datetime
    clock_started_at: datetime
    due_at: datetime
    gap_until: datetime | None = None
    closed_until: datetime | None = None


@dataclass(frozen=True)
class CallingHours:
    """When the leads of one source and number are called.

    `zone`: in which they are told. `next_time(after)`: the first instant at or after it; None:
    never. `half_hours(after, until)`: those that may be chosen, in order and in `zone`.
    """

    zone: tzinfo
    next_time: Callable[[datetime], datetime | None]
    half_hours: Callable[[datetime, datetime], Iterable[datetime]]


def plan(source: LeadSource, phone: str, now: datetime, chosen_at: datetime | None) -> CallPlan:
    """For a lead that is stored in this transaction, submitted at `now`."""
    asked: Answers = plan_asked.send(
        sender=None, source=source, phone=phone, now=now, chosen_at=chosen_at
    )
    for _receiver, answer in asked:
        if isinstance(answer, CallPlan):
            return answer
    start = chosen_at or now
    target = timedelta(seconds=source.sla_target)
    return CallPlan(start, start, start + target, gap_until=chosen_at)


def hours(source_id: int, phone: str = "", as_of: uuid.UUID | None = None) -> CallingHours:
    """For a source and a number (E.164; "": any). `as_of`: the setup's version, if just read."""
    asked: Answers = hours_asked.send(sender=None, source_id=source_id, phone=phone, as_of=as_of)
    for _receiver, answer in asked:
        if isinstance(answer, CallingHours):
            return answer
    return CallingHours(
        timezone.get_current_timezone(), lambda after: after, lambda _after, _until: ()
    )
