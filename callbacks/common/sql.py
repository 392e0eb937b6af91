"""Runs statements written in SQL."""

from collections.abc import Mapping
from typing import Any

from django.db import connection


def run(statement: str, parameters: Mapping[str, Any]) -> int:
    """Runs one statement; returns how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of one statement as dicts by column. Parameters are written `%(name)s::type`.

    Raises Django's database errors.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
