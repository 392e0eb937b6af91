"""The list of 100,000 leads: no page of it, no filter and no search reads the table to its end.

Measured by what PostgreSQL says it read for each statement, with the plans it chose itself.
"""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.admin.attempts import record_admin
from callbacks.models import Extension
from leads import consent
from leads.models import Lead, LeadSource
from tests.support.plans import Reading, reading

MANY = 100_000
# Two blocks of the search's index, or three times the number up to which the list counts: a third
# of the leads.
ROWS = 33_000
LARGE = {
    "leads_lead", "leads_leadsearch", "leads_consent", "leads_attribution",
    "callbacks_callattempt", "callbacks_callrecord",
}  # fmt: skip

# Three years of leads: nearly all are closed, few have a message, and the rare source is long gone.
# Two of five joined another lead.
_FILL = """
    INSERT INTO leads_lead (
        public_id, source_id, submission_key, name, phone, email, message, status, submitted_at,
        clock_started_at, due_at, call_after, counted_from, closed_at, connected_at, call_id,
        error_message, attempts, duplicate_of_id
    )
    SELECT gen_random_uuid(),
        CASE WHEN n < 40 THEN %(rare)s WHEN n %% 10 = 0 THEN %(second)s ELSE %(first)s END,
        gen_random_uuid(),
        (ARRAY['Noa Levi', 'גל כהן', 'Omer Katz', 'דנה לוי'])[1 + n %% 4],
        '+97250' || (1000000 + n * 89), '',
        CASE WHEN n %% 50 = 0 THEN 'the offer ' || n ELSE '' END, status, at,
        at, at + interval '1 minute', at, at,
        CASE WHEN status NOT IN ('waiting', 'held') THEN at END,
        CASE WHEN status = 'connected' THEN at END, '', '', 1,
        CASE WHEN status = 'duplicate' THEN %(joined)s END
    FROM (
        SELECT n, now() - (%(many)s - n) * interval '15 minutes' AS at,
            CASE WHEN n > %(many)s - 20 THEN 'waiting' WHEN n %% 9973 = 0 THEN 'held'
                WHEN n %% 97 = 0 THEN 'failed' WHEN n %% 12 = 0 THEN 'unreached'
                WHEN n < 2000 THEN 'cancelled' WHEN n %% 5 < 2 THEN 'duplicate'
                ELSE 'connected' END AS status
        FROM generate_series(1, %(many)s) AS n
    ) AS one
"""
_CALLS = """
    INSERT INTO callbacks_callattempt (
        public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
        claimed_at, ended_at, connected_at, hold_until, call_id, error_message, failure_reason,
        recording_url
    )
    SELECT gen_random_uuid(), 'call', id, %(extension)s, phone, '101', '', 'bridged', submitted_at,
        submitted_at, submitted_at, submitted_at, md5(id::text), '', '', ''
    FROM leads_lead WHERE status = 'connected'
    ORDER BY id  -- a scan of a large table may begin in its middle
"""
_RECORDS = """
    INSERT INTO callbacks_callrecord (attempt_id, call_id, type, leg, status, recording_url,
        received_at, payload)
    SELECT id, call_id, 'Click2Call leg2', 2, 'ANSWER', '', claimed_at, '{}'
    FROM callbacks_callattempt ORDER BY id
"""
# Nearly all have agreed to the second of two texts; a few, long ago, to the first.
_CONSENTS = """
    INSERT INTO leads_consent (lead_id, text_id, agreed_at, page)
    SELECT id, CASE WHEN source_id = %(rare)s THEN %(rare_text)s ELSE %(text)s END,
        submitted_at, ''
    FROM leads_lead WHERE status <> 'held'
"""
# Nearly all came by one campaign; a few, long ago, by another.
_CAME_BY = """
    INSERT INTO leads_attribution (lead_id, first, last, utm_source, utm_medium, utm_campaign)
    SELECT id, '{}', '{}', 'google', CASE WHEN id % 7 = 0 THEN '' ELSE 'cpc' END,
        CASE WHEN source_id = %(rare)s THEN 'rare' ELSE 'usual' END
    FROM leads_lead
"""
LONG_AGO = (timezone.localdate() - timedelta(days=900)).isoformat()
SEARCHES = [
    "0501000089", "050-100 00", "555-01", "+972 50", "972 52 991", "0101", "972", "999 999 999",
    "noa", "גל", "לוי", "no", "zz", "n", "zzzz", "Levi N", "the offer 100", "example.com",
    "lead 105", "#99", "2026", "%", "_", "e4d909", "00c8e4d909",
]  # fmt: skip
FILTERS = [
    "", "p=20", "p=200", "o=-1", "o=2", "o=3.4.5", "_facets=True", "all=",
    "status__exact=connected", "status__exact=failed", "status__exact=held",
    "status__exact=cancelled", "status__exact=failed&status__exact=held",
    "source__id__exact={first}", "source__id__exact={second}", "source__id__exact={rare}",
    "source__id__exact={rare}&status__exact=connected", "submitted=today", "submitted=30",
    "submitted=30&status__exact=failed", "todo=waiting", "todo=later", "todo=failed_today",
    "heard=any", "heard=negative", "overdue=yes", "unanswered=yes", "follow_ups=yes",
    "disposition__id__exact=1", "assigned=anybody", "assigned=nobody", "assigned=1",
    "consent=yes", "consent=no", "consent={rare_text}",
    "utm_campaign=usual", "utm_campaign=rare", "utm_campaign=never", "utm_medium=cpc",
    "utm_source=google&submitted=30",
    "q=972&status__exact=failed",
    "q=levi&source__id__exact={rare}",
]  # fmt: skip


