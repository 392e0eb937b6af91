"""Empties the tables after a test that committed, as Django's `flush` does, in a tenth of the time.

`flush` truncates every table and makes content types, permissions and groups anew, hundreds of
times. Here the few rows there are get deleted. Content types keep their ids: processes that run
(tests.support.stack) remember them.
"""

from functools import cache

from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg.errors import LockNotAvailable

from callbacks.access.groups import ensure_roles
from tests.support.simulator import eventually

# What migrations have made and nobody changes.
_KEPT = {"django_content_type", "auth_permission"}
# The groups of the roles are made by them too, and changed by few.
_OF_GROUPS = ("auth_group_permissions", "callbacks_rolegroup", "auth_group")
# Deleting what managers set up gives it another value.
_LAST = "leads_setupversion"
# Each deletion of a setting is an entry of it, and none can be deleted.
_AUDIT = "callbacks_auditentry"
# Each lead that is deleted is looked for in all tables that refer to leads: so many are truncated.
_MANY_LEADS = 1000


@cache
def _statements() -> str:
    tables = set(connection.introspection.django_table_names(only_existing=True))
    tables -= {*_KEPT, *_OF_GROUPS, _LAST, _AUDIT}
    ordered = [connection.ops.quote_name(table) for table in [*sorted(tables), _LAST]]
    # Without the lock, a process that runs could add a row to one that is being deleted. Who would
    # wait for it, while it holds some of the tables already, could keep that process waiting too.
    return "; ".join(
        [
            f"LOCK TABLE {', '.join(ordered)} IN EXCLUSIVE MODE NOWAIT",
            *(f"DELETE FROM {table}" for table in ordered),
        ]
    )


def _groups() -> list[tuple[str, int]]:
    """Who may do what: the name of each group with the id of each of its permissions."""
    return sorted(Group.objects.values_list("name", "permissions"))


# As they are when they have just been made.
_as_made: list[tuple[str, int]] | None = None


def _is_emptied() -> bool:
    """Empties them, unless a process that runs has just one of them in hand."""
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
    """In place of what Django does after such a test."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]
