"""Parameters that PostgreSQL reads as they were meant."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

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