# Recent days, a day long ago, and a day before any call.
BY_DAY = [
    "called=today", "called=yesterday", "called=7", "called=30",
    f"claimed_at_from={LONG_AGO}&claimed_at_to={LONG_AGO}",
    "claimed_at_from=1999-01-01&claimed_at_to=1999-01-01",
]  # fmt: skip
BY_WORD = ["status=ANSWER", "status=BUSY", "type=Click2Call+leg1"]


@pytest.fixture
def emptied(db: None) -> None:
    """Empties the tables: rows would fill the gaps of other tests' rows in any order."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(sorted(LARGE))} CASCADE")


@pytest.fixture
def many(
    emptied: None, source: LeadSource, extension: Extension, make_lead: Callable[..., Lead]
) -> dict[str, int]:
    """Adds the leads with their calls; returns the ids that the addresses ask for."""
    second = LeadSource.objects.create(slug="second", name="Second")
    rare = LeadSource.objects.create(slug="rare", name="Rare")
    now = timezone.now()
    first_text, text = (consent.write(it, "en", "A text", None, now) for it in (rare, source))
    sources = {
        "first": source.pk, "second": second.pk, "rare": rare.pk, "rare_text": first_text.pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        # The index is built once, after all rows are in, which is faster.
        cursor.execute("SELECT pg_get_indexdef('lead_search_keys'::regclass)")
        [index] = cursor.fetchone()
        cursor.execute("DROP INDEX lead_search_keys")
        cursor.execute(_FILL, {"many": MANY, "joined": make_lead().pk, **sources})
        cursor.execute(_CONSENTS, {**sources, "text": text.pk})
        cursor.execute(_CAME_BY.replace(" % 7", " %% 7"), sources)
        cursor.execute(_CALLS, {"extension": extension.pk})
        cursor.execute(_RECORDS)
        cursor.execute(index)
        # As autovacuum does by itself.
        cursor.execute("SELECT brin_summarize_new_values('attempt_by_day')")
        cursor.execute(f"ANALYZE {', '.join(sorted(LARGE))}")
    return sources


def readings(client: Client, address: str) -> list[Reading]:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address, follow=True)
    assert answer.status_code == 200, address
    statements = [query["sql"] for query in captured.captured_queries]
    return [reading(it) for it in statements if it.lstrip().startswith(("SELECT", "WITH"))]


def test_nothing_reads_all_of_them(
    superuser: Client, many: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_admin, "LOOKED_THROUGH", 1_000)
    addresses = ["/admin/", "/admin/leads/heldlead/"]
    addresses += [f"/admin/leads/lead/?q={quote(typed)}" for typed in SEARCHES]
    addresses += [f"/admin/leads/lead/?{asked.format_map(many)}" for asked in FILTERS]
    addresses += [
        f"/admin/callbacks/{name}/?{asked}"
        for name in ("callattempt", "callrecord")
        for asked in ("", "q=0501000089", "q=levi", "q=00c8e4d909", "q=101")
    ]
    addresses += [f"/admin/callbacks/callattempt/?{asked}" for asked in BY_DAY]
    addresses += [f"/admin/callbacks/callrecord/?{asked}" for asked in BY_WORD]
    wrong = [
        f"{address} {it.rows} {sorted(it.whole_tables & LARGE)} {it.sql[:200]}"
        for address in addresses
        for it in readings(superuser, address)
        if it.rows > ROWS or it.whole_tables & LARGE
    ]
    assert wrong == []
