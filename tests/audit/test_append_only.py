"""No entry is changed, and none deleted before its time.

What the product's own role may do: tests/deploy/test_roles.py.
"""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from callbacks import tasks
from callbacks.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


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
