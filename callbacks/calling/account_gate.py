"""Nothing is dialled while the provider refuses our account, but for a careful try now and then.

A wrong code, an address that is not allowed, a blocked account: each call would be refused, whoever
it is for. So leads wait as they are, and no try of theirs is used up. A wrong code is beyond doubt;
any other refusal may be about the one call, so it takes a second lead that is refused so too, and
whoever was refused waits a minute, so that the next try is another lead's. Of all workers one tries
again after ten seconds, then twenty, forty, and each minute; with settings that were not tried yet,
such as a corrected code after a restart, at once. The first call that is taken ends it.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from callbacks.common import sql
from callbacks.models import AccountRefusal, CallAttempt
from callbacks.models.account_refusals import RefusedFor
from callbacks.models.attempt_states import AttemptState
from callbacks.telephony import account_refusals

log = logging.getLogger(__name__)

# For the query that reads a lead to be called.
IS_REFUSED_SQL = "EXISTS (SELECT FROM callbacks_accountrefusal)"
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(seconds=60)
# While a lead is due, there is a try each minute.
_UNTRIED_FOR = timedelta(minutes=5)
# Longer than a lead waits between two calls while the provider fails (Policy.after_error).
_SECOND_WITHIN = timedelta(minutes=15)
# Attempts of which the provider has said nothing, and those that our own check has refused.
_UNANSWERED = (AttemptState.DIALING, AttemptState.NOT_SENT, AttemptState.UNKNOWN)
_REFUSED_BY_US = ("invalid_call", "number")

# `marks`, with our own.
_WITH_OURS = """
    CASE WHEN %(mark)s::varchar = ANY(it.marks) THEN it.marks
        ELSE it.marks || %(mark)s::varchar END
"""
_NOTE = f"""
    INSERT INTO callbacks_accountrefusal AS it
        (id, refused_for, since, tries, next_try_at, marks)
    VALUES (1, %(kind)s, %(now)s, 0, %(next)s, ARRAY[%(mark)s::varchar])
    ON CONFLICT (id) DO UPDATE SET refused_for = EXCLUDED.refused_for,
        marks = {_WITH_OURS}
    RETURNING xmax = 0 AS is_new
"""  # noqa: S608  # put together from constants only
# A next try that is further away than any wait comes of a clock that was wrong.
_TRY = f"""
    UPDATE callbacks_accountrefusal AS it SET tries = tries + 1, marks = {_WITH_OURS},
        next_try_at = %(now)s + LEAST(
            %(longest)s::interval, %(first)s::interval * power(2, LEAST(tries + 1, 10))
        )
    WHERE next_try_at <= %(now)s OR next_try_at > %(now)s + 2 * %(longest)s::interval
        OR NOT (%(mark)s::varchar = ANY(it.marks))
    RETURNING id
"""  # noqa: S608


def may_try(now: datetime) -> bool:
    """Whether this process is the one that makes the next careful try; with no refusal, nobody."""
    waits = {"first": FIRST_WAIT, "longest": LONGEST_WAIT}
    return bool(sql.rows(_TRY, _values(now) | waits))


def give_back(now: datetime) -> None:
    """Nothing was sent in the try that `may_try` has given: the next lead may make it."""
    AccountRefusal.objects.update(next_try_at=now, tries=Greatest(F("tries") - 1, 0))


def forget_untried() -> None:
    """A step of the sweep: a refusal that nobody tries any more, because no lead is due, is
    forgotten: it may be over, and visitors of the night would read of it. The next one is noted
    anew.
    """
    untried = AccountRefusal.objects.filter(next_try_at__lt=timezone.now() - _UNTRIED_FOR)
    if untried.delete()[0]:
        log.warning("whether the provider still refuses the account is not known: no lead is due")


def waits_after(failure_reason: str) -> timedelta | None:
    """How long a lead waits whose call was refused for the account; None: it was not."""
    if failure_reason not in RefusedFor.values:
        return None
    is_certain = account_refusals.is_certain(RefusedFor(failure_reason))
    return timedelta(0) if is_certain else LONGEST_WAIT


def note(kind: RefusedFor, attempt: CallAttempt, now: datetime) -> bool:
    """The provider has refused the account, as its words sound. In the transaction that ends the
    attempt. False: as yet only this lead was refused so, and dialling goes on.
    """
    if not account_refusals.is_certain(kind) and not _is_confirmed(attempt, now):
        return False
    values = _values(now) | {"kind": kind.value, "next": now + FIRST_WAIT}
    if any(row["is_new"] for row in sql.rows(_NOTE, values)):
        log.error(
            "the provider refuses the account, and nothing is dialled until it takes it: reason=%s",
            kind.value,
        )
    return True


def _is_confirmed(attempt: CallAttempt, now: datetime) -> bool:
    """Whether the account is refused already, or was to the newest call of another lead."""
    if account_refusals.current():
        return True
    others = CallAttempt.objects.exclude(lead_id=attempt.lead_id).exclude(state__in=_UNANSWERED)
    last = others.exclude(failure_reason__in=_REFUSED_BY_US).order_by("-pk").first()
    if last is None or last.claimed_at < now - _SECOND_WITHIN:
        return False
    return account_refusals.kind_told_to(last) is not None


def works(now: datetime) -> None:
    """The provider has taken the account: the sweep calls who waits."""
    refusal = account_refusals.current()
    if refusal and AccountRefusal.objects.all().delete()[0]:
        lasted = (now - refusal.since).total_seconds()
        log.warning("the provider takes the account again, after %.0f s", lasted)


def _values(now: datetime) -> dict[str, object]:
    return {"now": now, "mark": account_refusals.mark()}
