"""What is wrong with the database at a start, as a sentence with the way out.

A process that serves does not start on what only a person can mend: a wrong password, tables that
are not there. It does start where the database does not answer now, since that passes by itself.
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

# From these on a statement is shown: failures of ours are errors, and are below.
_NO_STATEMENT = ("panic", "fatal", "log")
_LEAST_VERSION = 140_000


def problem() -> Problem | None:
    """What is wrong now; None: the database is there and has this version's tables.

    Waits for a connection as long as the settings say (connect_timeout, 3 s for each address).
    """
    return _of_connecting() or _of_tables()


def forbidden(error: Error) -> Problem | None:
    """What `error` means where the user of DATABASE_URL may not do what was asked; else None."""
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
    """Whether PostgreSQL's log shows the statement or the row when one of ours fails.

    Only its superuser can change that, for the whole server or for one role.
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
    """The names of DATABASE_SESSION that have PostgreSQL's own default in a connection of ours,
    where another value is asked for. PgBouncer keeps them back, as does another `options` in
    DATABASE_URL. Values that somebody has chosen for the database or its user are theirs to choose,
    all but the time zone.
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
    # Not by the pool, which would only say that it has waited.
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
    """refused_connections.of, which knows no host: where nobody answers, this names where."""
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
