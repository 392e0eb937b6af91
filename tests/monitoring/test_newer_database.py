"""Code that was rolled back, on a database that a newer version has migrated."""

import logging
from collections.abc import Iterator

import pytest
import redis
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from callbacks.config import start
from callbacks.monitoring import newer_database

pytestmark = pytest.mark.django_db(transaction=True)
SAYS = (
    "The database belongs to a newer version. This code does not know 2 of its migrations "
    "(leads.9001_of_tomorrow)."
)


@pytest.fixture
def migrated_by_tomorrows_version() -> Iterator[None]:
    rows = [("leads", "9001_of_tomorrow"), ("callbacks", "9001_of_tomorrow")]
    recorder = MigrationRecorder(connection)
    for row in rows:
        recorder.record_applied(*row)
    yield
    for row in rows:
        recorder.record_unapplied(*row)


def database() -> tuple[int, dict[str, object]]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()["checks"]["database"]


def test_all_is_known(signs: redis.Redis) -> None:
    assert newer_database.sentence() == ""
    assert database() == (200, {"ok": True})


def test_readyz_says_it_and_stays_green_for_the_old_version_beside_a_new_one(
    signs: redis.Redis, migrated_by_tomorrows_version: None
) -> None:
    status, found = database()
    assert (status, found["ok"]) == (200, True)
    assert str(found["advice"]).startswith(SAYS)


def test_a_server_says_it_at_its_start(
    migrated_by_tomorrows_version: None, caplog: pytest.LogCaptureFixture
) -> None:
    start.refuse_wrong_database()
    said = [it for it in caplog.records if it.getMessage().startswith(SAYS)]
    assert [it.levelno for it in said] == [logging.WARNING]


def test_migrate_says_it_since_only_the_newer_version_can_take_its_migrations_back(
    migrated_by_tomorrows_version: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("migrate", "leads", verbosity=0)
    assert capsys.readouterr().err.startswith(SAYS)


def test_migrate_check_says_why_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("migrate", "--check", verbosity=0)
    assert capsys.readouterr().err == ""
    newest = MigrationLoader(connection).graph.leaf_nodes("callbacks")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    try:
        with pytest.raises(SystemExit):
            call_command("migrate", "--check", verbosity=0)
    finally:
        MigrationRecorder(connection).record_applied(*newest)
    assert capsys.readouterr().err == (
        "The database lacks migrations of this version. Run them first.\n"
    )


def test_what_an_earlier_version_or_an_application_that_is_gone_has_left_is_no_newer_version() -> (
    None
):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (id, app, name, applied) VALUES "
            "(-2, 'leads', '0001_before_they_were_made_into_one', now()), "
            "(-1, 'sold_last_year', '0001_initial', now())"
        )
        try:
            assert newer_database.sentence() == ""
        finally:
            cursor.execute("DELETE FROM django_migrations WHERE id < 0")
