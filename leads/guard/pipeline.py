"""Runs each check on a submission; the strictest verdict wins.

A check that cannot answer, or breaks, holds the submission: storing fails open, dialling fails
closed. All findings are stored for managers (leads.models.Finding).
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

# Yields its findings about the submission; never waits longer than a fraction of a second.
Check = Callable[[Submission, datetime], Iterable[Finding]]

# A follow-up has no stranger: somebody who talked with the person planned it.
OF_ALL: dict[str, Check] = {listed_numbers.NAME: listed_numbers.check}
OF_STRANGERS: dict[str, Check] = {
    blocks.NAME: blocks.check,
    rates.NAME: rates.check,
    robots.NAME: robots.check,
    keyless.NAME: keyless.check,
    websites.NAME: websites.check,
}


def judge(submission: Submission, now: datetime) -> Judgement:
    """Judges a submission that arrives at `now`. Call it outside any transaction.

    Findings are stored for managers, in their language, not the visitor's.
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
        raise  # without the database nothing can be stored anyway
    except CannotAnswer as told:
        yield Finding(name, Verdict.HOLD, told.reason, is_unanswered=True)
    except Exception as error:  # noqa: BLE001  # a broken check neither calls nor loses anybody
        # The message may hold what was typed, so only its type is logged.
        log.error("a check broke check=%s error=%s", name, type(error).__name__)
        sentence = gettext(
            "The check “%(check)s” failed because of a fault in it. Decide for yourself."
        )
        yield Finding(name, Verdict.HOLD, sentence % {"check": name})
