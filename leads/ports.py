"""Questions from `leads` to the application that calls its leads.

That application implements LeadCaller and registers it when it is ready (callbacks.apps), so
`leads` does not import it. Announcements, which need no answer, are in leads.signals.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from leads.models import LeadSource


@dataclass(frozen=True)
class CallPlan:
    """The values that a new lead is stored with, named like its columns."""

    call_after: datetime
    clock_started_at: datetime
    due_at: datetime
    sla_target: int
    sla_clock: str
    gap_until: datetime | None = None
    closed_until: datetime | None = None


@dataclass(frozen=True)
class CallingHours:
    """When the leads of one source and number may be called.

    `zone`: the time zone in which visitors read the times. `next_time(after)`: the first possible
    instant at or after `after`; None: never. `half_hours(after, until)`: the half hours that a
    visitor may choose, in order and in `zone`. `is_usual(at)`: whether a person may be rung then
    because somebody else asked for the call.
    """

    zone: tzinfo
    next_time: Callable[[datetime], datetime | None]
    half_hours: Callable[[datetime, datetime], Iterable[datetime]]
    is_usual: Callable[[datetime], bool]


class Presence(Enum):
    """Whether somebody is there for a source's leads now, while it is open."""

    FREE = "free"
    BUSY = "busy"  # everybody is on a call, or resting after one
    NOBODY = "nobody"  # nobody can be rung, for an unknown time


@dataclass(frozen=True)
class Soonest:
    """The earliest time of a call for a request sent now. `is_full`: a limit on calls delays it
    until then, not the hours.
    """

    at: datetime
    is_full: bool = False


class CallStage(Enum):
    """How far a lead's current call has got, as far as is known."""

    UNCERTAIN = "uncertain"  # unknown whether it was placed, or how it goes on
    RINGING_US = "ringing us"
    PICKED_UP = "picked up"  # one of us did: the lead's phone rings
    TALKING = "talking"
    OVER = "over"  # the result is not known yet


class LeadCaller(Protocol):
    """The questions that the application which calls leads must answer."""

    def plan(
        self, source: LeadSource, phone: str, now: datetime, chosen_at: datetime | None
    ) -> CallPlan:
        """When to call a lead that was submitted at `now` and is stored in this transaction."""

    def hours(self, source_id: int, phone: str, as_of: uuid.UUID | None) -> CallingHours:
        """The calling hours of a source and a number, in version `as_of` of the configuration."""

    def refusal(self, phone: str) -> str | None:
        """A sentence for the visitor saying why this number is never called, or None."""

    def presence(
        self, source_id: int, now: datetime, as_of: uuid.UUID | None, language: str
    ) -> Presence:
        """Whether a phone could ring for a lead of this source and language at `now`."""

    def call_stage(self, lead_id: int, since: datetime | None) -> CallStage | None:
        """How far the lead's current call has got; None if it began before `since`."""

    def was_called(self, lead_id: int, since: datetime | None) -> bool:
        """Whether a call for this lead was requested, since `since` if given."""

    def is_still_on(self, phone: str, begun_by: datetime) -> bool:
        """Whether a call to this number that had begun by `begun_by` may still be on."""

    def has_rung(self, lead_id: int, since: datetime | None) -> bool:
        """Whether a call rang the lead's phone or found it busy; `since`: as above."""

    def is_spoken(self, source_id: int, language: str, as_of: uuid.UUID | None) -> bool:
        """Whether anybody who is rung for this source's leads speaks this language."""

    def hold_call(self, lead_id: int) -> bool:
        """Keeps the lead's running call from ending before this transaction; False: there is
        none.
        """

    def stop(self, lead_id: int, now: datetime) -> bool:
        """Prevents another call after the lead's running call; False: there is none."""

    def cancel(self, lead_id: int, now: datetime) -> bool:
        """Stops calls for an open lead. Returns whether it was open."""

    def unsay(self, lead_id: int, now: datetime) -> bool:
        """Stops recorded messages to the lead; True: one is playing or on its way."""

    def soonest(self, source: LeadSource, now: datetime) -> Soonest:
        """When a request sent at `now` through this source would be called."""

    def usual_wait(
        self, source_id: int, now: datetime, as_of: uuid.UUID | None
    ) -> timedelta | None:
        """The time within which phones usually ring for this source; None: unknown."""

    def caller_number(self, source_id: int, as_of: uuid.UUID | None) -> str:
        """The number that a lead's phone shows, in E.164; "" if unknown."""


