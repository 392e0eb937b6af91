"""Proves that code only reads."""

from django.db import connection


def read_only() -> None:
    """From now on PostgreSQL refuses every write and every row lock in this test."""
    connection.check_constraints()  # deferred checks at the end would take locks
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
