"""The check for robots: they fill in every field of a form, also the one that people do not see."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext

from leads.guard.verdicts import Finding, Verdict
from leads.submission import Submission

NAME = "robot"
# The field's name. No browser and no password manager has anything to fill in under it.
TRAP = "reference"


def check(submission: Submission, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Holds what was written by a robot, or by an extension of a browser that acts like one."""
    known = submission.circumstances
    if known and known.trap.strip():
        sentence = gettext("A field that people do not see was filled in, as robots do.")
        yield Finding(NAME, Verdict.HOLD, sentence)
