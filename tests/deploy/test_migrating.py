"""Migrations beside the running product: no deadlock, and nobody waits behind them."""

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
from tests.support.own_postgres import PASSWORD, OwnPostgres, own_postgres
from tests.support.serving import database_url
from tests.support.simulator import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def migration(*operations: Any, app: str = "callbacks") -> migrations.Migration:
    """A migration of this app."""
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
    """Applies it as `manage.py migrate` does, and takes it back."""
    executor = locked_migrations.Executor(connection)
    with transaction.atomic():
        executor.apply_migration(ProjectState(), what)
        transaction.set_rollback(True)


@contextmanager
def beside(what: migrations.Migration) -> Iterator[list[BaseException]]:
    """Applies it in a thread; the list gets what went wrong."""
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
    """A connection of its own, for somebody who calls."""
    return psycopg.connect(database_url(connection), autocommit=False)


def test_a_call_that_holds_one_of_the_tables_gets_the_other() -> None:
    """Before, the migration held attempts and waited for leads; the call did the reverse."""
    with product() as call, beside(BOTH) as problems:
        call.execute("LOCK TABLE leads_lead IN ROW EXCLUSIVE MODE")
        time.sleep(0.5)  # by now the migration would hold the other table
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
        with pytest.raises(TablesInUseError, match=r"leads_lead.*Nothing was changed"):
            apply(BOTH)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_attribute WHERE attname = 'trial'")
        assert cursor.fetchall() == []


@pytest.fixture(scope="module")
def vacuuming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    """A PostgreSQL whose autovacuum looks for work every second; its owner has no other rights."""
    with own_postgres(tmp_path_factory.mktemp("vacuum")) as server:
        with psycopg.connect(server.url("postgres", PASSWORD, "postgres"), autocommit=True) as boss:
            boss.execute("ALTER SYSTEM SET autovacuum_naptime = 1")
            boss.execute("SELECT pg_reload_conf()")
            boss.execute(f"CREATE ROLE callbacks_owner LOGIN PASSWORD '{PASSWORD}'")
            boss.execute("CREATE DATABASE callbacks OWNER callbacks_owner")
        yield server


@pytest.fixture
def vacuumed(vacuuming: OwnPostgres) -> Iterator[psycopg.Connection]:
    """PostgreSQL's own autovacuum, working for minutes on `callbacks_trial`.

    The product's connection leads to that server, as the owner.
    """
    owner = vacuuming.url("callbacks_owner", PASSWORD, "callbacks")
    boss = psycopg.connect(vacuuming.url("postgres", PASSWORD, "callbacks"), autocommit=True)
    with boss, psycopg.connect(owner, autocommit=True) as its:
        its.execute("CREATE TABLE callbacks_trial AS SELECT n FROM generate_series(1, 50000) n")
        its.execute(
            "ALTER TABLE callbacks_trial SET (autovacuum_vacuum_threshold = 0, "
            "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, "
            "autovacuum_vacuum_cost_limit = 1)"
        )
        its.execute("UPDATE callbacks_trial SET n = n + 1")
        try:
            eventually(lambda: works_on_it(boss), within=90)
            with connected_to(
                NAME="callbacks", USER="callbacks_owner", PASSWORD=PASSWORD, HOST="127.0.0.1",
                PORT=vacuuming.port,
            ):  # fmt: skip
                yield boss
        finally:
            its.execute("DROP TABLE callbacks_trial")


@contextmanager
def connected_to(**settings: Any) -> Iterator[None]:
    """Inside the block, the product's connection has these settings."""
    usual = {name: connection.settings_dict[name] for name in settings}

    def connect(its: dict[str, Any]) -> None:
        connection.close()
        connection.close_pool()
        connection.settings_dict.update(its)

    connect(settings)
    try:
        yield
    finally:
        connect(usual)


def works_on_it(boss: psycopg.Connection) -> bool:
    found = boss.execute(
        "SELECT pid FROM pg_stat_progress_vacuum WHERE relid = 'callbacks_trial'::regclass"
    )
    return found.fetchone() is not None


TRIAL = migration(migrations.RunSQL("ALTER TABLE callbacks_trial ADD COLUMN trial int;"))


def test_an_autovacuum_gives_way(vacuumed: psycopg.Connection) -> None:
    with transaction.atomic():
        take_tables(connection, TRIAL, ProjectState())
        assert not works_on_it(vacuumed)
        vacuumed.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            vacuumed.execute("SELECT count(*) FROM callbacks_trial")


def test_who_never_waits_never_gets_past_an_autovacuum(
    vacuumed: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server does on its own: the reason for `_have_it_give_way`."""
    monkeypatch.setattr(locked_migrations, "WAITS", 3.0)
    monkeypatch.setattr(locked_migrations, "_have_it_give_way", lambda *_: None)
    with (
        transaction.atomic(),
        pytest.raises(TablesInUseError, match="An autovacuum holds callbacks_trial"),
    ):
        take_tables(connection, TRIAL, ProjectState())
    assert works_on_it(vacuumed)


def test_for_a_lock_like_an_autovacuums_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server never ends a VACUUM or CREATE INDEX CONCURRENTLY of our own role."""
    monkeypatch.setattr(locked_migrations, "WAITS", 0.3)
    waited: list[str] = []
    monkeypatch.setattr(locked_migrations, "_have_it_give_way", lambda *of: waited.append(of[1]))
    with product() as vacuum:
        vacuum.execute("LOCK TABLE leads_lead IN SHARE UPDATE EXCLUSIVE MODE")
        with pytest.raises(TablesInUseError, match="Find out what holds them for long"):
            apply(BOTH)
    assert waited == []


def test_nothing_is_kept_of_a_table_that_was_waited_for() -> None:
    lead = "leads_lead"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            usual = cursor.fetchone()
        locked_migrations._have_it_give_way(connection, lead, "ACCESS EXCLUSIVE")
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == usual
        with product() as another:
            another.execute(f"LOCK TABLE {lead} IN ACCESS EXCLUSIVE MODE NOWAIT")


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
    """In both orders in which the product's transactions take leads and attempts."""
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