def has_rung(lead_id: int, since: datetime | None = None) -> bool:
    """Whether a call, begun since `since`, rang this lead's phone or found it busy."""
    return _registered().has_rung(lead_id, since)


_caller: LeadCaller | None = None


def register(caller: LeadCaller) -> None:
    """Makes `caller` answer the questions. Called once, when its application is ready."""
    global _caller
    _caller = caller


def plan(source: LeadSource, phone: str, now: datetime, chosen_at: datetime | None) -> CallPlan:
    """When to call a lead that was submitted at `now`. Call it in the transaction that stores the
    lead.

    `phone` is in E.164.
    """
    return _registered().plan(source, phone, now, chosen_at)


def hours(source_id: int, phone: str = "", as_of: uuid.UUID | None = None) -> CallingHours:
    """The calling hours of a source and a number (E.164; "" for any number).

    `as_of`: the version of the configuration, if the caller has just read it.
    """
    return _registered().hours(source_id, phone, as_of)


def refusal(phone: str) -> str | None:
    """A sentence for the visitor saying why this number (E.164) is never called, or None."""
    return _registered().refusal(phone)


def presence(
    source_id: int, now: datetime, as_of: uuid.UUID | None = None, language: str = ""
) -> Presence:
    """Whether a phone could ring for a lead of this source and language ("": any) at `now`.

    `as_of`: as in `hours`.
    """
    return _registered().presence(source_id, now, as_of, language)


def call_stage(lead_id: int, since: datetime | None = None) -> CallStage | None:
    """How far the lead's current call has got; None if it began before `since`."""
    return _registered().call_stage(lead_id, since)


def was_called(lead_id: int, since: datetime | None) -> bool:
    """Whether a call for this lead was requested, since `since` if given."""
    return _registered().was_called(lead_id, since)


def is_still_on(phone: str, begun_by: datetime) -> bool:
    """Whether a call or message to this number (E.164) that had begun by then may still be on."""
    return _registered().is_still_on(phone, begun_by)


def is_spoken(source_id: int, language: str, as_of: uuid.UUID | None = None) -> bool:
    """Whether anybody who is rung for this source's leads speaks this language.

    `as_of`: as in `hours`.
    """
    return _registered().is_spoken(source_id, language, as_of)


def hold_call(lead_id: int) -> bool:
    """Keeps the lead's running call from ending before this transaction does; False: there is none.

    Call it before the transaction locks the lead, because the end of a call locks in this order
    too.
    """
    return _registered().hold_call(lead_id)


def stop(lead_id: int, now: datetime) -> bool:
    """Prevents another call after the lead's running call, which goes on; False: there is none.

    Call it before the transaction locks the lead.
    """
    return _registered().stop(lead_id, now)


def cancel(lead_id: int, now: datetime) -> bool:
    """Stops calls for an open lead, even one that is being called. Returns whether it was open.

    Call it in the transaction that has locked the lead, after `hold_call`.
    """
    return _registered().cancel(lead_id, now)


def unsay(lead_id: int, now: datetime) -> bool:
    """Stops recorded messages to the lead; True: one is playing or on its way."""
    return _registered().unsay(lead_id, now)


def soonest(source: LeadSource, now: datetime) -> Soonest:
    """When a request sent at `now` through this source would be called; the source must be open now
    or later. An estimate without the number; reserves nothing.
    """
    return _registered().soonest(source, now)


def usual_wait(source_id: int, now: datetime, as_of: uuid.UUID | None = None) -> timedelta | None:
    """The time within which the phones of this source's leads usually rang in the last hour; None:
    unknown. `as_of`: as in `hours`.
    """
    return _registered().usual_wait(source_id, now, as_of)


def caller_number(source_id: int, as_of: uuid.UUID | None = None) -> str:
    """The number that a phone shows when it is called for this source, in E.164; "" if unknown.
    `as_of`: as in `hours`.
    """
    return _registered().caller_number(source_id, as_of)


def _registered() -> LeadCaller:
    if _caller is None:
        raise ImproperlyConfigured("No application is installed that calls leads.")
    return _caller
