"""Nothing is dialled while the provider refuses our account, but for a careful try now and then.

A wrong code, an address that is not allowed, a blocked account: each call would be refused, whoever
it is for. So leads wait as they are, and no try of theirs is used up. Of all workers one tries
again after ten seconds, then twenty, forty, and each minute; with settings that were not tried yet,
such as a corrected code after a restart, at once. The first call that is taken ends it.
"""

import logging
from datetime import datetime, timedelta

from callbacks.common import sql
from callbacks.models import AccountRefusal
from callbacks.models.account_refusals import RefusedFor
from callbacks.telephony import account_refusals

log = logging.getLogger(__name__)

# For the query that reads a lead to be called.
IS_REFUSED_SQL = "EXISTS (SELECT FROM callbacks_accountrefusal)"
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(seconds=60)

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
_TRY = f"""
    UPDATE callbacks_accountrefusal AS it SET tries = tries + 1, marks = {_WITH_OURS},
        next_try_at = %(now)s + LEAST(
            %(longest)s::interval, %(first)s::interval * power(2, LEAST(tries + 1, 10))
        )
    WHERE next_try_at <= %(now)s OR NOT (%(mark)s::varchar = ANY(it.marks))
    RETURNING id
"""  # noqa: S608


def may_try(now: datetime) -> bool:
    """Whether this process is the one that makes the next careful try; with no refusal, nobody."""
    waits = {"first": FIRST_WAIT, "longest": LONGEST_WAIT}
    return bool(sql.rows(_TRY, _values(now) | waits))


def give_back(now: datetime) -> None:
    """No extension was free for the try that `may_try` has given: the next lead may make it."""
    AccountRefusal.objects.update(next_try_at=now)


def note(kind: RefusedFor, now: datetime) -> None:
    """The provider has refused the account. In the transaction that ends the attempt."""
    values = _values(now) | {"kind": kind.value, "next": now + FIRST_WAIT}
    if any(row["is_new"] for row in sql.rows(_NOTE, values)):
        log.error(
            "the provider refuses the account, and nothing is dialled until it takes it: reason=%s",
            kind.value,
        )


def works(now: datetime) -> None:
    """The provider has taken the account: the sweep calls who waits."""
    refusal = account_refusals.current()
    if refusal and AccountRefusal.objects.all().delete()[0]:
        lasted = (now - refusal.since).total_seconds()
        log.warning("the provider takes the account again, after %.0f s", lasted)


def _values(now: datetime) -> dict[str, object]:
    return {"now": now, "mark": account_refusals.mark()}
