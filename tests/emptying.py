"""Empties the tables after a test that committed, as Django's `flush` does, in a tenth of the time.

`flush` truncates every table and makes content types, permissions and groups anew, hundreds of
times. Here the few rows there are get deleted. Content types keep their ids: processes that run
(tests.stack) remember them.
"""

from functools import cache

from django.db import connection, transaction
from django.test import TransactionTestCase

from callbacks.admin.access import ensure_sales_managers

# What migrations have made and nobody changes.
_KEPT = {"django_content_type", "auth_permission"}
# Deleting what managers set up gives it another value.
_LAST = "leads_setupversion"


@cache
def _statements() -> str:
    tables = set(connection.introspection.django_table_names(only_existing=True)) - _KEPT
    ordered = [connection.ops.quote_name(table) for table in sorted(tables - {_LAST})]
    ordered.append(connection.ops.quote_name(_LAST))
    # Without the lock, a process that runs could add a row to one that is being deleted.
    return "; ".join(
        [
            f"LOCK TABLE {', '.join(ordered)} IN EXCLUSIVE MODE",
            *(f"DELETE FROM {table}" for table in ordered),
        ]
    )


def _empty(_case: TransactionTestCase) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_statements())
        ensure_sales_managers()


def pytest_configure() -> None:
    """In place of what Django does after such a test."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]
