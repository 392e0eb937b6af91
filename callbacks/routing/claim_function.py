"""The claim as a function of the database, put together from its parts. Used by `claim`.

A function, so that a claim is one round trip of small statements, each with a plan that is kept.
One statement that did all of it took longer: for the second look at an extension that somebody else
has just taken (`_AS_SEEN`), PostgreSQL sets the whole statement up once more.

Its name says which text it is. `migrate` makes the one of this code (`install`) and leaves the one
before it, so that what still runs on older code while a new version is rolled out finds its own.
"""

# ruff: noqa: S608  # put together from constants only

import hashlib
import re

from django.db import connection, connections

from callbacks.routing import rules
from callbacks.routing.availability import COMES_BACK, IS_FREE, IS_ON_CALL, UNTIL, WHY_NOT
from callbacks.routing.number_limits import LEAD_RESTS_UNTIL
from callbacks.routing.rules import BY_TURNS, CATCH_UP

# Extensions of each team that an attempt remembers to have been looked at.
LOOKED_AT = 12
# The rule of a claim for the extension that a manager has chosen.
CHOSEN = "chosen"

# The parameters in their order, in the text with `given_` before their names; those of
# `availability.shifts` and `number_limits.bounds` are among them. The teams that are asked are an
# array for each of their terms (rules.TeamOffer); in their place `extension` may be somebody whom a
# manager has chosen.
_PARAMETERS = {
    "lead": "bigint",
    "extension": "bigint",
    "now": "timestamptz",
    "due": "timestamptz",
    "sent_at": "timestamptz",
    "hold_until": "timestamptz",
    "teams": "bigint[]",
    "strategies": "text[]",
    "any_language": "bool[]",
    "has_languages": "bool[]",
    "owner_since": "timestamptz[]",
    "an_owner_since": "timestamptz",
    "holds_for_owner": "bool[]",
    "closed": "bigint[]",
    "opens": "timestamptz[]",
    "gap": "interval",
    "calls_a_day": "bigint",
    "a_day": "interval",
}
# What it returns of the attempt it has made, if it has: names of our own, since in PL/pgSQL they
# are variables beside the columns.
_RETURNS = """
    attempt_id bigint, attempt_public_id uuid, called_extension bigint, called_number text,
    called_kind text, called_phone text, was_claimed_at timestamptz
"""

_THE_LEAD = f"""
    SELECT id, phone, language, waiting_since, attempts INTO the_lead
    FROM leads_lead lead
    WHERE id = given_lead AND status = 'waiting' AND call_after <= given_due
        AND ({LEAD_RESTS_UNTIL} <= given_now) IS NOT FALSE
    FOR UPDATE SKIP LOCKED
"""

# "Invalid parameters" with this extension: only if nobody else is free.
_REFUSED = """ARRAY(
    SELECT extension_id FROM callbacks_callattempt
    WHERE lead_id = given_lead AND error_code = 1 AND extension_id IS NOT NULL
)"""

_COLUMNS = """extension.id, extension.number, extension.kind, extension.team_id, extension.tier,
    extension.weight, extension.queue_position"""
_SPEAKS = """(
    cardinality(extension.languages) = 0 OR the_lead.language = ''
    OR the_lead.language = ANY(extension.languages)
)"""
_NOT_REFUSED = "extension.id <> ALL(refused)"

# Somebody may have claimed it between our snapshot and our lock. PostgreSQL then looks at the
# conditions again, with the extension as it is by now and all other tables as they were: another
# last call than the one seen sends it on to the next in the queue. Without this the index would
# refuse the attempt, and everybody who claims at once would try the same few again.
_AS_SEEN = """LATERAL (
        SELECT last_called_at FROM callbacks_extension seen WHERE seen.id = extension.id OFFSET 0
    ) as_seen"""
# As a CASE: of an equality PostgreSQL would expect that hardly any extension fulfils it, and sort
# them all rather than take the first one from the index.
_NOBODY_WAS_FIRST = """CASE WHEN as_seen.last_called_at IS DISTINCT FROM extension.last_called_at
        THEN false ELSE true END"""


def _first_in_queue(condition: str) -> str:
    """Takes the first free extension of the team in `place` for which `condition` holds."""
    return f"""
        SELECT {_COLUMNS},
            CASE WHEN the_lead.language = ANY(extension.languages) THEN '{rules.LANGUAGE}'
                ELSE given_strategies[place] END AS rule
        INTO the_extension
        FROM callbacks_extension extension, {_AS_SEEN}
        WHERE extension.team_id = given_teams[place] AND {IS_FREE} AND {_NOBODY_WAS_FIRST}
            AND {condition}
        ORDER BY extension.tier, extension.queue_position, extension.id
        LIMIT 1 FOR UPDATE OF extension SKIP LOCKED
    """


