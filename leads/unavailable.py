"""Whether an error means that the database cannot store anything now, and may again in a moment.

The one place that tells such errors from faults of our own. The form, the API and the error pages
ask it: what is for the moment is answered 503 and may be sent again; a fault is answered 500.

By SQLSTATE (PostgreSQL's manual, appendix A), since Django's classes mix both kinds: a full disk
and a lost connection are OperationalError, a server that only reads is InternalError.
"""

from enum import StrEnum

from django.db import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from leads import refused_connections

# Seconds, for the header Retry-After. A restart of PostgreSQL takes about as long.
RETRY_AFTER = 5


class Cause(StrEnum):
    """Why nothing can be stored at this moment."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"  # a standby, or default_transaction_read_only
    UNREACHABLE = "unreachable"  # down, starting, stopping, cut off, or no connection in time
    REFUSED = "refused"  # it lets us in no more: the password, the database or a right is another
    OVERLOADED = "overloaded"  # out of connections, of memory or of another resource
    TIMEOUT = "timeout"  # of a statement, or while waiting for a lock
    CONFLICT = "conflict"  # with what somebody else stored at the same moment
    DAMAGED = "damaged"  # the system under the database, or the database itself, has a fault


# The longest beginning of a SQLSTATE counts.
_CAUSES = {
    "08": Cause.UNREACHABLE,
    "25006": Cause.READ_ONLY,
    "25P03": Cause.TIMEOUT,
    "25P04": Cause.TIMEOUT,
    "40": Cause.CONFLICT,
    "53": Cause.OVERLOADED,
    "53100": Cause.DISK_FULL,
    "55P03": Cause.TIMEOUT,
    "57014": Cause.TIMEOUT,
    "57P": Cause.UNREACHABLE,
    "57P05": Cause.TIMEOUT,
    "58": Cause.DAMAGED,
    # A quota that is used up, an unreadable page: not ours, and not the visitor's.
    "XX": Cause.DAMAGED,
}
# No state of the moment: who runs the database has left something out.
INSUFFICIENT_PRIVILEGE = "42501"
UNDEFINED_TABLE = "42P01"
# Without a SQLSTATE: libpq passes none on when no connection comes about, nor does the pool.
_BY_CLASS = (OperationalError, InterfaceError)


def cause(error: BaseException | None) -> Cause | None:
    """Why the database cannot do what was asked now; None: `error` says nothing of the kind."""
    state = sqlstate(error)
    for length in (5, 3, 2):
        if found := _CAUSES.get(state[:length]):
            return found
    return _of_no_connection(error) if isinstance(error, _BY_CLASS) and not state else None


def _of_no_connection(error: BaseException) -> Cause:
    """The pool says only that no connection came in time: why, it was told before."""
    problem = refused_connections.last() if isinstance(error.__cause__, PoolTimeout) else None
    if problem is None:
        return Cause.UNREACHABLE
    if problem.is_crowded:
        return Cause.OVERLOADED
    return Cause.UNREACHABLE if problem.passes else Cause.REFUSED


def sqlstate(error: BaseException | None) -> str:
    """The five characters that PostgreSQL gave the error; "" where it gave none."""
    return getattr(error and error.__cause__, "sqlstate", None) or ""
