"""The check for foreign websites, whose pages make their visitors' browsers submit something here.

The browser itself reports this, and no page can prevent it: `Sec-Fetch-Site`, sent over HTTPS. Our
own form shown inside another website's page still counts as ours.
"""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext

from leads import origins
from leads.guard.circumstances import Circumstances
from leads.guard.verdicts import Finding, Verdict
from leads.models import LeadSource
from leads.submission import Submission

NAME = "website"


def check(submission: Submission, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Holds a submission from a page of a website that is not one of the source's."""
    known = submission.circumstances
    if known is None or not is_foreign(known, submission.source):
        return
    if not known.origin:
        yield _held(gettext("It was sent from another website, which hides its address."))
    else:
        sentence = gettext(
            "It was sent from %(website)s, which is not one of the source's websites."
        )
        yield _held(sentence % {"website": known.origin})


def is_foreign(known: Circumstances, source: LeadSource) -> bool:
    """Whether a page of a website that is not one of the source's sent it."""
    websites = origins.shown_inside(source.allowed_origins)
    return known.is_cross_site and (not known.origin or known.origin not in websites)


def _held(sentence: str) -> Finding:
    return Finding(NAME, Verdict.HOLD, sentence)
