"""The database tables of `callbacks`."""

from callbacks.models.calls import CallAttempt, CallRecord, UnknownOutcome
from callbacks.models.parameters import CallParameters, SourceMessages
from callbacks.models.routing import Extension, OpeningHours, Schedule, ScheduleException, Team

__all__ = [
    "CallAttempt",
    "CallParameters",
    "CallRecord",
    "Extension",
    "OpeningHours",
    "Schedule",
    "ScheduleException",
    "SourceMessages",
    "Team",
    "UnknownOutcome",
]
