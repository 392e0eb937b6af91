"""Counts submissions that could not be stored: not those that were refused or not valid."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.core.exceptions import SuspiciousOperation

from leads import unavailable
from leads.api_keys import KeyRefused
from leads.guard.verdicts import Refused
from leads.request_body import BodyRefused
from leads.signals import submission_failed
from leads.unavailable import Cause

log = logging.getLogger(__name__)

# An error that is no state of the database: a fault of ours.
FAULT = "fault"
REASONS = (*(it.value for it in Cause), FAULT)
# The answers to these say what is wrong with the submission itself.
_REFUSALS = (BodyRefused, KeyRefused, Refused, SuspiciousOperation)


class FailedBy(StrEnum):
    """The way by which a submission came."""

    FORM = "form"
    WIDGET = "widget"
    API = "api"


@contextmanager
def counted(came_by: FailedBy) -> Iterator[None]:
    """Announces and logs any error in the block that is no refusal, and raises it."""
    try:
        yield
    except _REFUSALS:
        raise
    except Exception as error:
        cause = unavailable.cause(error)
        reason = cause.value if cause else FAULT
        # The message of an error may hold what was typed: its type is enough.
        kind = type(error.__cause__ or error).__name__
        log.error("submission not stored by=%s reason=%s error=%s", came_by, reason, kind)
        submission_failed.send(sender=None, came_by=came_by, reason=reason)
        raise
