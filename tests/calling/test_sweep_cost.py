"""What a sweep reads when 100,000 leads wait: only what is due.

The time depends on the machine, so the measure is what PostgreSQL says it read: rows and pages, for
every statement of a sweep.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks import tasks
from callbacks.common import task_publisher
from callbacks.models import AlertWatch, Extension, Team
from callbacks.routing import number_limits, queue
from leads.models import Lead, LeadSource, SetupVersion
from tests.support.queue import queued

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEW = 20
# The most that one statement may read. The table of the leads has thousands of pages.
ROWS, PAGES = 500, 500

# Retries, whose due time is long past, and new leads; half of each from a source that nobody
# answers. The first FEW are to be called at noon, all others from the next day on.
_FILL = """
    INSERT INTO leads_lead (
        public_id, source_id, submission_key, name, phone, email, message, status, submitted_at,
        clock_started_at, due_at, call_after, counted_from, call_id, error_message, attempts
    )
    SELECT gen_random_uuid(), (%(sources)s::bigint[])[1 + n %% 2], gen_random_uuid(), 'Noa',
        '+97250' || (5550000 + n), '', '', 'waiting', call_after - age, call_after - age,
        call_after - age + interval '1 minute', call_after, call_after - age, '', '', n %% 3
    FROM (
        SELECT n, CASE WHEN n %% 3 = 0 THEN interval '0' ELSE interval '7 days' END AS age,
            %(noon)s + CASE WHEN n < %(few)s THEN interval '0'
                ELSE interval '1 day' + n * interval '1 second' END AS call_after
        FROM generate_series(0, %(waiting)s - 1) AS n
    ) AS one
"""
# Calls of another day, one to each of this many leads.
_HISTORY = """
    INSERT INTO callbacks_callattempt (
        public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
        claimed_at, sent_at, ended_at, connected_at, hold_until, call_id, error_message,
        failure_reason, recording_url, lookup_count
    )
    SELECT gen_random_uuid(), 'call', lead.id, %(extension)s, phone, '101', '', 'bridged',
        submitted_at, submitted_at, submitted_at, submitted_at, submitted_at,
        'call-' || lead.id, '', '', '', 0
    FROM leads_lead lead ORDER BY lead.id LIMIT %(calls)s
"""


@pytest.fixture
def fill(source: LeadSource, team: Team) -> Iterator[Callable[[int], None]]:
    """fill(100_000): this many leads wait, and five extensions are free to call them."""
    nobodys = LeadSource.objects.create(slug="nobodys", name="Nobody answers it")
    for number in range(101, 106):
        Extension.objects.create(number=str(number), team=team)

    def put(waiting: int) -> None:
        sources = [source.pk, nobodys.pk]
        with connection.cursor() as cursor:
            values = {"sources": sources, "noon": NOON, "few": FEW, "waiting": waiting}
            cursor.execute(_FILL, values)
            # Otherwise the plans depend on what earlier tests left in the indexes.
            cursor.execute("REINDEX TABLE leads_lead")
            cursor.execute("REINDEX TABLE callbacks_callattempt")
            # Otherwise the statement below reads all leads to find the lead of each call.
            cursor.execute("ANALYZE leads_lead")
            extension = Extension.objects.values_list("pk", flat=True).first()
            cursor.execute(_HISTORY, {"extension": extension, "calls": waiting // 4})
            # As autovacuum does within a minute of such a burst.
            cursor.execute("ANALYZE callbacks_callattempt")

    yield put
    queued(empty=True)


@dataclass(frozen=True)
class Cost:
    """What one statement cost, according to EXPLAIN (ANALYZE, BUFFERS)."""

    sql: str
    rows: int
    pages: int


def cost(sql: str) -> Cost:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    nodes = list(reads(plan))
    rows = [it.get("Actual Rows", 0) + it.get("Rows Removed by Filter", 0) for it in nodes]
    looked_at = sum(n * it.get("Actual Loops", 0) for n, it in zip(rows, nodes, strict=True))
    return Cost(sql, looked_at, pages)


def reads(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a plan that read a table or an index."""
    if "Relation Name" in node or "Index Name" in node:
        yield node
    for part in node.get("Plans", []):
        yield from reads(part)


