"""The check for programs without an API key.

The API gives a robot no obstacles: it needs neither a page nor time. So a submission without a key
is as suspicious as a form sent without its page, and a solved challenge answers this finding too.
The source says what happens to such submissions (LeadSource.without_key).
"""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext

from leads.guard.circumstances import Circumstances
from leads.guard.verdicts import Finding, Verdict
from leads.models import LeadSource, WithoutKey
from leads.submission import Submission

NAME = "key"


def check(submission: Submission, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Holds a submission from an unknown program, unless the source accepts it."""
    known = submission.circumstances
    if known and known.is_without_key and submission.source.without_key != WithoutKey.ACCEPTED:
        sentence = gettext("A program without an API key sent it, as robots do.")
        yield Finding(NAME, Verdict.HOLD, sentence, is_mild=True)


def is_refused(source: LeadSource, known: Circumstances) -> bool:
    """Whether the source refuses submissions without a key."""
    return known.is_without_key and source.without_key == WithoutKey.REFUSED
