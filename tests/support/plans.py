"""What PostgreSQL reads for a statement, according to EXPLAIN."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction


@dataclass(frozen=True)
class Reading:
    """For one statement: how many rows were read, and which tables were read from end to end."""

    sql: str
    rows: int
    whole_tables: frozenset[str]


def reading(sql: str) -> Reading:
    """Runs the statement again to measure it, and rolls it back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
        found = cursor.fetchone()[0]
        transaction.set_rollback(True)
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    nodes = [node for node in nodes_of(plan) if "Relation Name" in node or "Index Name" in node]
    return Reading(
        sql,
        sum(round(_looked_at(node) * node.get("Actual Loops", 0)) for node in nodes),
        frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
    )


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A step of a plan, and all steps below it."""
    yield node
    for part in node.get("Plans", []):
        yield from nodes_of(part)


def _looked_at(node: dict[str, Any]) -> float:
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return float(node.get("Actual Rows", 0) + sum(node.get(name, 0) for name in removed))
