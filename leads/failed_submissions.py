"""Counts submissions that could not be stored, except refused and invalid ones."""

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

# An error that the state of the database does not explain: a bug of ours.
FAULT = "fault"
REASONS = (*(it.value for it in Cause), FAULT)
# The answers to these say what is wrong with the submission itself.
_REFUSALS = (BodyRefused, KeyRefused, Refused, SuspiciousOperation)


class FailedBy(StrEnum):
    """How a submission arrived."""

    FORM = "form"
    WIDGET = "widget"
    API = "api"


@contextmanager
def counted(came_by: FailedBy) -> Iterator[None]:
    """Announces and logs every error in the block except refusals, and raises it again."""
    try:
        yield
    except _REFUSALS:
        raise
    except Exception as error:
        cause = unavailable.cause(error)
        reason = cause.value if cause else FAULT
        # The error's message may hold what was typed, so only its type is logged.
        kind = type(error.__cause__ or error).__name__
        log.error("submission not stored by=%s reason=%s error=%s", came_by, reason, kind)
        submission_failed.send(sender=None, came_by=came_by, reason=reason)
        raise
