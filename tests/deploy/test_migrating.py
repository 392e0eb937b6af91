"""Migrations beside the running product: no deadlock, nobody in line behind them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models, transaction
from django.db.migrations.state import ProjectState

from callbacks.management import locked_migrations
from callbacks.management.locked_migrations import (
    TablesInUseError,
    named_tables,
    take_tables,
)
from tests.models.test_migrations import STORED, empty_database, migrate_to_the_release_before
from tests.support.serving import database_url
from tests.support.simulator import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def migration(*operations: Any, app: str = "callbacks") -> migrations.Migration:
    """One of that app."""
    made = migrations.Migration("0999_test", app)
    made.operations = list(operations)
    return made


BOTH = migration(
    migrations.RunSQL(
        "ALTER TABLE callbacks_callattempt ADD COLUMN trial int;"
        "SELECT pg_sleep(0.5);"
        "ALTER TABLE leads_lead ADD COLUMN trial int;"
    )
)


def apply(what: migrations.Migration) -> None:
    """As `manage.py migrate` applies it, and taken back."""
    executor = locked_migrations.Executor(connection)
    with transaction.atomic():
        executor.apply_migration(ProjectState(), what)
        transaction.set_rollback(True)


@contextmanager
def beside(what: migrations.Migration) -> Iterator[list[BaseException]]:
    """Applies it in a thread; what went wrong with it."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            apply(what)
        except BaseException as problem:  # noqa: BLE001
            problems.append(problem)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield problems
    finally:
        thread.join()


def product() -> psycopg.Connection:
    """Somebody who calls: a connection of its own."""
    return psycopg.connect(database_url(connection), autocommit=False)


def test_a_call_that_holds_one_of_the_tables_gets_the_other() -> None:
    """As it was: the migration held attempts and waited for leads, the call the other way round."""
    with product() as call, beside(BOTH) as problems:
        call.execute("LOCK TABLE leads_lead IN ROW EXCLUSIVE MODE")
        time.sleep(0.5)  # by now the migration would have the other
        call.execute("SET LOCAL lock_timeout = '5s'")
        call.execute("LOCK TABLE callbacks_callattempt IN ROW EXCLUSIVE MODE")
        call.commit()
    assert problems == []


def test_while_it_waits_nobody_waits_for_it() -> None:
    with product() as call, beside(BOTH) as problems:
        call.execute("LOCK TABLE leads_lead IN ACCESS SHARE MODE")
        time.sleep(0.3)
        with product() as another:
            another.execute("SET lock_timeout = '5s'")
            for table in ("leads_lead", "callbacks_callattempt"):
                another.execute(f"SELECT count(*) FROM {table}")
                another.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        call.commit()
    assert problems == []


def test_tables_that_are_always_in_use_end_it_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locked_migrations, "WAITS", 0.3)
    with product() as backup:
        backup.execute("LOCK TABLE leads_lead IN ACCESS SHARE MODE")
        with pytest.raises(TablesInUseError, match=r"leads_lead.*has changed nothing"):
            apply(BOTH)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_attribute WHERE attname = 'trial'")
        assert cursor.fetchall() == []


def test_the_command_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_use(*_: object) -> None:
        raise TablesInUseError(BOTH, ["leads_lead"])

    with empty_database("callbacks_in_use"):
        monkeypatch.setattr(locked_migrations, "take_tables", in_use)
        with pytest.raises(CommandError, match="needs these tables"):
            call_command("migrate", verbosity=0)


def test_a_lock_that_nobody_has_foreseen_has_it_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    usual = locked_migrations.take_tables

    def late(database: Any, what: Any, state: Any) -> None:
        usual(database, what, state)
        if not told:
            told.append(str(what))
            with database.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")

    with empty_database("callbacks_anew"):
        monkeypatch.setattr(locked_migrations, "take_tables", late)
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM leads_lead")
    assert told


LEAD = models.ForeignKey("leads.Lead", on_delete=models.CASCADE)
NAMED = {
    "a new column": (migrations.AddField("Extension", "x", models.IntegerField()),
                     {"callbacks_extension"}),
    "a reference": (migrations.AddField("Extension", "x", LEAD),
                    {"callbacks_extension", "leads_lead"}),
    "a new table": (migrations.CreateModel("Thing", [("lead", LEAD)]),
                    {"callbacks_thing", "leads_lead"}),
    "a constraint": (migrations.RemoveConstraint("CallAttempt", "x"), {"callbacks_callattempt"}),
    "SQL": (migrations.RunSQL("CREATE TRIGGER x AFTER UPDATE ON leads_lead EXECUTE FUNCTION y()"),
            {"leads_lead"}),
    "in the database alone": (
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("UPDATE callbacks_team SET name = ''")]
        ),
        {"callbacks_team"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "tables"), NAMED.values(), ids=NAMED)
def test_which_tables_a_migration_names(operation: Any, tables: set[str]) -> None:
    assert named_tables(migration(operation), ProjectState()) == tables


def _fill(apps: Any, _editor: Any) -> None:
    apps.get_model("leads", "Lead").objects.count()


def test_code_names_them_too_and_lets_others_read() -> None:
    fill = migration(migrations.RunPython(_fill))
    assert named_tables(fill, ProjectState()) == {"leads_lead"}
    with transaction.atomic():
        take_tables(connection, fill, ProjectState())
        with product() as another:
            another.execute("SET lock_timeout = '5s'")
            another.execute("SELECT count(*) FROM leads_lead")


def test_a_release_of_old_migrates_while_calls_are_made() -> None:
    """In both orders in which transactions of the product take leads and attempts."""
    orders = (
        ("UPDATE callbacks_callattempt SET hold_until = hold_until WHERE id = 1",
         "UPDATE leads_lead SET name = name WHERE id = 2",
         "UPDATE callbacks_extension SET name = name WHERE id = 1"),
        ("UPDATE callbacks_extension SET name = name WHERE id = 2",
         "UPDATE leads_lead SET name = name WHERE id = 1",
         "UPDATE callbacks_callattempt SET hold_until = hold_until WHERE id = 2"),
    )  # fmt: skip
    done, problems, counts = threading.Event(), [], [0, 0]

    def calls(number: int, url: str) -> None:
        with psycopg.connect(url) as call:
            while not done.is_set():
                try:
                    for statement in orders[number]:
                        call.execute(statement)
                        time.sleep(0.005)
                    call.commit()
                    counts[number] += 1
                except psycopg.Error as problem:
                    problems.append(repr(problem))
                    call.rollback()
                time.sleep(0.02)

    with empty_database("callbacks_beside"):
        migrate_to_the_release_before()
        with connection.cursor() as cursor:
            cursor.execute(STORED)
        url = database_url(connection)
        threads = [threading.Thread(target=calls, args=(number, url)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: all(counts))
            before = list(counts)
            call_command("migrate", verbosity=0)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert problems == []
        assert all(after > earlier for after, earlier in zip(counts, before, strict=True))
