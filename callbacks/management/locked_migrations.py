"""Migrations beside the running product: no deadlock with it, and nobody waits in line behind them.

A migration that changes several tables in one transaction takes their locks one by one, in its own
order; the product takes them in other orders. Each then waits for the other, and PostgreSQL ends
one of them, which may be the one that records a call. And whoever waits for a table has all who
come later wait behind it, readers too.

So a migration takes all tables that it needs at once, before it does anything, or none of them, and
tries again: while it waits it holds nothing, and nobody waits for it. A migration that is not
atomic (it builds indexes while the table is used) takes its locks as it always did.

An autovacuum holds its table for as long as it works, minutes of a large one, and gives way only to
somebody who waits: PostgreSQL ends it once they have waited for `deadlock_timeout`, one second. One
who never waits never gets past it. So where an autovacuum has one of the tables, that one is waited
for, for a moment longer than that. One that keeps transaction ids from running out is never ended:
it has to be over first.
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
# For a table that an autovacuum has: the server looks once `deadlock_timeout` is over whether it is
# one that can be ended, and this is so much longer. Where the server looks so late, nobody is kept
# waiting for it. Milliseconds.
_LONGER, _LATEST_LOOK = 500, 3_000
_AUTOVACUUM = "autovacuum worker"
_IN_USE, DEADLOCK = "55P03", "40P01"
_TABLE = re.compile(r"\b(?:leads|callbacks|auth|django)_[a-z0-9_]+\b")
_MODEL = re.compile(r"""get_model\(\s*["'](\w+)["'],\s*["'](\w+)["']""")
_CHANGES_TABLES = re.compile(r"\b(?:ALTER|DROP|TRUNCATE)\b|\bCREATE (?:UNIQUE )?INDEX\b", re.I)


class TablesInUseError(Exception):
    """There was no moment when nobody used the tables. Nothing was changed."""

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
        vacuumed = _vacuumed(connection, tables)
        if time.monotonic() > until:
            raise TablesInUseError(migration, tables, vacuumed)
        if vacuumed:
            _have_it_give_way(connection, vacuumed[0], mode)
        time.sleep(random.uniform(0.1, 1) * _PAUSE)  # noqa: S311


def _vacuumed(connection: BaseDatabaseWrapper, tables: list[str]) -> list[str]:
    """Those of the tables that an autovacuum works on.

    A role without rights to see it is not told what another's process is: it may be an autovacuum.
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
    """Waits for one table, so that PostgreSQL ends the autovacuum that has it, and lets it go: the
    others are taken with it, or not at all. Whoever comes meanwhile waits as long.
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
