"""Asks each check about a submission; the strictest wins.

A check that cannot answer, or breaks, holds the submission: storing fails open, dialling fails
closed. What each has against it is kept (leads.models.Finding), for managers.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext

from leads.guard import blocks, keyless, listed_numbers, rates, robots, websites
from leads.guard.verdicts import CannotAnswer, Finding, Judgement, Verdict
from leads.submission import Submission

log = logging.getLogger(__name__)

# Yields what it has against the submission; waits for nothing longer than a part of a second.
Check = Callable[[Submission, datetime], Iterable[Finding]]

# A follow-up is planned by somebody who has talked with that person.
OF_ALL: dict[str, Check] = {listed_numbers.NAME: listed_numbers.check}
OF_STRANGERS: dict[str, Check] = {
    blocks.NAME: blocks.check,
    rates.NAME: rates.check,
    robots.NAME: robots.check,
    keyless.NAME: keyless.check,
    websites.NAME: websites.check,
}


def judge(submission: Submission, now: datetime) -> Judgement:
    """What becomes of a submission that comes at `now`. Call it outside any transaction.

    What is found is kept for managers, in their language and not in the visitor's.
    """
    checks = OF_ALL | (OF_STRANGERS if submission.circumstances else {})
    with translation.override(settings.LANGUAGE_CODE):
        asked = checks.items()
        found = [it for name, check in asked for it in _asked(name, check, submission, now)]
    for finding in found:
        log.info("%s by check=%s", finding.verdict.name.lower(), finding.asked)
    return Judgement(tuple(found))


def _asked(name: str, check: Check, submission: Submission, now: datetime) -> Iterator[Finding]:
    try:
        yield from list(check(submission, now))
    except DatabaseError:
        raise  # without it nothing can be stored anyway
    except CannotAnswer as told:
        yield Finding(name, Verdict.HOLD, told.reason, is_unanswered=True)
    except Exception as error:  # noqa: BLE001  # a broken check must neither call nor lose anybody
        # Its message may hold what was typed: the type is enough.
        log.error("a check broke check=%s error=%s", name, type(error).__name__)
        sentence = gettext(
            "The check “%(check)s” could not be made, because of a fault in it. "
            "Decide for yourself."
        )
        yield Finding(name, Verdict.HOLD, sentence % {"check": name})
