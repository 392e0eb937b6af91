"""A database of the previous release migrates forward; a new one gets the same schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from callbacks.models import AiData, CallAttempt, CallRecord, Extension, Team, TeamSource
from callbacks.reconciliation.ai_data import digest
from callbacks.routing import claim as claims
from leads.models import Lead
from tests.support.asking import asked

pytestmark = pytest.mark.django_db(transaction=True)

# The last migrations of the previous release.
BEFORE = [("leads", "0008_cheaper_to_write"), ("callbacks", "0011_cheaper_to_write")]
# Rows as the previous release stored them.
STORED = """
    INSERT INTO leads_leadsource (id, slug, name, is_active, default_country, allowed_countries,
        language, sla_target, sla_clock, priority, offers_times, allowed_origins)
    VALUES (1, 'site', 'Site', true, 'IL', '{IL}', 'en', 60, 'always', 0, true, '{}');
    INSERT INTO callbacks_team (id, name, is_active, strategy, language_wait, owner_days,
        owner_wait, rest)
    VALUES (1, 'Sales', true, 'weighted', 0, 7, 20, 15);
    INSERT INTO callbacks_team_sources (team_id, leadsource_id, steps_in_after) VALUES (1, 1, 30);
    INSERT INTO callbacks_extension (id, kind, number, name, team_id, is_active, is_paused,
        is_blocked, out_until, out_reason, missed_in_a_row, rest, rests_until, seen_busy_until,
        seen_busy_as, position)
    VALUES
        (1, 'sip', '101', 'Dana', 1, true, false, false, NULL, '', 0, NULL, NULL, NULL, '', 2.5),
        (2, 'sip', '102', 'Noam', 1, true, false, false, now() + interval '1 day', 'offline', 0,
            9, now() + interval '2 days', now() + interval '3 days', 'lunch', 1.5);
    INSERT INTO leads_lead (id, public_id, source_id, submission_key, name, phone, email, message,
        status, submitted_at, clock_started_at, due_at, call_after, counted_from, closed_at,
        call_id, error_message, attempts)
    VALUES
        (1, gen_random_uuid(), 1, gen_random_uuid(), 'Noa Levi', '+972505550101', '', '',
            'waiting', now() - interval '1 hour', now(), now(), now() - interval '1 minute',
            now() - interval '1 hour', NULL, '', '', 0),
        (2, gen_random_uuid(), 1, gen_random_uuid(), 'Gal Cohen', '+972505550102', '', '',
            'unreached', now(), now(), now(), now(), now(), now(), '', '', 1);
    INSERT INTO callbacks_callattempt (id, public_id, kind, lead_id, extension_id, phone,
        extension_number, record_name, state, claimed_at, ended_at, hold_until, call_id,
        error_message, reason, recording_url, why, look_at, looks, absent_since)
    VALUES (1, gen_random_uuid(), 'call', 2, 1, '+972505550102', '101', '', 'ended',
        now() - interval '1 hour', now(), now(), 'C-1', '', 'read_timeout', '',
        '{"rule": "weighted", "looked": [["102", "out", 1]]}', now(), 4, now());
    INSERT INTO callbacks_callrecord (attempt_id, call_id, type, leg, status, recording_url,
        received_at, payload)
    VALUES (1, 'C-1', 'Click2Call leg1', 1, 'ANSWER', '', now(), '{"CALLID": "C-1"}');
    INSERT INTO leads_lead (id, public_id, source_id, submission_key, name, phone, email, message,
        status, submitted_at, clock_started_at, due_at, call_after, counted_from, closed_at,
        call_id, error_message, attempts, connected_at)
    VALUES (3, gen_random_uuid(), 1, gen_random_uuid(), 'Avi Peretz', '+972505550103', '', '',
        'connected', now(), now() - interval '60 s', now(), now(), now(), now(), 'C-2', '', 1,
        now() - interval '20 s');
    INSERT INTO callbacks_callattempt (id, public_id, kind, lead_id, extension_id, phone,
        extension_number, record_name, state, claimed_at, answered_at, connected_at, ended_at,
        hold_until, call_id, error_message, reason, recording_url, why, looks)
    VALUES (2, gen_random_uuid(), 'call', 3, 1, '+972505550103', '101', '', 'bridged',
        now() - interval '50 s', now() - interval '50 s', now() - interval '20 s', now(), now(),
        'C-2', '', '', '', '{}', 0);
    INSERT INTO callbacks_callrecord (attempt_id, call_id, type, leg, status, started_at, dial_time,
        recording_url, received_at, payload)
    VALUES (2, 'C-2', 'Click2Call leg2', 2, 'ANSWER', now() - interval '30 s', 10, '', now(),
        '{"status": "ANSWER", "aiData": "Noa", "AIDATA": {"insights": {"summary": "Noa",
            "questions": [{"question": "Interested?", "answer": true}, 7]}, "emotions":
            {"sentences": [{"emotion_direction": " Positive"}, {"emotion_direction": "positive"},
            {"emotion_direction": "negative"}]}}}');
    CREATE FUNCTION callbacks_claim_0123abcd(n int) RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
