"""That something only reads."""

from django.db import connection


def read_only() -> None:
    """From now on PostgreSQL refuses every write, and every lock on a row, of this test."""
    connection.check_constraints()  # what is still to be checked at the end would take locks
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
