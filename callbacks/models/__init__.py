"""The database tables of `callbacks`."""

from callbacks.models.calls import CallAttempt, CallRecord
from callbacks.models.parameters import CallParameters, SourceMessages
from callbacks.models.routing import Extension, OpeningHours, Schedule, Team

__all__ = [
    "CallAttempt",
    "CallParameters",
    "CallRecord",
    "Extension",
    "OpeningHours",
    "Schedule",
    "SourceMessages",
    "Team",
]
