"""Gives each xdist process its own database, copied from one that is migrated once.

Migrating takes two seconds of processor time, copying a tenth of a second.
"""

from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

_LOCK = 7_106_301


def _name() -> str:
    return f"test_{settings.DATABASES['default']['NAME']}_migrated"


def _server() -> "psycopg.Connection[Any]":
    """A connection for creating and dropping databases, as Django does it."""
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    return psycopg.connect(**parameters, autocommit=True)


def _drop() -> None:
    with _server() as server:
        name = sql.Identifier(_name())
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _starts_others(config: pytest.Config) -> bool:
    return bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Drops what a killed earlier run left: its migrations may be old."""
    if _starts_others(config):
        _drop()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Drops the original at the end: the server may be somebody's own."""
    if _starts_others(config):
        # The server may have ended already, with all its databases.
        with suppress(psycopg.Error):
            _drop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest,
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Makes Django create this process's database as a copy; the first process makes the
    original.
    """
    if not hasattr(request.config, "workerinput"):
        return
    name = _name()
    with _server() as server:
        # Migrating may take longer than the settings allow for waiting for a lock.
        server.execute("SET lock_timeout = 0")
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is None:
            with django_db_blocker.unblock():
                _migrate(name)
    connection.settings_dict["TEST"]["TEMPLATE"] = name


def _migrate(original: str) -> None:
    of_tests = connection.settings_dict["TEST"]
    name, own = connection.settings_dict["NAME"], of_tests["NAME"]
    of_tests["NAME"] = original
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    # PostgreSQL does not copy a database that has connections.
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
    of_tests["NAME"] = own
