"""Millions of leads with their calls, the same for the same seed: PostgreSQL makes the rows.

No rows travel, so a million leads and two and a half million calls take well under a minute. They
come mostly on working days between 8 and 20; most phones ring within a minute, some hours later;
two of three leads are reached.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

SOURCES = ("Website", "דף נחיתה", "Facebook", "API")
TEAMS = ("Sales", "מכירות")
PEOPLE = ("Dana Levi", "נועם כהן", "Gal Peretz", "מיכל לוי", "Avi Cohen", "יעל מזרחי")

_SET_UP = """
    INSERT INTO leads_leadsource (slug, name, is_active, default_country, allowed_countries,
        language, sla_target, sla_clock, priority, offers_times, allowed_origins)
    SELECT 'many-' || n, name, true, 'IL', '{{IL}}', 'he', 60, 'always', 0, true, '{{}}'
    FROM unnest({sources}::text[]) WITH ORDINALITY AS named (name, n);

    INSERT INTO callbacks_team (name, is_active, strategy, language_wait, sticky_agent_days,
        sticky_agent_wait, wrap_up)
    SELECT name, true, 'longest_idle', 0, 30, 0, 0 FROM unnest({teams}::text[]) AS named (name);

    INSERT INTO auth_user (username, first_name, last_name, email, password, is_active, is_staff,
        is_superuser, date_joined)
    SELECT 'many-' || n, split_part(name, ' ', 1), split_part(name, ' ', 2), '', '!', true, false,
        false, now()
    FROM unnest({people}::text[]) WITH ORDINALITY AS named (name, n);

    INSERT INTO callbacks_extension (kind, number, name, team_id, user_id, is_active, is_paused,
        is_blocked, unavailable_reason, missed_in_a_row, provider_busy_as, queue_position)
    SELECT 'sip', (200 + row_number() OVER (ORDER BY person.id))::text, first_name,
        (SELECT array_agg(id ORDER BY id) FROM callbacks_team WHERE name = ANY({teams}))
            [1 + (person.id % {team_count})::int],
        person.id, true, false, false, '', 0, '', person.id
    FROM auth_user person WHERE username LIKE 'many-%';
"""

# Whole days before `until`, an hour, and a time within it: sorted, as leads come.
_LEADS = """
    CREATE TEMP TABLE came ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY at) AS n, at FROM (
        SELECT day + make_interval(secs => 3600 * CASE WHEN random() < 0.85
            THEN 8 + 12 * random() ELSE 24 * random() END) AS at
        FROM (
            SELECT date_trunc('day', {until}::timestamptz)
                - make_interval(days => 1 + floor(random() * {days})::int) AS day, random() AS luck
            FROM generate_series(1, ({leads} * 1.35)::bigint)
        ) days
        WHERE luck < CASE WHEN EXTRACT(DOW FROM day) IN (5, 6) THEN 0.25 ELSE 1 END
        LIMIT {leads}
    ) every;

    WITH first AS (SELECT coalesce(max(id), 0) AS id FROM leads_lead),
    drawn AS (
        SELECT first.id + n AS id, first.id + 1 AS first_id, n, at, random() AS luck,
            exp(ln(16) + 1.1 * random_normal())
                * CASE WHEN EXTRACT(HOUR FROM at) BETWEEN 6 AND 17 THEN 1 ELSE 9 END AS ring,
            6 + 9 * random() AS talk, 1 + floor(random() * random() * 5)::int AS tries,
            1 + floor(random() * {phone_count})::int AS phone,
            1 + floor(random() * {source_count})::int AS source
        FROM came, first
    ), decided AS (
        SELECT *, at + make_interval(secs => ring) AS rang_at,
            at + make_interval(secs => ring + talk) AS talked_at,
            CASE WHEN luck < 0.64 THEN 'connected' WHEN luck < 0.82 THEN 'unreached'
                WHEN luck < 0.85 THEN 'failed' WHEN luck < 0.89 THEN 'cancelled'
                WHEN luck < 0.97 AND n > 1 THEN 'duplicate' ELSE 'called' END AS status
        FROM drawn
    )
    INSERT INTO leads_lead (id, public_id, source_id, submission_key, name, phone, email, message,
        language, status, duplicate_of_id, submitted_at, clock_started_at, due_at, call_after,
        counted_from, closed_at, call_id, error_message, attempts, first_dialed_at, rang_at,
        connected_at, time_to_ring, time_to_talk, by_extension, by_user, by_team,
        waited_extension, waited_retry)
    SELECT decided.id, gen_random_uuid(), ({source_ids}::bigint[])[source], gen_random_uuid(),
        'Noa Levi', '+97250555' || lpad((decided.id % 10000)::text, 4, '0'), '', '',
        CASE WHEN mod((luck * 1000)::int, 10) < 7 THEN 'he' ELSE 'en' END, status,
        CASE status WHEN 'duplicate' THEN first_id END,
        at, at, at + interval '60 s', at, at, at + make_interval(secs => ring + 120), '', '',
        CASE status WHEN 'duplicate' THEN 0 ELSE tries END,
        CASE WHEN status <> 'duplicate' THEN at + interval '1 s' END,
        CASE WHEN status IN ('connected', 'unreached', 'called') THEN rang_at END,
        CASE status WHEN 'connected' THEN talked_at END,
        CASE WHEN status IN ('connected', 'unreached', 'called') THEN rang_at - at END,
        CASE status WHEN 'connected' THEN talked_at - at END,
        CASE WHEN status <> 'duplicate' THEN extension.id END,
        CASE WHEN status <> 'duplicate' THEN extension.user_id END,
        CASE WHEN status <> 'duplicate' THEN extension.team_id END,
        make_interval(secs => ring * 0.6), make_interval(secs => ring * 0.2)
    FROM decided
        JOIN callbacks_extension extension ON extension.id = ({phone_ids}::bigint[])[phone]
    ORDER BY decided.id;
    SELECT setval(pg_get_serial_sequence('leads_lead', 'id'), (SELECT max(id) FROM leads_lead));

    -- Of three visitors, two come by an advertisement.
    INSERT INTO leads_attribution (lead_id, first, last, utm_source, utm_medium, utm_campaign)
    SELECT id, page, page, page ->> 'utm_source', page ->> 'utm_medium', page ->> 'utm_campaign'
    FROM leads_lead, LATERAL (
        SELECT jsonb_build_object('page', 'https://www.example.com/offers',
            'utm_source', ('{{google,facebook,newsletter}}'::text[])[1 + id % 3],
            'utm_medium', ('{{cpc,cpc,email}}'::text[])[1 + id % 3],
            'utm_campaign', 'offer-' || id % 40) AS page
    ) came
    WHERE id > {after} AND id % 3 <> 2;

    INSERT INTO callbacks_callattempt (public_id, kind, lead_id, extension_id, salesperson_id,
        phone, extension_number, record_name, state, outcome, claimed_at, sent_at, answered_at,
        rang_at, connected_at, ended_at, hold_until, call_id, error_code, error_message,
        failure_reason, recording_url, provider_time, leg1_time, leg2_time, unknown_time, talk_time)
    SELECT gen_random_uuid(), 'call', lead.id, lead.by_extension, lead.by_user, lead.phone, '200',
        '', ended.state, ended.state, at, at, at,
        CASE WHEN ended.state <> 'agent_no_answer' THEN at + interval '8 s' END,
        CASE ended.state WHEN 'bridged' THEN at + interval '15 s' END,
        at + interval '90 s', at + interval '90 s', '', 0, '', '', '',
        interval '0.2 s', interval '5 s', interval '7 s', interval '0', 75
    FROM leads_lead lead, generate_series(1, lead.attempts) AS try,
        LATERAL (SELECT lead.submitted_at + make_interval(secs => 100 * (try - 1)) AS at) tried,
        LATERAL (SELECT CASE WHEN try = lead.attempts AND lead.connected_at IS NOT NULL
            THEN 'bridged' WHEN try % 2 = 0 THEN 'lead_no_answer' ELSE 'agent_no_answer' END
            AS state) ended
    WHERE lead.id > {after};
