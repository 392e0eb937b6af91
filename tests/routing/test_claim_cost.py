"""The claim looks extensions up in the right index."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from callbacks.routing.availability import IS_ON_CALL
from leads.models import Lead
from tests.support.plans import nodes_of

pytestmark = pytest.mark.django_db
MakeLead = Callable[..., Lead]
CALLS = 3_000


def _indexes() -> set[str]:
    """The attempts' indexes that PostgreSQL would use to see whether an extension is on a call."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) SELECT {IS_ON_CALL} FROM callbacks_extension extension"
        )
        [[[plan]]] = cursor.fetchall()
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'callbacks_callattempt'")
        of_attempts = {name for (name,) in cursor.fetchall()}
    # The extensions themselves may be read either way, depending on earlier tests.
    return {node.get("Index Name") for node in nodes_of(plan["Plan"])} & of_attempts


def test_whether_an_extension_is_on_a_call_is_looked_up_by_extension(
    make_lead: MakeLead, team: Team
) -> None:
    """Also while no attempt is live, as at night, when every index of live attempts is empty."""
    with connection.cursor() as cursor:  # otherwise the plan depends on earlier tests
        cursor.execute("REINDEX TABLE callbacks_callattempt")
    extensions = [Extension(number=str(number), team=team) for number in range(100, 120)]
    Extension.objects.bulk_create(extensions)
    lead, long_ago = make_lead(), timezone.now() - timedelta(days=2)
    CallAttempt.objects.bulk_create(
        CallAttempt(
            lead=lead,
            extension=extensions[number % len(extensions)],
            phone=lead.phone,
            extension_number="100",
            state="lead_no_answer",
            claimed_at=long_ago,
            ended_at=long_ago,
            hold_until=long_ago,
        )
        for number in range(CALLS)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE callbacks_callattempt, callbacks_extension")
    assert _indexes() == {"attempt_one_live_per_extension"}
