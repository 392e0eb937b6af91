"""Whether anything can be stored now: writes something to find out.

A database whose disk is full can still read, and still accepts rows where a page has room, so a
written row proves little. What it cannot do is grow. So one transaction tries two things:

1. It writes and commits a row. This fails on a read-only server, without the right to write, and
   while a synchronous standby that is down blocks every commit.
2. It writes a megabyte to the disk of the tables, in a temporary file of the server's that
   disappears at once. This fails if the disk is full. It needs no right and no table, writes no
   WAL, leaves nothing to clean up, and takes a millisecond or two.

The disk of the WAL is not tried: if it is full PostgreSQL stops, which /readyz reports. Each
process tries at most once every KEPT seconds, however often it is asked, and one try at a time
(callbacks.monitoring.bounded_probe).
"""

from django.db import connection, transaction
from django.utils import timezone

from callbacks.models import StoreHeartbeat
from callbacks.monitoring.bounded_probe import Probe
from leads import unavailable
from leads.unavailable import INSUFFICIENT_PRIVILEGE, UNDEFINED_TABLE, Cause

# Seconds.
PATIENCE = 2.0
KEPT = 5.0
# A sort or list larger than work_mem goes to a temporary file, beside the tables.
_LAY_ASIDE = """
    WITH room AS MATERIALIZED (SELECT repeat('x', 8192) FROM generate_series(1, 128))
    SELECT count(*) FROM room
"""
_SENTENCES = {
    Cause.DISK_FULL: (
        "PostgreSQL's disk is full, so no request can be stored. Visitors are asked to try "
        "again. Free space on the disk or enlarge it. Nothing has to be restarted."
    ),
    Cause.READ_ONLY: (
        "PostgreSQL is read-only (a standby, or default_transaction_read_only), so no request "
        "can be stored. Point DATABASE_URL at the primary, or end the read-only mode."
    ),
    Cause.OVERLOADED: (
        "PostgreSQL has run out of connections, memory or another resource, so no request can be "
        "stored. Check its log, max_connections and its machine's memory."
    ),
    Cause.TIMEOUT: (
        f"PostgreSQL can read but has not confirmed a write within {PATIENCE:.0f} s. Look for a "
        "lock (pg_stat_activity), a synchronous standby that is down, or a disk that hangs."
    ),
    Cause.UNREACHABLE: (
        "PostgreSQL broke the connection during a write: it is stopping or starting. See its "
        "log, which may also show a full disk."
    ),
    Cause.REFUSED: (
        "PostgreSQL refuses new connections with the user and database in DATABASE_URL, so no "
        "request can be stored. This process's log says why."
    ),
    Cause.DAMAGED: (
        "PostgreSQL cannot write because of a fault beneath it, so no request can be stored. "
        "Check its log, its disk, and whether a quota is used up."
    ),
}
_RIGHTS = (
    "PostgreSQL does not let the user in DATABASE_URL write, so no request can be stored. Run "
    "docs/deploy/roles.sql again, or grant the rights listed in docs/deploy.md."
)
_UNMIGRATED = "Unknown until the database matches this version. Run `manage.py migrate`."


def _write() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            for name, value in (
                ("statement_timeout", f"{PATIENCE:g}s"),
                ("lock_timeout", f"{PATIENCE / 2:g}s"),
                ("work_mem", "64kB"),  # the minimum
                ("temp_tablespaces", ""),  # where the tables are
            ):
                cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
            cursor.execute(
                "SELECT has_table_privilege('leads_lead', 'INSERT'), "
                "has_table_privilege('leads_lead', 'UPDATE')"
            )
            if cursor.fetchone() != (True, True):
                raise MayNotWrite
        StoreHeartbeat.objects.update_or_create(
            pk=StoreHeartbeat.ONLY, defaults={"written_at": timezone.now()}
        )
        with connection.cursor() as cursor:
            cursor.execute(_LAY_ASIDE)


class MayNotWrite(Exception):  # noqa: N818  # said of the role
    """The role of DATABASE_URL may not add leads."""


_probe = Probe("store", _write, PATIENCE, KEPT)


def start() -> None:
    """Begins to find out, for a caller of `trouble` a moment later."""
    _probe.start()


def trouble() -> str:
    """Why nothing can be stored, and what to do, as a sentence for the operator; "" if all is well.
    At most KEPT seconds old; waits at most PATIENCE.
    """
    try:
        _probe.answer()
    except TimeoutError:
        return _SENTENCES[Cause.TIMEOUT]
    except MayNotWrite:
        return _RIGHTS
    except Exception as error:  # noqa: BLE001  # may name the host, so it is not shown
        known = {INSUFFICIENT_PRIVILEGE: _RIGHTS, UNDEFINED_TABLE: _UNMIGRATED}
        if sentence := known.get(unavailable.sqlstate(error)):
            return sentence
        return _SENTENCES[_of(unavailable.cause(error))]
    return ""


def _of(cause: Cause | None) -> Cause:
    """A conflict means that somebody writes the same row for too long; unknown errors count as
    faults.
    """
    if cause is Cause.CONFLICT:
        return Cause.TIMEOUT
    return cause or Cause.DAMAGED