"""

_CONSTRAINTS = """
    SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('f', 'u')
"""
_INDEXES = """
    SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid)
    FROM pg_index index
    WHERE indrelid::regclass::text = ANY(%s) AND NOT indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)
"""


@dataclass(frozen=True)
class Many:
    """This many leads, over this many days, the last of which is the day before `until`."""

    leads: int
    until: datetime
    days: int = 1096
    seed: float = 0.14


def fill(connection: psycopg.Connection, many: Many) -> None:
    """Stores the leads, commits and analyses."""
    with connection.transaction(), connection.cursor() as cursor:
        lists = {"sources": [*SOURCES], "teams": [*TEAMS], "people": [*PEOPLE]}
        cursor.execute("SELECT set_config('TimeZone', 'Asia/Jerusalem', true), setseed(%s)",
                       [many.seed])  # fmt: skip
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")  # draws in one order
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(
            sql.SQL(_SET_UP).format(
                team_count=len(TEAMS), **{key: sql.Literal(value) for key, value in lists.items()}
            )
        )
        phone_ids = _ids(cursor, "callbacks_extension e JOIN auth_user u ON u.id = e.user_id",
                         "e.id", "u.username LIKE 'many-%'")  # fmt: skip
        source_ids = _ids(cursor, "leads_leadsource", "id", "slug LIKE 'many-%'")
        after = _ids(cursor, "leads_lead", "max(id)", "true")[0] or 0
        values = {
            "until": many.until, "days": many.days, "leads": many.leads, "after": after,
            "phone_ids": phone_ids, "phone_count": len(phone_ids),
            "source_ids": source_ids, "source_count": len(source_ids),
        }  # fmt: skip
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        put_back = _set_aside(cursor)
        cursor.execute(
            sql.SQL(_LEADS).format(**{key: sql.Literal(value) for key, value in values.items()})
        )
        for statement in put_back:
            cursor.execute(statement)
    autocommit, connection.autocommit = connection.autocommit, True
    connection.execute("VACUUM ANALYZE leads_lead")
    connection.execute("VACUUM ANALYZE leads_leadsearch")
    connection.execute("VACUUM ANALYZE leads_attribution")
    connection.execute("VACUUM ANALYZE callbacks_callattempt")
    connection.autocommit = autocommit


def _set_aside(cursor: psycopg.Cursor) -> list[str]:
    """Drops what would be maintained row by row; returns the statements that restore it."""
    put_back = []
    tables = ["leads_lead", "leads_leadsearch", "leads_attribution", "callbacks_callattempt"]
    for name, table, definition in cursor.execute(_CONSTRAINTS, [tables]).fetchall():
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        put_back.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    for name, definition in cursor.execute(_INDEXES, [tables]).fetchall():
        cursor.execute(f'DROP INDEX "{name}"')
        put_back.append(definition)
    put_back.sort(key=lambda statement: "FOREIGN KEY" in statement)
    return put_back


def _ids(cursor: psycopg.Cursor, table: str, what: str, which: str) -> list[int]:
    found = cursor.execute(f"SELECT {what} FROM {table} WHERE {which} ORDER BY 1")
    return [row[0] for row in found]