# Whoever talked last with this number, if its team goes by owners.
_OWNER = """
    SELECT newest.extension_id, newest.claimed_at, extension.team_id INTO talk
    FROM (
        SELECT extension_id, claimed_at FROM callbacks_callattempt
        WHERE phone = the_lead.phone AND state = 'bridged' AND claimed_at > given_an_owner_since
        ORDER BY claimed_at DESC LIMIT 1
    ) newest
    JOIN callbacks_extension extension ON extension.id = newest.extension_id
"""
_TAKE_OWNER = f"""
    SELECT {_COLUMNS}, '{rules.OWNER}' AS rule INTO the_extension
    FROM callbacks_extension extension
    WHERE extension.id = talk.extension_id AND {IS_FREE} AND {_NOT_REFUSED}
    FOR UPDATE OF extension SKIP LOCKED
"""
_OWNER_COMES_BACK = f"""
    (SELECT {COMES_BACK} FROM callbacks_extension extension WHERE extension.id = talk.extension_id)
"""
# A manager's choice may be paused or out for a while, but not blocked or on a call.
_TAKE_CHOSEN = f"""
    SELECT {_COLUMNS}, '{CHOSEN}' AS rule, team.strategy INTO the_extension
    FROM callbacks_extension extension, callbacks_team team
    WHERE extension.id = given_extension AND team.id = extension.team_id
        AND extension.is_active AND NOT extension.is_blocked AND NOT {IS_ON_CALL}
    FOR UPDATE OF extension SKIP LOCKED
"""

# What is to be seen of a team that was asked, now that the choice is made and its extension is kept
# from others: callbacks.explain.routing_reason puts it into words. In the order of the queue, as
# the index gives it.
_LOOK = f"""
    SELECT COALESCE(jsonb_agg(
            jsonb_build_array(seen.number, seen.reason, EXTRACT(epoch FROM {UNTIL})::bigint)
        ), '[]') AS extensions,
        count(*) FILTER (WHERE seen.reason IS NULL) AS free
    INTO look
    FROM (
        SELECT extension.*, COALESCE(
            {WHY_NOT},
            CASE WHEN extension.id = ANY(refused) THEN '{rules.REFUSED}'
                WHEN NOT given_any_language[place] AND NOT {_SPEAKS}
                THEN '{rules.LANGUAGE}' END
        ) AS reason
        FROM (
            SELECT id, number, languages, schedule_id, is_active, is_blocked, is_paused,
                paused_until, unavailable_until, capped_until, wrap_up_until, provider_busy_until
            FROM callbacks_extension extension
            WHERE extension.team_id = given_teams[place] AND extension.is_active
            ORDER BY tier, queue_position, id LIMIT {LOOKED_AT}
        ) extension
        OFFSET 0  -- asked once for each row, not once for each column
    ) seen
"""

_WRITE_ATTEMPT = """
    INSERT INTO callbacks_callattempt (
        public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
        claimed_at, sent_at, hold_until, call_id, error_message, failure_reason, recording_url,
        routing_trace
    )
    VALUES (
        gen_random_uuid(), 'call', the_lead.id, the_extension.id, the_lead.phone,
        the_extension.number, '', 'dialing',
        -- Not before the wait that it ends began, by a clock that is behind.
        GREATEST(given_now, the_lead.waiting_since), given_sent_at, given_hold_until,
        '', '', '', '',
        jsonb_build_object(
            'rule', the_extension.rule, 'free', look.free, 'looked', looked,
            'team', (SELECT name FROM callbacks_team WHERE id = the_extension.team_id)
        )
    )
    RETURNING id, public_id, extension_id, extension_number, phone, claimed_at
    INTO attempt_id, attempt_public_id, called_extension, called_number, called_phone,
        was_claimed_at
"""
# A lead mirrors its newest attempt, of which nothing is known yet.
_WRITE_LEAD = """
    UPDATE leads_lead SET status = 'calling', attempts = leads_lead.attempts + 1,
        call_id = '', error_code = NULL, error_message = '', picked_up_at = NULL
    WHERE id = the_lead.id
"""
_NEXT_FREE = f"""(
    SELECT extension.queue_position FROM callbacks_extension extension
    WHERE extension.team_id = the_extension.team_id AND extension.tier = the_extension.tier
        AND extension.id <> the_extension.id AND {IS_FREE}
    ORDER BY extension.queue_position LIMIT 1
)"""
_BY_TURNS = ", ".join(f"'{strategy}'" for strategy in BY_TURNS)

