"""The claim's statement, put together from its parts. Who uses it: callbacks.matching.

Parameters: those of `free.shifts` and `resting.bounds`, and `lead`, `due`, `now`, `sent_at`,
`hold_until`; for CLAIM_FREE and CLAIM_FIRST the teams that are asked, an array for each of their
terms (turns.Turn); for CLAIM_CHOSEN `extension`.
"""

# ruff: noqa: S608  # put together from constants only

from callbacks import turns
from callbacks.free import COMES_BACK, IS_FREE, IS_ON_CALL, UNTIL, WHY_NOT
from callbacks.models import CallAttempt
from callbacks.resting import LEAD_RESTS_UNTIL
from callbacks.turns import BY_TURNS, CATCH_UP

# Extensions of each team that an attempt remembers to have been looked at.
LOOKED_AT = 12
# The rule of a claim for the extension that a manager has chosen.
CHOSEN = "chosen"
# What a claim returns: the attempt's columns in this order, and the kind of its extension.
ATTEMPT = tuple(str(field.column) for field in CallAttempt._meta.concrete_fields)

_BY_TURNS = ", ".join(f"'{strategy}'" for strategy in BY_TURNS)

_THE_LEAD = """
    the_lead AS MATERIALIZED (
        SELECT id, phone, language, waiting_since, REFUSED_WITH AS refused_with
        FROM leads_lead lead
        WHERE id = %(lead)s AND status = 'waiting' AND call_after <= %(due)s
            AND (NUMBER_RESTS_UNTIL <= %(now)s) IS NOT FALSE
        FOR UPDATE SKIP LOCKED
    )
""".replace("NUMBER_RESTS_UNTIL", LEAD_RESTS_UNTIL)

_REFUSED_WITH = """ARRAY(
    SELECT extension_id FROM callbacks_callattempt WHERE lead_id = lead.id AND error_code = 1
)"""

_COLUMNS = """extension.id, extension.number, extension.kind, extension.team_id, extension.tier,
    extension.weight, extension.position"""
_SPEAKS = """(
    cardinality(extension.languages) = 0 OR the_lead.language = ''
    OR the_lead.language = ANY(extension.languages)
)"""
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
# A branch of a UNION may not lock rows, a query in its FROM may.
_TO_BE_RUNG = f"""
    SELECT * FROM (SELECT {_COLUMNS},
        CASE WHEN the_lead.language = ANY(extension.languages) THEN '{turns.LANGUAGE}'
            ELSE turn.strategy END AS rule,
        turn.strategy, turn.place
    FROM callbacks_extension extension, {_AS_SEEN}
    WHERE extension.team_id = turn.team_id AND {IS_FREE} AND {_NOBODY_WAS_FIRST}
        AND CONDITION
    ORDER BY extension.tier, extension.position, extension.id
    LIMIT 1 FOR UPDATE OF extension SKIP LOCKED) first_in_queue
"""

_SPEAKING = _TO_BE_RUNG.replace(
    "CONDITION", f"{_SPEAKS} AND extension.id <> ALL(the_lead.refused_with)"
)
_ANYBODY = _TO_BE_RUNG.replace(
    "CONDITION",
    "turn.any_language AND turn.has_languages AND extension.id <> ALL(the_lead.refused_with)",
)
# "Invalid parameters" with this extension: only if nobody else is free.
_REFUSED = _TO_BE_RUNG.replace(
    "CONDITION", f"cardinality(the_lead.refused_with) > 0 AND (turn.any_language OR {_SPEAKS})"
)


def _of_teams(*wishes: str) -> str:
    """One team after the other, and within it one wish after the other.

    PostgreSQL goes on only as long as nothing has been found, so nothing is locked that is not
    taken.
    """
    one_by_one = " UNION ALL ".join(f"({wish})" for wish in wishes)
    return f"SELECT pick.* FROM the_lead, turn, LATERAL ({one_by_one} LIMIT 1) pick"


_OWNER = f"""
    turn AS MATERIALIZED (
        SELECT * FROM unnest(
            %(teams)s::bigint[], %(strategies)s::text[], %(any_language)s::bool[],
            %(owner_since)s::timestamptz[], %(holds_for_owner)s::bool[], %(has_languages)s::bool[]
        ) WITH ORDINALITY AS turn (
            team_id, strategy, any_language, owner_since, holds_for_owner, has_languages, place
        )
    ), owner AS MATERIALIZED (
        SELECT extension.id, turn.strategy, turn.place,
            turn.holds_for_owner AND {COMES_BACK} AS is_waited_for
        FROM the_lead, LATERAL (
            SELECT talk.extension_id, talk.claimed_at FROM callbacks_callattempt talk
            WHERE talk.phone = the_lead.phone AND talk.state = 'bridged'
                AND talk.claimed_at > %(an_owner_since)s
            ORDER BY talk.claimed_at DESC LIMIT 1
        ) talk
        JOIN callbacks_extension extension ON extension.id = talk.extension_id
        JOIN turn ON turn.team_id = extension.team_id AND talk.claimed_at > turn.owner_since
    )
"""
_THE_EXTENSION = f"""
    the_extension AS MATERIALIZED (
        SELECT * FROM (
            SELECT {_COLUMNS}, '{turns.OWNER}' AS rule, owner.strategy, owner.place
            FROM the_lead, owner, callbacks_extension extension
            WHERE extension.id = owner.id AND {IS_FREE}
                AND extension.id <> ALL(the_lead.refused_with)
            FOR UPDATE OF extension SKIP LOCKED
        ) the_owner
        UNION ALL
        SELECT * FROM (OF_TEAMS) of_teams
        WHERE NOT EXISTS (SELECT FROM owner WHERE owner.is_waited_for)
        LIMIT 1
    )
"""
# A manager's choice may be paused or out for a while, but not blocked or on a call.
_THE_CHOSEN = f"""
    turn AS (
        SELECT team_id, 1::bigint AS place, false AS any_language
        FROM callbacks_extension WHERE id = %(extension)s
    ), the_extension AS MATERIALIZED (
        SELECT {_COLUMNS}, '{CHOSEN}' AS rule, team.strategy, 1::bigint AS place
        FROM the_lead, callbacks_extension extension, callbacks_team team
        WHERE extension.id = %(extension)s AND team.id = extension.team_id
            AND extension.is_active AND NOT extension.is_blocked AND NOT {IS_ON_CALL}
        FOR UPDATE OF extension SKIP LOCKED
    )
"""

