"""Parameters that PostgreSQL reads as they were meant."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from callbacks.common import prepared_statements
from callbacks.common.db_errors import violated

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
    [row] = prepared_statements.rows(statement, {"values": prepared_statements.array(values)})
    assert row["found"] == values
    assert prepared_statements.tuples(statement, {"values": prepared_statements.array(values)}) == [
        (values,)
    ]


def _scans() -> tuple[int, int]:
    """Of the table `grows`: read as a whole, and by its index."""
    [row] = prepared_statements.tuples(
        "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'grows'", {}
    )
    return row


def test_a_plan_is_made_anew_when_its_minute_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(prepared_statements.time, "monotonic", lambda: now)
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
            prepared_statements.tuples(statement, {"one": 1})
            after = _scans()
            made.append((after[0] - before[0], after[1] - before[1]))
        return made

    assert scans_of_each() == [(1, 0), (1, 0)]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO grows SELECT generate_series(2, 20000)")
    assert scans_of_each() == [(1, 0), (1, 0)]
    now += 61
    assert scans_of_each() == [(0, 1), (0, 1)]


def test_an_interval_and_a_time_arrive_as_they_were() -> None:
    long = timedelta(days=3, hours=2, microseconds=7)
    statement = "SELECT %(long)s::interval, %(less)s::interval, %(at)s::timestamptz, %(no)s::bool"
    parameters = {"long": long, "less": -long, "at": AT, "no": None}
    assert prepared_statements.tuples(statement, parameters) == [(long, -long, AT, None)]


def test_a_text_with_a_nul_is_refused_and_not_cut_off() -> None:
    with pytest.raises(DataError, match="NUL"):
        prepared_statements.tuples("SELECT %(word)s::text", {"word": "one\0two"})
    with pytest.raises(DataError, match="NUL"):
        prepared_statements.tuples(
            "SELECT %(words)s::text[]", {"words": prepared_statements.array(["one\0two"])}
        )


@pytest.mark.django_db(transaction=True)
class TestWithoutATransactionAround:
    """As in the worker: each statement is one by itself, unless somebody begins one."""

    @pytest.fixture(autouse=True)
    def _table(self) -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (v varchar(5))")
        yield
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE kept")

    def _insert(self, v: str) -> list[tuple[str]]:
        return prepared_statements.tuples(
            "INSERT INTO kept VALUES (%(v)s::text) RETURNING v", {"v": v}
        )

    def test_what_is_rolled_back_is_not_there(self) -> None:
        self._insert("one")
        with transaction.atomic():
            self._insert("two")
            transaction.set_rollback(True)
        assert prepared_statements.tuples("SELECT v FROM kept", {}) == [("one",)]

    def test_a_column_whose_type_has_changed_is_read_all_the_same(self) -> None:
        self._insert("one")
        assert prepared_statements.tuples("SELECT v FROM kept", {}) == [("one",)]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE kept ALTER v TYPE varchar(9)")
        assert prepared_statements.tuples("SELECT v FROM kept", {}) == [("one",)]

    def test_a_statement_that_somebody_has_dropped_is_prepared_again(self) -> None:
        self._insert("one")
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        assert self._insert("two") == [("two",)]

    def test_what_is_refused_says_by_which_constraint(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE kept ADD CONSTRAINT no_two CHECK (v <> 'two')")
        with pytest.raises(IntegrityError) as refused:
            self._insert("two")
        assert violated(refused.value) == "no_two"
        assert self._insert("three") == [("three",)]

    def test_a_connection_that_is_lost_is_an_operational_error_and_replaced(self) -> None:
        with pytest.raises(OperationalError):
            prepared_statements.tuples("SELECT pg_terminate_backend(pg_backend_pid())", {})
        with pytest.raises(OperationalError):
            self._insert("one")
        connection.close_if_unusable_or_obsolete()
        assert self._insert("one") == [("one",)]
