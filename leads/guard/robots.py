"""The check for robots: they fill in every field, at once, and without loading the form's page.

All its findings are mild: people sometimes do the same, so a solved challenge answers them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext

from leads.guard.circumstances import Filling
from leads.guard.verdicts import Finding, Verdict
from leads.submission import Submission

NAME = "robot"
# The highest LEAST_FILL_TIME. Even somebody whose browser fills in the form needs more than a
# second to see it and press the button; a minimum above this would make fast people suspects.
LONGEST_LEAST = 10.0
# People send a page again to correct a number or choose a time.
MOST_BEFORE = 3


def check(submission: Submission, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Holds what a robot wrote, or a browser extension that acts like one."""
    filling = submission.circumstances and submission.circumstances.filling
    if not filling:
        return
    if filling.trap.strip():
        yield _mild(gettext("A field that people do not see was filled in, as robots do."))
    if settings.LEAST_FILL_TIME:
        yield from _of_stamp(filling, timedelta(seconds=settings.LEAST_FILL_TIME))


def _of_stamp(filling: Filling, least: timedelta) -> Iterator[Finding]:
    if filling.took is None:
        yield _mild(gettext("It was sent without the form's page, as robots do."))
    elif filling.took < least:
        sentence = gettext("The form was filled in within %(seconds).1f seconds, as robots do.")
        yield _mild(sentence % {"seconds": max(0.0, filling.took.total_seconds())})
    if filling.before > MOST_BEFORE:
        sentence = gettext(
            "%(count)d requests had come from the same page before, as robots send them."
        )
        yield _mild(sentence % {"count": filling.before})


def _mild(sentence: str) -> Finding:
    return Finding(NAME, Verdict.HOLD, sentence, is_mild=True)