def costs(captured: CaptureQueriesContext) -> list[Cost]:
    """Runs each statement once more to measure it, and keeps nothing of it."""
    with transaction.atomic():
        found = [
            cost(query["sql"])
            for query in captured
            if query["sql"].split()[0] in ("SELECT", "WITH", "UPDATE", "INSERT")
        ]
        transaction.set_rollback(True)
    return found


# Patterns of an attack (callbacks.alerts.patterns) are looked for once a minute, among the leads of
# a day and the calls of some hours: here, among all that there are.
OF_A_DAY = (
    "count(DISTINCT phone)",
    "count(DISTINCT COALESCE(first_source_id",
    "AS calls, count(*) FILTER",
)


def assert_cheap(costs: list[Cost]) -> None:
    assert 0 < len(costs) < 55
    for it in costs:
        if any(words in it.sql for words in OF_A_DAY):
            continue
        assert it.rows <= ROWS, it
        assert it.pages <= PAGES, it


def leave_free(extensions: int) -> None:
    free = list(Extension.objects.order_by("pk").values_list("pk", flat=True)[:extensions])
    Extension.objects.update(is_paused=True)
    Extension.objects.filter(pk__in=free).update(is_paused=False)


SWEEPS = [
    ("nothing is due", -1, 5, 0),
    ("few are due, no extension is free", 1, 0, 0),
    ("few are due, one is free", 1, 1, 1),
    ("few are due, all are free", 1, 5, 5),
    ("all are due, no extension is free", 1000, 0, 0),
    ("all are due, one is free", 1000, 1, 1),
    ("all are due, all are free", 1000, 5, 5),
]


def test_a_sweep_reads_what_is_due_and_no_more(
    fill: Callable[[int], None], team: Team, source: LeadSource
) -> None:
    fill(100_000)
    SetupVersion.objects.update(followed=F("version"))  # all changes were followed long ago
    extension = Extension.objects.first()
    assert extension
    for name, hours, free, woken in SWEEPS:
        leave_free(free)
        queued(empty=True)
        with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
            AlertWatch.objects.update(watched_at=timezone.now() - timedelta(minutes=1))
            with CaptureQueriesContext(connection) as captured:
                tasks.sweep()
            woken_for = queued(empty=True)
            with CaptureQueriesContext(connection) as at_the_end_of_a_call:
                queue.team_with_waiting_leads(extension.pk, timezone.now())
                number_limits.number_limited_until("+972505550010", source.pk, timezone.now())
        assert len(captured) > 5
        assert_cheap(costs(captured))
        assert_cheap(costs(at_the_end_of_a_call))
        assert [task for task, _ in woken_for] == [task_publisher.CALL_LEAD] * woken, name


def test_the_most_urgent_come_first_by_what_was_promised(
    fill: Callable[[int], None], team: Team, source: LeadSource
) -> None:
    """New leads rank by their due time, retries by the time at which they are to be called."""
    fill(300)
    now = NOON + timedelta(days=1, minutes=2)
    due = Lead.objects.filter(source=source, call_after__lte=now)
    promised = sorted((max(it.due_at, it.call_after), it.pk) for it in due)
    first, *_others, last = promised
    assert first[0] < now < last[0]
    assert queue.next_leads(team.pk, now) == [pk for _at, pk in promised[:5]]
    # Once all but the last few are taken, new leads that are not overdue yet come next.
    late = [pk for _at, pk in promised[:-3]]
    assert queue.next_leads(team.pk, now, taken=late) == [pk for _at, pk in promised[-3:]]
