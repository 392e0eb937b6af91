"""Stops dialling while the provider refuses our account, except for a test call now and then.

With a wrong code, an address that is not allowed or a blocked account, the provider refuses every
call. Leads then keep waiting, and the refused calls use up none of their tries. A wrong code is
certain. Any other refusal may concern only that call, so it counts only once a second lead is
refused in the same way; the refused lead waits a minute, so that the next try is another lead's.

Among all workers, one tries again after 10 seconds, then after 20, 40 and every 60 seconds. New
settings, such as a corrected code after a restart, are tried at once. The first accepted call ends
the refusal.
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

# For the query that reads a lead before its call.
IS_REFUSED_SQL = "EXISTS (SELECT FROM callbacks_accountrefusal)"
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(seconds=60)
# While any lead is due, there is a try every minute.
_UNTRIED_FOR = timedelta(minutes=5)
# Longer than a lead waits between two calls while the provider fails (Policy.after_error).
_SECOND_WITHIN = timedelta(minutes=15)
# Attempts without an answer from the provider, and attempts that our own checks refused.
_UNANSWERED = (AttemptState.DIALING, AttemptState.NOT_SENT, AttemptState.UNKNOWN)
_REFUSED_BY_US = ("invalid_call", "number")

# `marks`, with this process's own mark added.
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
# A next try further away than any wait was set by a wrong clock.
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
    """Whether this process makes the next try. Always false without a refusal."""
    waits = {"first": FIRST_WAIT, "longest": LONGEST_WAIT}
    return bool(sql.rows(_TRY, _values(now) | waits))


def give_back(now: datetime) -> None:
    """Lets the next lead make the try that `may_try` granted: nothing was sent."""
    AccountRefusal.objects.update(next_try_at=now, tries=Greatest(F("tries") - 1, 0))


def forget_untried() -> None:
    """For the sweep: forgets a refusal that nobody has tried lately because no lead is due.

    The refusal may be over, and visitors at night would still read about it. The next refusal is
    noted anew.
    """
    untried = AccountRefusal.objects.filter(next_try_at__lt=timezone.now() - _UNTRIED_FOR)
    if untried.delete()[0]:
        log.warning("whether the provider still refuses the account is not known: no lead is due")


def waits_after(failure_reason: str) -> timedelta | None:
    """How long a lead waits after a refusal of the account; None if the reason was another one."""
    if failure_reason not in RefusedFor.values:
        return None
    is_certain = account_refusals.is_certain(RefusedFor(failure_reason))
    return timedelta(0) if is_certain else LONGEST_WAIT


def note(kind: RefusedFor, attempt: CallAttempt, now: datetime) -> bool:
    """Notes that the provider refused the account. In the transaction that ends the attempt.

    Returns False if only this lead was refused so far: dialling goes on.
    """
    if not account_refusals.is_certain(kind) and not _is_confirmed(attempt, now):
        return False
    values = _values(now) | {"kind": kind.value, "next": now + FIRST_WAIT}
    if any(row["is_new"] for row in sql.rows(_NOTE, values)):
        log.error(
            "the provider refuses the account; nothing is dialled until it is accepted: reason=%s",
            kind.value,
        )
    return True


def _is_confirmed(attempt: CallAttempt, now: datetime) -> bool:
    """Whether the account is known to be refused, or was refused in another lead's newest call."""
    if account_refusals.current():
        return True
    others = CallAttempt.objects.exclude(lead_id=attempt.lead_id).exclude(state__in=_UNANSWERED)
    last = others.exclude(failure_reason__in=_REFUSED_BY_US).order_by("-pk").first()
    if last is None or last.claimed_at < now - _SECOND_WITHIN:
        return False
    return account_refusals.kind_told_to(last) is not None


def works(now: datetime) -> None:
    """Forgets the refusal: the provider accepts the account. The sweep calls waiting leads."""
    refusal = account_refusals.current()
    if refusal and AccountRefusal.objects.all().delete()[0]:
        lasted = (now - refusal.since).total_seconds()
        log.warning("the provider takes the account again, after %.0f s", lasted)


def _values(now: datetime) -> dict[str, object]:
    return {"now": now, "mark": account_refusals.mark()}
