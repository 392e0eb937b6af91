"""Why PostgreSQL refuses a connection: its reasons in sentences, each with what to do.

libpq passes on no SQLSTATE while it connects, so its words are read: PostgreSQL's own messages if
they are in English; any other message gets the general sentence. A connection pool only says that
no connection came in time. So the pool's connections are made by `Remembering`, which keeps the
last refusal for leads.unavailable, /readyz and the log.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any, Self

import psycopg

log = logging.getLogger(__name__)

# Seconds for which a refusal explains a missing connection, if nothing was tried since.
REMEMBERED_FOR = 60.0


@dataclass(frozen=True)
class Problem:
    """`sentence` says what is wrong, `way_out` what to do. `passes`: it may pass without action."""

    sentence: str
    way_out: str
    passes: bool = False
    is_crowded: bool = False

    def told(self) -> str:
        """Both, for the engineer who has to fix it."""
        return f"{self.sentence} {self.way_out}"


NO_ANSWER = Problem(
    "PostgreSQL does not answer.",
    "Check that it is running, and that host and port in DATABASE_URL are right; a firewall may be "
    "between. If its log says that its disk is full, make room first.",
    passes=True,
)
_STARTS = Problem(
    "PostgreSQL is starting or recovering, and takes no connection yet.",
    "Wait. If it goes on, or comes again and again, look into its log: the disk of its WAL may be "
    "full.",
    passes=True,
)
_STOPS = Problem(
    "PostgreSQL is shutting down, and takes no connection.",
    "Start it again if nobody does; its log says why it stops.",
    passes=True,
)
_CROWDED = Problem(
    "PostgreSQL has no connection left: as many are open as it takes.",
    "End what holds them (pg_stat_activity), or raise its max_connections, or the CONNECTION LIMIT "
    "of the user or database in DATABASE_URL.",
    passes=True,
    is_crowded=True,
)
_CLOSED = Problem(
    "The database of DATABASE_URL takes no connections, since somebody has closed it.",
    "Open it once they are done: ALTER DATABASE name ALLOW_CONNECTIONS true.",
    passes=True,
)
_BROKEN_OFF = Problem(
    "PostgreSQL broke off while a connection was made: it is starting or stopping.",
    "Wait. If it goes on, look into its log.",
    passes=True,
)
_POOLER = Problem(
    "PgBouncer, which stands between us and PostgreSQL, gets no connection to it.",
    "Look into the logs of both. It tries again after its server_login_retry.",
    passes=True,
)
_REFUSED = Problem(
    "PostgreSQL refuses the connection of DATABASE_URL.",
    "Its log says why. Correct DATABASE_URL or PostgreSQL's settings.",
)
# The first sign found in the words counts.
_BY_SIGN = {
    "starting up": _STARTS,
    "in recovery mode": _STARTS,
    "not yet accepting connections": _STARTS,
    "system is not accepting connections": _STARTS,
    "shutting down": _STOPS,
    "too many clients": _CROWDED,
    "remaining connection slots": _CROWDED,
    "too many connections": _CROWDED,
    # PgBouncer's.
    "no more connections allowed": _CROWDED,
    "not currently accepting connections": _CLOSED,
    "SSL SYSCALL error": _BROKEN_OFF,
    "SSL connection has been closed unexpectedly": _BROKEN_OFF,
    "server closed the connection unexpectedly": _BROKEN_OFF,
    "server_login_retry": _POOLER,
}
_NOT_FROM_HERE = Problem(
    "PostgreSQL lets nobody in from this machine with the user and database of DATABASE_URL.",
    "Let a line of PostgreSQL's pg_hba.conf allow them, and have it read again.",
)
# Only a person can fix these. Searched in what the server says, else in what libpq says.
_FOR_A_PERSON = {
    "password authentication failed": Problem(
        "PostgreSQL refuses the user and password of DATABASE_URL.",
        "Correct both in DATABASE_URL (%40 stands for an @ in the password, %2F for a slash), "
        "or set the password in PostgreSQL: ALTER ROLE name PASSWORD '...'.",
    ),
    "no password supplied": Problem(
        "PostgreSQL wants a password, and DATABASE_URL has none.",
        "Set DATABASE_URL=postgres://user:password@host:5432/name.",
    ),
    "no pg_hba.conf entry": _NOT_FROM_HERE,
    "pg_hba.conf rejects connection": _NOT_FROM_HERE,
    "permission denied for database": Problem(
        "PostgreSQL does not let the user of DATABASE_URL into that database.",
        "Let it in: GRANT CONNECT ON DATABASE name TO user.",
    ),
    'role "': Problem(
        "PostgreSQL does not know the user of DATABASE_URL, or does not let it sign in.",
        "Correct the user in DATABASE_URL, or make it in PostgreSQL: CREATE ROLE name LOGIN "
        "PASSWORD '...'.",
    ),
    'database "': Problem(
        "PostgreSQL has no database with the name in DATABASE_URL.",
        "Correct the name at the end of DATABASE_URL, or make the database: createdb name.",
    ),
    "SSL": Problem(
        "The TLS connection to PostgreSQL failed under the sslmode in DATABASE_URL.",
        "Correct sslmode and sslrootcert in DATABASE_URL, or the certificate of the server.",
    ),
    "sslmode": Problem(
        "The sslmode in DATABASE_URL is not one that PostgreSQL knows.",
        "Set it to verify-full, verify-ca, require or prefer, or leave it out.",
    ),
}


def of(words: str) -> Problem:
    """What `words`, from libpq or the server, mean when a connection fails."""
    for sign, problem in _BY_SIGN.items():
        if sign in words:
            return problem
    _, fatal, said = words.partition("FATAL:")
    for sign, problem in _FOR_A_PERSON.items():
        if sign in (said if fatal else words):
            return problem
    return _REFUSED if fatal else NO_ANSWER


# The result of the last try to connect, and when (monotonic clock); None: it succeeded.
_last: tuple[Problem, float] | None = None


def last() -> Problem | None:
    """Why this process got no connection at its last try. None if it got one, or has not tried for
    REMEMBERED_FOR seconds.
    """
    found = _last
    if found is None or time.monotonic() - found[1] > REMEMBERED_FOR:
        return None
    return found[0]


class Remembering(psycopg.Connection[Any]):
    """A connection of the pool. Logs each refusal instead of the pool's own message (once a minute
    while it stays the same: callbacks.config.log_repeats).
    """

    @classmethod
    def connect(cls, conninfo: str = "", **given: Any) -> Self:
        """Raises psycopg.Error."""
        global _last
        try:
            made = super().connect(conninfo, **given)
        except psycopg.Error as error:
            problem = of(str(error))
            _last = (problem, time.monotonic())
            log.error("%s", problem.told())
            raise
        _last = None
        return made
