"""The people report reads only its days' calls, and no table from end to end."""

from datetime import UTC, datetime

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.models import Extension, Team
from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import Asked
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.table import people
from tests.benchmarks.many_leads import Many, fill

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_a_month_of_three_years_is_found_by_the_index() -> None:
    connection.ensure_connection()
    assert isinstance(connection.connection, psycopg.Connection)
    fill(connection.connection, Many(leads=20_000, until=NOW))
    with connection.cursor() as cursor:  # otherwise the plans depend on earlier tests
        cursor.execute("REINDEX TABLE leads_lead")
        cursor.execute("REINDEX TABLE callbacks_callattempt")
    asked = Asked(last_days(30, NOW.date()))
    for grouping in CALL_GROUPINGS.values():
        with CaptureQueriesContext(connection) as captured:
            table = people(asked, grouping, NOW).table
        assert table.total["offered"].value
        asked_of_calls = [it["sql"] for it in captured if "callbacks_callattempt" in it["sql"]]
        assert len(asked_of_calls) == 2
        for statement in asked_of_calls:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + statement.replace("%", "%%"))
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on callbacks_callattempt" not in plan, plan
            assert "attempt_by_" in plan  # the index by extension and time, or by day


@pytest.mark.django_db
def test_it_asks_as_much_for_many_people_as_for_one(team: Team) -> None:
    asked = []
    for number in range(6):
        Extension.objects.create(
            number=str(200 + number), team=team, user=User.objects.create_user(f"u{number}")
        )
        with CaptureQueriesContext(connection) as captured:
            people(Asked(last_days(30, NOW.date())), CALL_GROUPINGS["salesperson"], NOW)
        asked.append(len(captured))
    assert asked[0] == asked[-1] < 15
