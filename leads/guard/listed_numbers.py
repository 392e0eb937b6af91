"""The check of the never-call list. The list is checked again before dialling
(leads.number_guard).
"""

from collections.abc import Iterator
from datetime import datetime

from leads import never_call
from leads.guard.verdicts import Finding, Verdict
from leads.submission import Submission

NAME = "never_call"


def check(submission: Submission, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Holds a request for a number on the list."""
    if listed := never_call.entry(submission.phone):
        yield Finding(NAME, Verdict.HOLD, never_call.refusal(listed))
