"""The database tables of `callbacks`."""

from callbacks.models.calls import CallAttempt, CallRecord, UnknownOutcome
from callbacks.models.parameters import CallParameters, SourceMessages
from callbacks.models.routing import Extension, Presence, Team, TeamSource
from callbacks.models.schedules import OpeningHours, Schedule, ScheduleException

__all__ = [
    "CallAttempt",
    "CallParameters",
    "CallRecord",
    "Extension",
    "OpeningHours",
    "Presence",
    "Schedule",
    "ScheduleException",
    "SourceMessages",
    "Team",
    "TeamSource",
    "UnknownOutcome",
]
