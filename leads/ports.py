"""What `leads` asks the application that calls its leads, without knowing which one that is.

The application implements LeadCaller and registers it when it is ready (callbacks.apps). What is
only announced goes by leads.signals.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from leads.models import LeadSource


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


class LeadCaller(Protocol):
    """The application that calls leads: what `leads` has to ask it."""

    def plan(
        self, source: LeadSource, phone: str, now: datetime, chosen_at: datetime | None
    ) -> CallPlan:
        """When a lead is called that is stored in this transaction, submitted at `now`."""

    def hours(self, source_id: int, phone: str, as_of: uuid.UUID | None) -> CallingHours:
        """When leads of this source and number are called, by version `as_of` of the config."""

    def refusal(self, phone: str) -> str | None:
        """Why this number is never called, as a sentence for the visitor; None: it is."""


_caller: LeadCaller | None = None


def register(caller: LeadCaller) -> None:
    """Has `caller` asked from now on; once, when the application that calls leads is ready."""
    global _caller
    _caller = caller


def plan(source: LeadSource, phone: str, now: datetime, chosen_at: datetime | None) -> CallPlan:
    """For a lead that is stored in this transaction, submitted at `now`. `phone`: E.164."""
    return _registered().plan(source, phone, now, chosen_at)


def hours(source_id: int, phone: str = "", as_of: uuid.UUID | None = None) -> CallingHours:
    """For a source and a number (E.164; "": any). `as_of`: the config's version, if just read."""
    return _registered().hours(source_id, phone, as_of)


def refusal(phone: str) -> str | None:
    """Why this number (E.164) is never called, as a sentence for the visitor; None: it is."""
    return _registered().refusal(phone)


def _registered() -> LeadCaller:
    if _caller is None:
        raise ImproperlyConfigured("No application is installed that calls leads.")
    return _caller
