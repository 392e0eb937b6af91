"""Grouped rows and their total in one statement, which Django's ORM cannot write.

Conditions and values are columns of an inner query, written by the ORM. So each is calculated once
per row, however many aggregates use it, and only these narrow rows are sorted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

# The inner query's column that holds the key of a row's group.
KEY = "group_key"


def grouped(
    rows: QuerySet[Any, Any], aggregates: Mapping[str, str], further: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Values for each key, and for all rows with None as KEY; without a KEY, for all rows only.

    `rows`: a query of values. `aggregates`: SQL over its columns, by name. `further`: columns to
    group by too, in the groups and in the totals. One query.
    """
    inner, parameters = rows.order_by().query.sql_with_params()
    has_key = KEY in rows.query.annotations
    sets = [*further, *([f"GROUPING SETS (({KEY}), ())"] if has_key else [])]
    shown = [*further, *([KEY] if has_key else [])]
    shown += [f"{aggregate} AS {name}" for name, aggregate in aggregates.items()]
    # OFFSET 0 keeps the planner from copying the inner expressions into each aggregate.
    statement = f"SELECT {', '.join(shown)} FROM ({inner} OFFSET 0) AS found"  # noqa: S608  # ours
    if sets:
        statement += f" GROUP BY {', '.join(sets)}"
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
