"""What is wrong with the database when a process starts, as a sentence with the remedy.

A server process does not start if only a person can fix the problem: a wrong password, missing
tables. It does start if the database does not answer at the moment, since that passes by itself.
"""

import socket
from dataclasses import replace

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error, ProgrammingError

from leads import refused_connections
from leads.refused_connections import Problem

# With log_min_error_statement at one of these, a statement that fails with an error is not logged.
_NO_STATEMENT = ("panic", "fatal", "log")
_LEAST_VERSION = 140_000


def problem() -> Problem | None:
    """What is wrong now; None if the database answers and has this version's tables.

    Waits for a connection as long as the settings allow (connect_timeout, 3 s for each address).
    """
    return _of_connecting() or _of_tables()


def forbidden(error: Error) -> Problem | None:
    """The problem, if `error` says that the user in DATABASE_URL lacks a right; otherwise None."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, psycopg.errors.InsufficientPrivilege):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    return Problem(
        "PostgreSQL does not let the user in DATABASE_URL do this.",
        "Use the DATABASE_URL of the role that owns the tables. With docs/deploy/roles.sql this "
        "is callbacks_owner, in .env.migrate (docs/deploy.md).",
    )


def log_tells_of_visitors() -> bool:
    """Whether PostgreSQL's log shows the statement or the row when one of our statements fails.

    Only PostgreSQL's superuser can change that, for the whole server or for one role.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('log_min_error_statement'), "
            "current_setting('log_error_verbosity')"
        )
        statement_from, verbosity = cursor.fetchone()
    connection.close()
    return statement_from not in _NO_STATEMENT or verbosity != "terse"


def settings_held_back() -> list[str]:
    """The settings in DATABASE_SESSION that have PostgreSQL's default in our connections although
    we ask for another value. PgBouncer or `options` in DATABASE_URL keeps ours back. A value that
    somebody set for the database or its user is accepted, except for the time zone.
    """
    asked = settings.DATABASE_SESSION
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings"
            " JOIN unnest(%s::text[], %s::text[]) AS asked (name, value) USING (name)"
            " WHERE setting = boot_val AND value <> boot_val",
            [list(asked), list(asked.values())],
        )
        at_default = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT current_setting('callbacks.time_zone', true)")
        ((time_zone,),) = cursor.fetchall()
    connection.close()
    if time_zone != asked["callbacks.time_zone"]:
        at_default.add("callbacks.time_zone")
    return [name for name in asked if name in at_default]


def _of_connecting() -> Problem | None:
    # Not through the pool, which would only say that it timed out.
    parameters = connection.get_connection_params()
    parameters.pop("pool", None)
    try:
        with psycopg.connect(**parameters) as raw:
            version = raw.info.server_version
    except psycopg.Error as error:
        return of_refusal(str(error), str(parameters.get("host", "")), parameters.get("port"))
    if version < _LEAST_VERSION:
        return Problem(
            f"The PostgreSQL server in DATABASE_URL is version {version // 10000}.",
            f"Use version {_LEAST_VERSION // 10_000} or newer.",
        )
    return None


def of_refusal(words: str, host: str, port: object) -> Problem:
    """As refused_connections.of, and names the host if nobody answers there."""
    found = refused_connections.of(words)
    if found is not refused_connections.NO_ANSWER:
        return found
    if not _resolves(host):
        return Problem(
            f"The host in DATABASE_URL, {host!r}, cannot be found.",
            "Correct the host in DATABASE_URL, or this machine's DNS.",
            passes=True,
        )
    is_socket = not host or host.startswith("/")
    where = f"its Unix socket {host}".strip() if is_socket else f"{host}:{port or 5432}"
    return replace(found, sentence=f"PostgreSQL does not answer at {where}.")


def _resolves(host: str) -> bool:
    if not host or host.startswith("/"):
        return True
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _of_tables() -> Problem | None:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except ProgrammingError as error:
        return Problem(
            "The user in DATABASE_URL may not read the database's tables "
            f"({type(error.__cause__ or error).__name__}).",
            "Grant the rights listed in docs/deploy.md.",
        )
    except Error as error:
        return Problem(
            "PostgreSQL broke the connection when asked for its migrations "
            f"({type(error.__cause__ or error).__name__}).",
            "Wait. If this continues, check PostgreSQL's log for a lock, a timeout or a restart.",
            passes=True,
        )
    finally:
        connection.close()
    if not missing:
        return None
    first = f"{missing[0][0].app_label}.{missing[0][0].name}"
    return Problem(
        f"The database lacks {len(missing)} migrations of this version, for example {first}.",
        "Run `python manage.py migrate` with the same settings, then start again.",
    )
