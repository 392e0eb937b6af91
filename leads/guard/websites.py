"""The check of foreign websites, whose pages have their visitors' browsers submit something here.

A browser says so by itself, and no page can keep it from that: `Sec-Fetch-Site`, sent over HTTPS.
A form of ours that is shown inside another website's page is ours all the same.
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
    """Holds what a page of a website sent that is not among those of the source."""
    known = submission.circumstances
    if known is None or not is_foreign(known, submission.source):
        return
    if not known.origin:
        yield _held(gettext("A page of another website sent it, which hides its own address."))
    else:
        sentence = gettext(
            "A page of %(website)s sent it, which is not among the websites of the source."
        )
        yield _held(sentence % {"website": known.origin})


def is_foreign(known: Circumstances, source: LeadSource) -> bool:
    """Whether a page of a website sent it that is not among those of the source."""
    websites = origins.shown_inside(source.allowed_origins)
    return known.is_cross_site and (not known.origin or known.origin not in websites)


def _held(sentence: str) -> Finding:
    return Finding(NAME, Verdict.HOLD, sentence)
