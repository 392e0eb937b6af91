"""Statements that PostgreSQL plans once a minute for a connection, and not every time.

Planning the claim takes longer than doing it. Django has its parameters put into the text, which
leaves nothing to prepare; here they are sent beside it. PostgreSQL keeps a plan until somebody
analyses a table, which may be long after the table has grown out of it: so a plan lasts a minute,
those of the statements within a function too.
"""

import re
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.rows import RowFactory, dict_row, tuple_row

_PLAN_LASTS = 60.0  # seconds
# By connection, the minute in which PostgreSQL began to keep plans for it.
_planned_in: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()
_PARAMETER = re.compile(r"%\((\w+)\)s")


def rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of one statement, by column; its parameters are written %(name)s.

    Raises Django's errors, as its own cursors do.
    """
    return _run(statement, parameters, dict_row)


def tuples(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The same as tuples: for who asks often, and knows the columns."""
    return _run(statement, parameters, tuple_row)


def array(values: Iterable[str | int | datetime | None]) -> str:
    """A parameter for `%(name)s::...[]`. psycopg looks at each value of a list several times."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: str | int | datetime | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else value.isoformat()
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _run(statement: str, parameters: Mapping[str, Any], row_factory: RowFactory[Any]) -> list[Any]:
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    raw = connection.connection
    raw.prepare_threshold = 0
    if connection.queries_logged:
        # As Django's own cursors do for who counts or explains queries.
        text = psycopg.ClientCursor(raw).mogrify(statement.encode(), parameters)
        connection.queries_log.append({"sql": text, "time": ""})
    numbered, names = _numbered(statement)
    with connection.wrap_database_errors, psycopg.RawCursor(raw, row_factory=row_factory) as cursor:
        minute = time.monotonic() // _PLAN_LASTS
        if _planned_in.setdefault(raw, minute) != minute:
            cursor.execute(b"DISCARD PLANS")
            _planned_in[raw] = minute
        cursor.execute(numbered, [parameters[name] for name in names])
        return cursor.fetchall()


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """%(name)s -> $1: psycopg would do it again for every call of so long a statement."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    places = {name: f"${number}" for number, name in enumerate(names, 1)}
    numbered = _PARAMETER.sub(lambda found: places[found[1]], statement).replace("%%", "%")
    return numbered.encode(), names
