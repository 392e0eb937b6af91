"""The check of programs that show no key of the API.

The API asks a robot for nothing: neither for a page nor for time. So what comes there without a key
is as suspicious as a form without its page, and a solved challenge answers it too. A source says
what becomes of it (LeadSource.without_key).
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
    """Holds what nobody knows the sender of, unless the source takes it."""
    known = submission.circumstances
    if known and known.is_without_key and submission.source.without_key != WithoutKey.ACCEPTED:
        sentence = gettext("A program without an API key sent it, as robots do.")
        yield Finding(NAME, Verdict.HOLD, sentence, is_mild=True)


def is_refused(source: LeadSource, known: Circumstances) -> bool:
    """Whether the source takes nothing without a key."""
    return known.is_without_key and source.without_key == WithoutKey.REFUSED
