"""Migrations beside the running product: no deadlock with it, and nobody waits in line behind them.

A migration that changes several tables in one transaction takes their locks one by one, in its own
order; the product takes them in other orders. Each then waits for the other, and PostgreSQL ends
one of them, which may be the one that records a call. And whoever waits for a table has all who
come later wait behind it, readers too.

So a migration takes all tables that it needs at once, before it does anything, or none of them, and
tries again: while it waits it holds nothing, and nobody waits for it. A migration that is not
atomic (it builds indexes while the table is used) takes its locks as it always did.
"""

import inspect
import random
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.state import ProjectState

# Seconds: for how long tables are asked for, and the longest pause between two times.
WAITS = 60.0
_PAUSE = 0.1
# For a lock that nobody has foreseen. A deadlock is looked for after one second.
_UNFORESEEN = "500ms"
_IN_USE, DEADLOCK = "55P03", "40P01"
_TABLE = re.compile(r"\b(?:leads|callbacks|auth|django)_[a-z0-9_]+\b")
_MODEL = re.compile(r"""get_model\(\s*["'](\w+)["'],\s*["'](\w+)["']""")
_CHANGES_TABLES = re.compile(r"\b(?:ALTER|DROP|TRUNCATE)\b|\bCREATE (?:UNIQUE )?INDEX\b", re.I)


class TablesInUseError(Exception):
    """There was no moment when nobody used the tables. Nothing was changed."""

    def __init__(self, migration: Migration, tables: Iterable[str]) -> None:
        super().__init__(
            f"{migration} needs these tables, and for {WAITS:.0f} s there was no moment when "
            f"nobody used them: {', '.join(tables)}. It has changed nothing. See who uses them for "
            "long (a backup, a report, a session that somebody left open), and migrate again."
        )


class Executor(MigrationExecutor):
    """Django's, which takes a migration's tables before it begins."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, *args: Any, **options: Any
    ) -> ProjectState:
        """Raises TablesInUseError."""
        if not migration.atomic or options.get("fake") or (args and args[0]):
            return super().apply_migration(state, migration, *args, **options)
        with transaction.atomic(using=self.connection.alias):
            take_tables(self.connection, migration, state)
            return super().apply_migration(state, migration, *args, **options)


def take_tables(connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState) -> None:
    """Locks the tables that a migration names until the transaction's end. TablesInUseError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_UNFORESEEN])
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s) "
            "AND relnamespace = current_schema()::regnamespace ORDER BY relname",
            [list(named_tables(migration, state))],
        )
        tables = [name for (name,) in cursor.fetchall()]
    if not tables:
        return
    listed = ", ".join(map(connection.ops.quote_name, tables))
    mode = "ACCESS EXCLUSIVE" if _changes_tables(migration) else "SHARE ROW EXCLUSIVE"
    until = time.monotonic() + WAITS
    while not _takes(connection, f"LOCK TABLE {listed} IN {mode} MODE NOWAIT"):
        if time.monotonic() > until:
            raise TablesInUseError(migration, tables)
        time.sleep(random.uniform(0.1, 1) * _PAUSE)  # noqa: S311


def _takes(connection: BaseDatabaseWrapper, statement: str) -> bool:
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement)
    except OperationalError as problem:
        if sqlstate(problem) != _IN_USE:
            raise
        return False
    return True


def sqlstate(problem: OperationalError) -> str:
    """PostgreSQL's code for it; "" where the connection broke."""
    return getattr(problem.__cause__, "sqlstate", None) or ""


def is_transient(problem: OperationalError) -> bool:
    """Whether it was a lock that nobody had foreseen: the migration can be applied again."""
    return sqlstate(problem) in {_IN_USE, DEADLOCK}


def named_tables(migration: Migration, state: ProjectState) -> set[str]:
    """The tables that its operations, SQL or code name; some need not be there yet."""
    found: set[str] = set()
    for operation in _operations(migration.operations):
        found |= set(_TABLE.findall(_text(operation)))
        models = set(_MODEL.findall(_text(operation)))
        # Of an operation on a field, an index or a constraint, `name` is that one's.
        for key in ("model_name",) if hasattr(operation, "model_name") else ("name", "old_name"):
            if isinstance(name := getattr(operation, key, None), str):
                models.add((migration.app_label, name))
        for field in _fields(operation):
            target = getattr(getattr(field, "remote_field", None), "model", None)
            if target is not None:
                label = target if isinstance(target, str) else target._meta.label
                app, _, name = label.rpartition(".")
                models.add((app or migration.app_label, name))
        found |= {_table(state, app, name) for app, name in models}
    return found


def _table(state: ProjectState, app: str, name: str) -> str:
    model = state.models.get((app, name.lower()))
    return str((model.options.get("db_table") if model else "") or f"{app}_{name.lower()}")


def _operations(operations: Iterable[Any]) -> Iterator[Any]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _operations(operation.database_operations)
        else:
            yield operation


def _fields(operation: Any) -> Iterator[Any]:
    yield from (field for _, field in getattr(operation, "fields", ()) if field)
    if field := getattr(operation, "field", None):
        yield field


def _text(operation: Any) -> str:
    if isinstance(operation, RunSQL):
        return str(operation.sql)
    if isinstance(operation, RunPython):
        return inspect.getsource(operation.code)
    return ""


def _changes_tables(migration: Migration) -> bool:
    return any(
        _CHANGES_TABLES.search(_text(operation))
        if isinstance(operation, RunSQL)
        else not isinstance(operation, RunPython)
        for operation in _operations(migration.operations)
    )
