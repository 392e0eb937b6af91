"""Migrations while the product runs: they cause no deadlock, and nothing queues behind them.

A migration that changes several tables in one transaction locks them one by one, in its own order,
and the product locks them in other orders. Each may then wait for the other, and PostgreSQL ends
one of them, perhaps the one that records a call. And a session that waits for a table makes all
later ones wait behind it, even readers.

So before it does anything, a migration locks all its tables at once. If it cannot, it locks none
and tries again; while it waits it holds nothing, and nothing waits for it. A migration that is not
atomic (it builds indexes while the table is used) locks its tables as usual.

An autovacuum holds its table while it works, which may take minutes, and gives way only to a
session that waits: PostgreSQL ends the autovacuum once the session has waited for
`deadlock_timeout`, one second. A session that never waits never gets the table. So if an autovacuum
holds a table, the migration waits for it slightly longer than that. PostgreSQL never ends an
autovacuum that prevents transaction ids from running out: it has to finish first.
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

# Seconds: how long to try to lock the tables, and the longest pause between two tries.
WAITS = 60.0
_PAUSE = 0.1
# The longest wait for an unforeseen lock. PostgreSQL checks for deadlocks after one second.
_UNFORESEEN = "500ms"
# Milliseconds, for a table that an autovacuum holds. The server checks after `deadlock_timeout`
# whether it can end the autovacuum, and the migration waits this much longer. If `deadlock_timeout`
# is longer than the second value, it does not wait.
_LONGER, _LATEST_LOOK = 500, 3_000
_AUTOVACUUM = "autovacuum worker"
_IN_USE, DEADLOCK = "55P03", "40P01"
_TABLE = re.compile(r"\b(?:leads|callbacks|auth|django)_[a-z0-9_]+\b")
_MODEL = re.compile(r"""get_model\(\s*["'](\w+)["'],\s*["'](\w+)["']""")
_CHANGES_TABLES = re.compile(r"\b(?:ALTER|DROP|TRUNCATE)\b|\bCREATE (?:UNIQUE )?INDEX\b", re.I)


class TablesInUseError(Exception):
    """The tables were in use all the time. Nothing was changed."""

    def __init__(
        self, migration: Migration, tables: Iterable[str], vacuumed: Iterable[str] = ()
    ) -> None:
        by_autovacuum = ", ".join(vacuumed)
        super().__init__(
            f"{migration} needs these tables, which were in use for {WAITS:.0f} s without a "
            f"break: {', '.join(tables)}. Nothing was changed. "
            + (
                f"An autovacuum holds {by_autovacuum} and does not stop. Wait until it is "
                "finished (pg_stat_progress_vacuum shows its progress), then migrate again."
                if by_autovacuum
                else (
                    "Find out what holds them for long (a backup, a report, an autovacuum, an "
                    "open session), then migrate again."
                )
            )
        )


class Executor(MigrationExecutor):
    """Django's executor, which here locks a migration's tables before it begins."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, *args: Any, **options: Any
    ) -> ProjectState:
        """Applies a migration after locking its tables. Raises TablesInUseError."""
        if not migration.atomic or options.get("fake") or (args and args[0]):
            return super().apply_migration(state, migration, *args, **options)
        with transaction.atomic(using=self.connection.alias):
            take_tables(self.connection, migration, state)
            return super().apply_migration(state, migration, *args, **options)


def take_tables(connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState) -> None:
    """Locks a migration's tables until the transaction's end. Raises TablesInUseError."""
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
        vacuumed = _vacuumed(connection, tables)
        if time.monotonic() > until:
            raise TablesInUseError(migration, tables, vacuumed)
        if vacuumed:
            _have_it_give_way(connection, vacuumed[0], mode)
        time.sleep(random.uniform(0.1, 1) * _PAUSE)  # noqa: S311


def _vacuumed(connection: BaseDatabaseWrapper, tables: list[str]) -> list[str]:
    """The tables that an autovacuum works on.

    A role without the right to see other processes may take one of them for an autovacuum.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT relation::regclass::text FROM pg_locks LEFT JOIN pg_stat_activity "
            "USING (pid) WHERE COALESCE(backend_type, %s) = %s AND granted "
            "AND locktype = 'relation' AND mode = 'ShareUpdateExclusiveLock' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND relation = ANY(%s::regclass[]) ORDER BY 1",
            [_AUTOVACUUM, _AUTOVACUUM, [connection.ops.quote_name(it) for it in tables]],
        )
        return [name for (name,) in cursor.fetchall()]


def _have_it_give_way(connection: BaseDatabaseWrapper, table: str, mode: str) -> None:
    """Waits for one table, so that PostgreSQL ends the autovacuum that holds it, and releases it
    again, because all tables are locked together. Sessions that come meanwhile wait as long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout'")
        looks_after: int = cursor.fetchone()[0]
    if looks_after > _LATEST_LOOK:
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true)", [f"{looks_after + _LONGER}ms"]
            )
            cursor.execute(f"LOCK TABLE {connection.ops.quote_name(table)} IN {mode} MODE")
            transaction.set_rollback(True, using=connection.alias)
    except OperationalError as problem:
        if sqlstate(problem) not in {_IN_USE, DEADLOCK}:
            raise


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
    """PostgreSQL's code for the problem; "" if the connection broke."""
    return getattr(problem.__cause__, "sqlstate", None) or ""


def is_transient(problem: OperationalError) -> bool:
    """Whether the problem was an unforeseen lock, so that the migration can be applied again."""
    return sqlstate(problem) in {_IN_USE, DEADLOCK}


def named_tables(migration: Migration, state: ProjectState) -> set[str]:
    """The tables named in the migration's operations, SQL or code; some may not exist yet."""
    found: set[str] = set()
    for operation in _operations(migration.operations):
        found |= set(_TABLE.findall(_text(operation)))
        models = set(_MODEL.findall(_text(operation)))
        # In an operation on a field, an index or a constraint, `name` is not a model's.
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
