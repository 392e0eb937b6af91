"""Parameters that PostgreSQL reads as they were meant."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection

from callbacks import prepared

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 24, 9, 30, 0, 250, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("of", "values"),
    [
        ("bigint", []),
        ("bigint", [7, -1, None, 2**40]),
        ("bool", [True, False, None]),
        ("timestamptz", [AT, None, datetime(2026, 3, 27, tzinfo=UTC)]),
        ("text", ["fair", "", "NULL", None, 'a "word", {b}', "back\\slash", " שלום "]),
    ],
)
def test_an_array_arrives_as_it_was(of: str, values: list[Any]) -> None:
    statement = f"SELECT %(values)s::{of}[] AS found"
    [row] = prepared.rows(statement, {"values": prepared.array(values)})
    assert row["found"] == values
    assert prepared.tuples(statement, {"values": prepared.array(values)}) == [(values,)]


def _scans() -> tuple[int, int]:
    """Of the table `grows`: read as a whole, and by its index."""
    [row] = prepared.tuples(
        "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'grows'", {}
    )
    return row


def test_a_plan_is_made_anew_when_its_minute_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(prepared.time, "monotonic", lambda: now)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE grows (v int); CREATE INDEX ON grows (v)")
        cursor.execute("INSERT INTO grows VALUES (1); ANALYZE grows")
        cursor.execute(
            "CREATE FUNCTION within(one int) RETURNS int LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN (SELECT count(*) FROM grows WHERE v = one); END $$"
        )
    statements = (
        "SELECT count(*) FROM grows WHERE v = %(one)s::int",
        "SELECT within(%(one)s::int)",
    )

    def scans_of_each() -> list[tuple[int, int]]:
        made = []
        for statement in statements:
            before = _scans()
            prepared.tuples(statement, {"one": 1})
            after = _scans()
            made.append((after[0] - before[0], after[1] - before[1]))
        return made

    assert scans_of_each() == [(1, 0), (1, 0)]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO grows SELECT generate_series(2, 20000)")
    assert scans_of_each() == [(1, 0), (1, 0)]
    now += 61
    assert scans_of_each() == [(0, 1), (0, 1)]
