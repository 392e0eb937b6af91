"""No entry is changed, none deleted before its time: not by SQL, not by the product's own role."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from callbacks import tasks
from callbacks.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"


def entry(days_old: int) -> AuditEntry:
    at = timezone.now() - timedelta(days=days_old)
    return AuditEntry.objects.create(act="added", kind="callbacks_team", at=at)


@pytest.mark.parametrize(
    ("statement", "days_old"),
    [
        ("UPDATE callbacks_auditentry SET username = 'nobody'", 0),
        ("UPDATE callbacks_auditentry SET at = at - interval '2 years'", 0),
        ("UPDATE callbacks_auditentry SET thing_name = ''", 4000),
        ("DELETE FROM callbacks_auditentry", 0),
        ("DELETE FROM callbacks_auditentry", 364),
    ],
)
def test_the_database_refuses_it(statement: str, days_old: int) -> None:
    kept = entry(days_old)
    with (
        pytest.raises(ProgrammingError, match="audit_is_append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.filter(pk=kept.pk, act="added").exists()


@pytest.mark.parametrize(
    ("days", "left"),
    [(1095, [0, 300, 400, 1000]), (500, [0, 300, 400]), (1, [0, 300])],
)
def test_the_oldest_go_and_never_those_of_the_last_year(
    days: int, left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "AUDIT_KEPT_DAYS", days)
    made = {old: entry(old).pk for old in (0, 300, 400, 1000, 2000)}
    tasks.forget_old_audit()
    there = set(AuditEntry.objects.filter(pk__in=made.values()).values_list("pk", flat=True))
    assert [old for old, pk in made.items() if pk in there] == left


@pytest.fixture
def product() -> Iterator[psycopg.Connection]:
    """A connection of a role that has just the rights that docs/deploy.md gives it."""
    (block,) = re.findall(r"```sql\n(-- The product.*?)```", DOCS.read_text(), re.DOTALL)
    with connection.cursor() as cursor:
        cursor.execute(block.replace("a-long-password", "x"))
    values = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in {"host", "port", "dbname"}
    }
    with psycopg.connect(**values, user="callbacks_app", password="x", autocommit=True) as theirs:
        yield theirs
    with connection.cursor() as cursor:
        cursor.execute(
            "GRANT callbacks_app TO CURRENT_USER; DROP OWNED BY callbacks_app;"
            "DROP ROLE callbacks_app"
        )


def test_the_products_own_role_writes_entries_and_changes_none(product: psycopg.Connection) -> None:
    old = entry(2000)
    product.execute(
        "INSERT INTO callbacks_callprice (prefix, country, set_up) VALUES ('+99902', '', 0)"
    )
    assert AuditEntry.objects.get(kind="callbacks_callprice").thing_name == "+99902"
    for statement in (
        "UPDATE callbacks_auditentry SET thing_name = ''",
        "DELETE FROM callbacks_auditentry",
        "TRUNCATE callbacks_auditentry",
        "ALTER TABLE callbacks_auditentry DISABLE TRIGGER stays",
        "DROP TRIGGER audit ON callbacks_callprice",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            product.execute(statement)
    # The oldest go all the same, by the function that its owner has made.
    product.execute("SELECT callbacks_audit_forget_v1(1095, 10)")
    assert not AuditEntry.objects.filter(pk=old.pk).exists()
