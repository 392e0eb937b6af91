"""Statements that PostgreSQL plans once for a connection, not every time.

Planning the claim takes longer than doing it. Django has its parameters put into the text, which
leaves nothing to prepare; here they are sent beside it (psycopg's own cursor).
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import dict_row

# From then on a connection that has run a statement so often has it prepared.
_AFTER = 2


def rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of one statement, by column. Raises Django's errors, as its own cursors do."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    raw = connection.connection
    raw.prepare_threshold = _AFTER
    if connection.queries_logged:
        # As Django's own cursors do for who counts or explains queries.
        text = psycopg.ClientCursor(raw).mogrify(statement.encode(), parameters)
        connection.queries_log.append({"sql": text, "time": ""})
    with connection.wrap_database_errors, psycopg.Cursor(raw, row_factory=dict_row) as cursor:
        cursor.execute(statement.encode(), parameters)
        return cursor.fetchall()