# What this very snapshot shows of the teams that were asked: callbacks.why puts it into words.
_LOOKED = f"""
    looked AS MATERIALIZED (
        SELECT jsonb_agg(
            jsonb_build_array(seen.number, seen.reason, EXTRACT(epoch FROM {UNTIL})::bigint)
            ORDER BY turn.place, seen.tier, seen.position, seen.id
        ) AS extensions,
        count(*) FILTER (WHERE seen.reason IS NULL AND turn.place = the_extension.place) AS free
        FROM the_extension
        JOIN turn ON turn.place <= the_extension.place
        CROSS JOIN the_lead
        CROSS JOIN LATERAL (
            SELECT extension.*, COALESCE(
                {WHY_NOT},
                CASE WHEN extension.id = ANY(the_lead.refused_with) THEN '{turns.REFUSED}'
                    WHEN NOT turn.any_language AND NOT {_SPEAKS} THEN '{turns.LANGUAGE}' END
            ) AS reason
            FROM (
                SELECT id, number, tier, position, languages, schedule_id, is_active, is_blocked,
                    is_paused, paused_until, out_until, capped_until, rests_until, seen_busy_until
                FROM callbacks_extension extension
                WHERE extension.team_id = turn.team_id AND extension.is_active
                ORDER BY tier, position, id LIMIT {LOOKED_AT}
            ) extension
            OFFSET 0  -- asked once for each row, not once for each column
        ) seen
    )
"""
_WRITTEN = f"""
    attempt AS (
        INSERT INTO callbacks_callattempt (
            public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
            claimed_at, sent_at, hold_until, call_id, error_message, reason, recording_url, why
        )
        SELECT gen_random_uuid(), 'call', the_lead.id, the_extension.id, the_lead.phone,
            the_extension.number, '', 'dialing',
            -- Not before the wait that it ends began, by a clock that is behind.
            GREATEST(%(now)s::timestamptz, the_lead.waiting_since),
            %(sent_at)s::timestamptz, %(hold_until)s::timestamptz,
            '', '', '', '',
            jsonb_build_object(
                'rule', the_extension.rule, 'free', looked.free, 'looked', looked.extensions,
                'team', (SELECT name FROM callbacks_team WHERE id = the_extension.team_id)
            )
        FROM the_lead, the_extension, looked
        RETURNING *
    ), lead_calling AS (
        -- A lead mirrors its newest attempt, of which nothing is known yet.
        UPDATE leads_lead SET status = 'calling', attempts = leads_lead.attempts + 1,
            call_id = '', error_code = NULL, error_message = '', picked_up_at = NULL
        WHERE id = (SELECT lead_id FROM attempt)  -- a join might read all leads
    ), extension_called AS (
        -- turns.position_at_claim
        UPDATE callbacks_extension SET last_called_at = %(now)s,
            position = CASE WHEN the_extension.strategy IN ({_BY_TURNS}) THEN
                GREATEST(the_extension.position, (
                    SELECT extension.position FROM callbacks_extension extension
                    WHERE extension.team_id = the_extension.team_id
                        AND extension.tier = the_extension.tier
                        AND extension.id <> the_extension.id AND {IS_FREE}
                    ORDER BY extension.position LIMIT 1
                ) - {CATCH_UP}) + 1.0 / the_extension.weight
            ELSE EXTRACT(epoch FROM %(now)s::timestamptz) END
        FROM the_extension
        WHERE callbacks_extension.id = (SELECT extension_id FROM attempt)
    )
    SELECT {", ".join(f"attempt.{column}" for column in ATTEMPT)}, the_extension.kind
    FROM attempt, the_extension
"""


def _claim(of_teams: str, refused_with: str) -> str:
    the_lead = _THE_LEAD.replace("REFUSED_WITH", refused_with)
    the_extension = _THE_EXTENSION.replace("OF_TEAMS", of_teams)
    return f"WITH {the_lead}, {_OWNER}, {the_extension}, {_LOOKED}, {_WRITTEN}"


CLAIM_FREE = _claim(_of_teams(_SPEAKING, _ANYBODY, _REFUSED), _REFUSED_WITH)
# The same for a lead that has not been called yet, by teams of whom nobody's languages are named:
# most claims, and a fifth of the work is to set up what cannot happen to them.
CLAIM_FIRST = _claim(_of_teams(_SPEAKING), "ARRAY[]::bigint[]")
CLAIM_CHOSEN = (
    f"WITH {_THE_LEAD.replace('REFUSED_WITH', _REFUSED_WITH)}, {_THE_CHOSEN}, {_LOOKED}, {_WRITTEN}"
)
