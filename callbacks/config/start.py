"""Checks settings and database when a process starts; ends it after reporting every mistake.

The web server (gunicorn.conf.py), the worker and beat (callbacks.config.celery) report in their
log; a command (manage.py) reports on standard error. Mistakes are errors of the system checks that
are tagged `SETTINGS`, and what callbacks.config.database_at_start finds.
"""

import logging
import os
import select
import signal
import sys
from collections.abc import Sequence

import django
from django.core import checks
from django.core.checks import CheckMessage
from django.core.management import execute_from_command_line
from django.db import DatabaseError, Error, connections

from callbacks.common import clock
from callbacks.config import database_at_start
from callbacks.config.tags import SETTINGS
from callbacks.monitoring import newer_database
from leads import refused_connections

log = logging.getLogger(__name__)

# These commands check the settings themselves or need none, and people repair things with them.
REPAIRING = frozenset(
    {
        "check", "collectstatic", "compilemessages", "dbshell", "diffsettings", "health", "help",
        "makemessages", "makemigrations", "migrate", "showmigrations", "sqlmigrate", "test",
        "version",
    }
)  # fmt: skip
# This command reports wrong settings in its own way, with --json too.
_SAYS_IT_ITSELF = frozenset({"voicenter"})


def wrong_settings() -> list[CheckMessage]:
    """Every mistake in the settings, errors and warnings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")
    django.setup()
    return sorted(checks.run_checks(tags=[SETTINGS]), key=lambda it: str(it.id))


def sentence(found: CheckMessage) -> str:
    """What is wrong and its remedy, in one line."""
    return f"({found.id}) {found.msg} {found.hint}"


def refuse_wrong_settings() -> None:
    """Logs what is wrong with the settings. Raises SystemExit if one of them is an error."""
    found = wrong_settings()
    logging.captureWarnings(True)  # Python's warnings would otherwise be lines without a time
    for it in found:
        log.log(it.level, "%s", sentence(it))
    if any(it.is_serious() for it in found):
        log.error("Nothing was started. Correct these settings in the environment or in .env.")
        raise SystemExit(1)


def refuse_wrong_database() -> None:
    """Logs what is wrong with the database. Raises SystemExit if only a person can fix it; a
    database that does not answer now may answer later.
    """
    found = database_at_start.problem()
    if found:
        log.error("%s %s", found.sentence, found.way_out)
    if found and not found.passes:
        raise SystemExit(1)
    if found:
        return
    clock.measure()
    try:
        newer = newer_database.sentence()
        tells = database_at_start.log_tells_of_visitors()
        missing = database_at_start.settings_held_back()
    except Error as error:
        log.warning(
            "PostgreSQL broke the connection when asked for its settings (%s).",
            type(error.__cause__ or error).__name__,
        )
        return
    if newer:
        log.warning("%s", newer)
    if tells:
        log.warning(
            "PostgreSQL logs failed statements, including what visitors typed. As its superuser, "
            "run ALTER ROLE ... SET log_min_error_statement = 'panic' and ALTER ROLE ... SET "
            "log_error_verbosity = 'terse' for the user in DATABASE_URL."
        )
    if missing:
        log.warning(
            "Our connections to PostgreSQL do not have the values this product needs for %s. "
            "PgBouncer or `options` in DATABASE_URL keeps them back. As PostgreSQL's superuser, "
            'run the ALTER DATABASE statements of docs/deploy.md ("Behind PgBouncer"); then run '
            "RECONNECT in PgBouncer and restart this process.",
            ", ".join(missing),
        )


def server() -> None:
    """Makes both checks when a worker or beat starts. Raises SystemExit if one of them fails."""
    refuse_wrong_settings()
    refuse_wrong_database()
    close_connections()


def close_connections() -> None:
    """Closes the connections that the checks opened: a pool's threads do not survive a fork."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def command(arguments: Sequence[str]) -> None:
    """Runs a command of manage.py; `arguments` is sys.argv. Raises SystemExit with a sentence if a
    setting or the database is wrong, and without one if its output has no reader any more
    (`| head`).
    """
    try:
        _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        if not _nobody_reads():
            raise  # another pipe or connection
        # Python flushes again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)  # as a shell reports a program that this signal ended


def _run(arguments: Sequence[str]) -> None:
    name = next(iter(arguments[1:]), "help")
    if name not in REPAIRING and not name.startswith("-"):
        wrong = [it for it in wrong_settings() if it.is_serious()]
        if wrong and name not in _SAYS_IT_ITSELF:
            lines = "\n".join(f"- {sentence(it)}" for it in wrong)
            sys.exit(f"Nothing was done. Correct these settings:\n{lines}")
        if not wrong:
            clock.measure()
    # The reason for a failed connection is reported below, once.
    refused_connections.log.setLevel(logging.CRITICAL)
    try:
        execute_from_command_line(list(arguments))
    except DatabaseError as error:
        found = database_at_start.forbidden(error) or database_at_start.problem()
        if found is None:
            raise
        sys.exit(f"{found.sentence} {found.way_out}")


def _nobody_reads() -> bool:
    """Whether standard output is a pipe that no longer has a reader."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
