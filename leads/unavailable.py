"""Whether an error means that the database cannot store anything now, and may again in a moment.

The only place that tells such errors from our own bugs. The form, the API and the error pages ask
it: a temporary problem is answered with 503 and may be sent again; a bug with 500.

It uses the SQLSTATE (PostgreSQL's manual, appendix A), because Django's classes mix both kinds: a
full disk and a lost connection are OperationalError, a read-only server is InternalError.
"""

from enum import StrEnum

from django.db import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from leads import refused_connections

# Seconds, for the Retry-After header. A restart of PostgreSQL takes about as long.
RETRY_AFTER = 5


class Cause(StrEnum):
    """Why nothing can be stored now."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"  # a standby, or default_transaction_read_only
    UNREACHABLE = "unreachable"  # down, starting, stopping, cut off, or no connection in time
    REFUSED = "refused"  # no longer lets us in: the password, database or a right changed
    OVERLOADED = "overloaded"  # out of connections, memory or another resource
    TIMEOUT = "timeout"  # of a statement, or of waiting for a lock
    CONFLICT = "conflict"  # with a write at the same moment
    DAMAGED = "damaged"  # a fault in the database or the system under it


# The longest matching prefix of a SQLSTATE counts.
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
    # An exhausted quota or an unreadable page: not our fault, and not the visitor's.
    "XX": Cause.DAMAGED,
}
# Not temporary: the operator of the database left something out.
INSUFFICIENT_PRIVILEGE = "42501"
UNDEFINED_TABLE = "42P01"
# Errors without a SQLSTATE: libpq gives none when a connection fails, and neither does the pool.
_BY_CLASS = (OperationalError, InterfaceError)


def cause(error: BaseException | None) -> Cause | None:
    """Why the database cannot do what was asked now; None if `error` has another reason."""
    state = sqlstate(error)
    for length in (5, 3, 2):
        if found := _CAUSES.get(state[:length]):
            return found
    return _of_no_connection(error) if isinstance(error, _BY_CLASS) and not state else None


def _of_no_connection(error: BaseException) -> Cause:
    """The pool only says that no connection came in time; the reason was noted before."""
    problem = refused_connections.last() if isinstance(error.__cause__, PoolTimeout) else None
    if problem is None:
        return Cause.UNREACHABLE
    if problem.is_crowded:
        return Cause.OVERLOADED
    return Cause.UNREACHABLE if problem.passes else Cause.REFUSED


def sqlstate(error: BaseException | None) -> str:
    """The five characters that PostgreSQL gave the error; "" if it gave none."""
    return getattr(error and error.__cause__, "sqlstate", None) or ""
