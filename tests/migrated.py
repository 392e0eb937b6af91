"""Each of xdist's processes has a database of its own: copies of one that is migrated once.

To migrate takes two seconds of a processor, to copy a tenth of one.
"""

import os
from contextlib import suppress

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

_IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
# Named after the process that starts the others, which find the name in their environment.
_NAME = os.environ.setdefault("MIGRATED_TEST_DATABASE", f"test_migrated_{os.getpid()}")
_LOCK = 7_106_301


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Has Django make this process's database as a copy; the first to come makes the original."""
    if not _IS_WORKER:
        return
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_NAME])
        if known.fetchone() is None:
            with django_db_blocker.unblock():
                _migrate()
    connection.settings_dict["TEST"]["TEMPLATE"] = _NAME


def _migrate() -> None:
    of_tests = connection.settings_dict["TEST"]
    name, own = connection.settings_dict["NAME"], of_tests["NAME"]
    of_tests["NAME"] = _NAME
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    # A database that somebody is connected to is not copied.
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
    of_tests["NAME"] = own


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """When all are done, the original goes: the server may be somebody's own."""
    if _IS_WORKER:
        return
    # It may have been ended already, with everything on it.
    with (
        suppress(psycopg.OperationalError),
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server,
    ):
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(_NAME)))
