"""A report reads only its days' leads, and no table from end to end."""

import re
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import ALL
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import figures
from tests.benchmarks.many_leads import Many, fill

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_a_month_of_three_years_is_found_by_the_index() -> None:
    connection.ensure_connection()
    assert isinstance(connection.connection, psycopg.Connection)
    fill(connection.connection, Many(leads=8_000, until=NOW))
    with connection.cursor() as cursor:  # otherwise the plans depend on earlier tests
        cursor.execute("REINDEX TABLE leads_lead")
        cursor.execute("REINDEX TABLE callbacks_callattempt")
    asked = Asked(last_days(30, NOW.date()))
    for grouping in (None, *ALL.values()):
        with CaptureQueriesContext(connection) as captured:
            table = figures(asked, MEASURES.values(), grouping, now=NOW)
        assert 150 < table.total["leads"].leads < 300
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + captured[0]["sql"].replace("%", "%%"))
            plan = "\n".join(line for (line,) in cursor.fetchall())
        # Attributions are in a separate table, and PostgreSQL may prefer to read all of it.
        scanned = set(re.findall(r"Seq Scan on (\w+)", plan))
        assert scanned <= {"leads_attribution"}, plan
        assert "leads_lead_submitted_at" in plan
