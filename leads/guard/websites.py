"""The check of foreign websites, whose pages have their visitors' browsers submit something here.

A browser says so by itself, and no page can keep it from that: `Sec-Fetch-Site`, sent over HTTPS.
A form of ours that is shown inside another website's page is ours all the same.
"""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext

from leads import origins
from leads.guard.verdicts import Finding, Verdict
from leads.submission import Submission

NAME = "website"


def check(submission: Submission, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Holds what a page of a website sent that is not among those of the source."""
    known = submission.circumstances
    if known is None or not known.is_cross_site:
        return
    if not known.origin:
        yield _held(gettext("A page of another website sent it, which hides its own address."))
    elif known.origin not in origins.shown_inside(submission.source.allowed_origins):
        sentence = gettext(
            "A page of %(website)s sent it, which is not among the websites of the source."
        )
        yield _held(sentence % {"website": known.origin})


def _held(sentence: str) -> Finding:
    return Finding(NAME, Verdict.HOLD, sentence)
