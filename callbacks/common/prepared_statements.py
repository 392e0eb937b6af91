"""Statements that PostgreSQL plans once a minute for a connection, and not every time.

Planning the claim takes longer than doing it. Django has its parameters put into the text, which
leaves nothing to prepare; here they are sent beside it. PostgreSQL keeps a plan until somebody
analyses a table, which may be long after the table has grown out of it: so a plan lasts a minute,
those of the statements within a function too.

Sent by psycopg's own wrapper of libpq (psycopg.pq): its cursors take more of our processor time
than all else that we do for a claim.
"""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

_PLAN_LASTS = 60.0  # seconds
# Of which PostgreSQL reads what Python writes as their str().
_Value = str | int | datetime | timedelta | None
_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass
class _Kept:
    """What PostgreSQL keeps for a connection: the statements, by text, and since which minute."""

    minute: float
    names: dict[str, bytes] = field(default_factory=dict)


_names = count()
_kept: WeakKeyDictionary[psycopg.Connection[Any], _Kept] = WeakKeyDictionary()


def rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of one statement, by column; its parameters are written %(name)s::type.

    Raises Django's errors, as its own cursors do.
    """
    result, found = _run(statement, parameters)
    columns = [(result.fname(number) or b"").decode() for number in range(result.nfields)]
    return [dict(zip(columns, row, strict=True)) for row in found]


def tuples(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The same as tuples: for who asks often, and knows the columns."""
    return _run(statement, parameters)[1]


def array(values: Iterable[_Value]) -> str:
    """A parameter for `%(name)s::...[]`."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: _Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _run(statement: str, parameters: Mapping[str, Any]) -> tuple[PGresult, list[tuple[Any, ...]]]:
    """What PostgreSQL has answered, and its rows."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    raw = connection.connection
    if connection.queries_logged:
        # As Django's own cursors do for who counts or explains queries.
        text = psycopg.ClientCursor(raw).mogrify(statement.encode(), parameters)
        connection.queries_log.append({"sql": text, "time": ""})
    with connection.wrap_database_errors:
        result = _result(raw, statement, parameters)
        transformer = Transformer(raw)
        transformer.set_pgresult(result)
        return result, transformer.load_rows(0, result.ntuples, tuple)


def _result(
    raw: psycopg.Connection[Any], statement: str, parameters: Mapping[str, Any]
) -> PGresult:
    if not raw.autocommit and raw.pgconn.transaction_status == TransactionStatus.IDLE:
        raw.execute(b"")  # begins the transaction, which psycopg leaves to the first statement
    try:
        return _executed(raw, statement, parameters)
    except (errors.InvalidSqlStatementName, errors.FeatureNotSupported):
        # What PostgreSQL kept was dropped by somebody, or is of a column whose type has changed.
        del _kept[raw]
        if raw.pgconn.transaction_status != TransactionStatus.IDLE:
            raise
        return _executed(raw, statement, parameters)


def _executed(
    raw: psycopg.Connection[Any], statement: str, parameters: Mapping[str, Any]
) -> PGresult:
    minute = time.monotonic() // _PLAN_LASTS
    kept = _kept.setdefault(raw, _Kept(minute))
    if kept.minute != minute:
        _checked(raw, raw.pgconn.exec_(b"DISCARD PLANS"))
        kept.minute = minute
    numbered, names = _numbered(statement)
    name = kept.names.get(statement)
    if name is None:
        name = b"callbacks_%d" % next(_names)
        _checked(raw, raw.pgconn.prepare(name, numbered))
        kept.names[statement] = name
    # Any: None is NULL, though psycopg's types leave it out.
    texts: list[Any] = [_text(parameters[it]) for it in names]
    return _checked(raw, raw.pgconn.exec_prepared(name, texts))


def _text(value: _Value) -> bytes | None:
    if value is None:
        return None
    text = str(value).encode()
    if b"\0" in text:  # libpq would send what stands before it
        raise errors.DataError("a parameter with a NUL in it: PostgreSQL has no such text")
    return text


def _checked(raw: psycopg.Connection[Any], result: PGresult) -> PGresult:
    """The result of a statement that was done. Raises psycopg's error of one that was not."""
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    if raw.pgconn.status != ConnStatus.OK:
        raise errors.OperationalError("the connection to PostgreSQL is lost")
    raise errors.error_from_result(result)


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """%(name)s -> $1: psycopg would do it again for every call of so long a statement."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    places = {name: f"${number}" for number, name in enumerate(names, 1)}
    numbered = _PARAMETER.sub(lambda found: places[found[1]], statement).replace("%%", "%")
    return numbered.encode(), names