# The order of columns is left out: a table that has grown keeps its own. NOT NULL is compared with
# the column, because from PostgreSQL 18 on it is also a constraint, which keeps its name when the
# column is renamed.
SCHEMA = """
    SELECT 'column', attrelid::regclass::text, concat_ws(' ', attname,
        format_type(atttypid, atttypmod), attnotnull, attidentity,
        (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
         WHERE adrelid = attrelid AND adnum = attnum))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0
        AND NOT attisdropped
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT 'index', indrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger', tgrelid::regclass::text, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function', proname, pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@contextmanager
def empty_database(name: str) -> Iterator[None]:
    """Connects the product to a database of this name, which is empty at first."""
    usual = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    _connect_to(name)
    try:
        yield
    finally:
        _connect_to(usual)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


def _connect_to(name: str) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()  # the other database has other ids


def migrate_to_the_release_before() -> None:
    executor = MigrationExecutor(connection)
    executor.loader.replace_migrations = False
    executor.loader.build_graph()
    executor.migrate(BEFORE)


def schema() -> set[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return set(cursor.fetchall())


def test_what_the_release_before_has_stored_is_kept_and_a_claim_works() -> None:
    with empty_database("callbacks_upgraded"):
        migrate_to_the_release_before()
        with connection.cursor() as cursor:
            cursor.execute(STORED)
            for table in ("callbacks_extension", "callbacks_callattempt"):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 9)")
        call_command("migrate", verbosity=0)

        team = Team.objects.get()
        assert (team.sticky_agent_days, team.sticky_agent_wait, team.wrap_up) == (7, 20, 15)
        assert TeamSource.objects.get().overflow_after == 30
        away = Extension.objects.get(number="102")
        assert (away.unavailable_reason, away.provider_busy_as) == ("offline", "lunch")
        assert (away.wrap_up, away.queue_position) == (9, 1.5)
        ends = (away.unavailable_until, away.wrap_up_until, away.provider_busy_until)
        assert [round((end - timezone.now()) / timedelta(days=1)) for end in ends if end] == [
            1,
            2,
            3,
        ]
        ended = CallAttempt.objects.get(pk=1)
        assert (ended.failure_reason, ended.lookup_count) == ("read_timeout", 4)
        assert ended.routing_trace["looked"] == [["102", "out", 1]]
        assert ended.next_lookup_at
        assert ended.missing_since
        assert CallRecord.objects.get(call_id="C-1").attempt == ended
        talked = Lead.objects.get(status="connected")
        assert talked.connected_at
        assert talked.rang_at == talked.connected_at - timedelta(seconds=10)
        assert talked.time_to_ring == timedelta(seconds=30)
        assert talked.time_to_talk == timedelta(seconds=40)
        assert CallAttempt.objects.get(pk=2).rang_at == talked.rang_at
        record = CallRecord.objects.get(call_id="C-2")
        assert record.payload == {"status": "ANSWER"}
        heard = AiData.objects.get()
        assert heard.record == record
        assert {name: getattr(heard, name) for name in ("summary", "answers", "mood")} == digest(
            heard.data
        )
        assert (heard.summary, heard.mood) == ("Noa", "positive")

        lead = Lead.objects.get(status="waiting")
        claim = claims.claim(lead.pk, asked(team), timezone.now(), timedelta(hours=1))
        assert claim
        assert claim.attempt.extension_number == "101"


def test_a_new_database_has_the_schema_of_one_that_migrated_forward() -> None:
    with empty_database("callbacks_upgraded"):
        assert not schema()
        migrate_to_the_release_before()
        with connection.cursor() as cursor:
            cursor.execute(STORED)
        call_command("migrate", verbosity=0)
        upgraded = schema()
    with empty_database("callbacks_new"):
        call_command("migrate", verbosity=0)
        assert schema() ^ upgraded == set()
        assert any(kind == "trigger" for kind, _, _ in upgraded)
