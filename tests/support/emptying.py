"""Empties the tables after a test that committed, like Django's `flush`, in a tenth of the time.

`flush` truncates every table and recreates content types, permissions and groups, hundreds of
times. This module deletes the few rows there are. Content types keep their ids, because running
processes (tests.support.stack) remember them.
"""

from functools import cache

from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg.errors import LockNotAvailable

from callbacks.access.groups import ensure_roles
from tests.support.simulator import eventually

# Made by migrations and never changed.
_KEPT = {"django_content_type", "auth_permission"}
# The groups of the roles: also made by migrations, and changed by few tests.
_OF_GROUPS = ("auth_group_permissions", "callbacks_rolegroup", "auth_group")
# Deleting managers' settings changes its value.
_LAST = "leads_setupversion"
# Each deletion of a setting adds an entry here, and entries cannot be deleted.
_AUDIT = "callbacks_auditentry"
# Deleting a lead looks for it in every table that refers to leads, so this many are truncated
# instead.
_MANY_LEADS = 1000


@cache
def _statements() -> str:
    tables = set(connection.introspection.django_table_names(only_existing=True))
    tables -= {*_KEPT, *_OF_GROUPS, _LAST, _AUDIT}
    ordered = [connection.ops.quote_name(table) for table in [*sorted(tables), _LAST]]
    # Without the lock, a running process could add a row to one that is being deleted. Waiting for
    # the lock while holding some of the tables could block that process in turn.
    return "; ".join(
        [
            f"LOCK TABLE {', '.join(ordered)} IN EXCLUSIVE MODE NOWAIT",
            *(f"DELETE FROM {table}" for table in ordered),
        ]
    )


def _groups() -> list[tuple[str, int]]:
    """All rights: the name of each group with the id of each of its permissions."""
    return sorted(Group.objects.values_list("name", "permissions"))


# The groups as first made.
_as_made: list[tuple[str, int]] | None = None


def _is_emptied() -> bool:
    """Empties the tables, unless a running process is using one of them."""
    global _as_made
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM leads_lead LIMIT %s", [_MANY_LEADS])
                if cursor.rowcount == _MANY_LEADS:
                    cursor.execute("TRUNCATE leads_lead CASCADE")
                cursor.execute(_statements())
            if _as_made is None or _groups() != _as_made:
                Group.objects.all().delete()
                ensure_roles()
                _as_made = _groups()
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {_AUDIT}")
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            return False
        raise
    return True


def _empty(_case: TransactionTestCase) -> None:
    eventually(_is_emptied, within=60)


def pytest_configure() -> None:
    """Replaces what Django does after such a test."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]