# rules.choose, and rules.position_at_claim.
_BODY = f"""
DECLARE
    the_lead record;
    the_extension record;
    talk record;
    look record;
    looked jsonb := '[]';
    refused bigint[] := '{{}}';
    strategy text;
    stands_at double precision;
    -- Of the team that is asked, and of the one whose extension is taken: from 1.
    place int;
    the_place int;
BEGIN
    {_THE_LEAD};
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF the_lead.attempts > 0 THEN
        refused := {_REFUSED};
    END IF;

    IF given_extension IS NOT NULL THEN
        {_TAKE_CHOSEN};
        IF FOUND THEN
            the_place := 1;
            given_teams := ARRAY[the_extension.team_id];
            given_strategies := ARRAY[the_extension.strategy];
            given_any_language := ARRAY[false];
        END IF;
    ELSIF given_an_owner_since IS NOT NULL THEN
        {_OWNER};
        IF FOUND THEN
            place := array_position(given_teams, talk.team_id);
            IF talk.claimed_at > given_owner_since[place] THEN
                {_TAKE_OWNER};
                IF FOUND THEN
                    the_place := place;
                ELSIF given_holds_for_owner[place] AND {_OWNER_COMES_BACK} THEN
                    RETURN;
                END IF;
            END IF;
        END IF;
    END IF;

    place := 1;
    WHILE the_place IS NULL AND place <= cardinality(given_teams) LOOP
        {_first_in_queue(f"{_SPEAKS} AND {_NOT_REFUSED}")};
        IF NOT FOUND AND given_any_language[place] AND given_has_languages[place] THEN
            {_first_in_queue(_NOT_REFUSED)};
        END IF;
        IF NOT FOUND AND cardinality(refused) > 0 THEN
            {_first_in_queue(f"(given_any_language[place] OR {_SPEAKS})")};
        END IF;
        IF FOUND THEN
            the_place := place;
        END IF;
        place := place + 1;
    END LOOP;
    IF the_place IS NULL THEN
        RETURN;
    END IF;

    FOR place IN 1 .. the_place LOOP
        {_LOOK};
        looked := looked || look.extensions;
    END LOOP;
    {_WRITE_ATTEMPT};
    called_kind := the_extension.kind;
    {_WRITE_LEAD};
    strategy := given_strategies[the_place];
    IF strategy IN ({_BY_TURNS}) THEN
        stands_at := GREATEST(the_extension.queue_position, {_NEXT_FREE} - {CATCH_UP})
            + 1.0 / the_extension.weight;
    ELSE
        stands_at := EXTRACT(epoch FROM given_now);
    END IF;
    UPDATE callbacks_extension SET last_called_at = given_now, queue_position = stands_at
    WHERE id = the_extension.id;
    RETURN NEXT;
END
"""


def _function() -> tuple[str, str]:
    """Its name, and how it is made; parameters of parts that others use too become its own."""
    body = re.sub(r"%\((\w+)\)s", r"given_\1", _BODY).replace("%%", "%")
    parameters = ", ".join(f"given_{name} {of}" for name, of in _PARAMETERS.items())
    text = f"({parameters}) RETURNS TABLE ({_RETURNS}) LANGUAGE plpgsql AS $claim${body}$claim$"
    name = f"callbacks_claim_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return name, f"CREATE OR REPLACE FUNCTION {name} {text}"


NAME, FUNCTION = _function()
CLAIM = (
    f"SELECT * FROM {NAME}({', '.join(f'%({name})s::{of}' for name, of in _PARAMETERS.items())})"
)

_THERE = """
    SELECT proname FROM pg_proc
    WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        AND proname ~ '^callbacks_claim_[0-9a-f]{8}$'
    ORDER BY oid DESC
"""


def is_installed() -> bool:
    """Whether the database has the function of this code: `migrate` has been run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc(%s) IS NOT NULL", [NAME])
        return bool(cursor.fetchone()[0])


def install(*, using: str, **_kwargs: object) -> None:
    """Makes the function where it is missing. A receiver of post_migrate."""
    with connections[using].cursor() as cursor:
        cursor.execute(_THERE)
        there = [name for (name,) in cursor.fetchall()]
        if NAME not in there:
            cursor.execute(FUNCTION)
        _one_before, *older = [name for name in there if name != NAME] or [""]
        for name in older:
            cursor.execute(f"DROP FUNCTION {name}")
