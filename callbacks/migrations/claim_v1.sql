-- The claim: reserves one waiting lead and one free extension for each other, and writes the attempt.
--
-- Runs in psql as it stands. A migration installs it; a changed text gets a new name (_v2), so that
-- an older version of the product keeps its own function while a new one is rolled out.
-- callbacks.routing.rules.choose is the same rule in Python, for previews and the replay;
-- tests/routing/test_rules_agree_with_claim.py runs both on the same random set-ups.
--
-- The steps:
--   1. Lock the lead, if it is waiting and due and its number may be called.
--   2. Note the extensions that refused this lead with error 1: they come last.
--   3. If a manager chose an extension, take it.
--   4. Sticky agent: take the extension that last talked with this number, or wait for it.
--   5. Team by team: take the first free extension of the queue.
--   6. Record what was seen of the teams' queues, for the routing trace.
--   7. Write the attempt and the lead.
--   8. Move the extension to its new place in the queue.
--
-- Locks are taken with SKIP LOCKED: a locked row is being claimed by somebody else right now. The
-- partial unique indexes on live attempts are a second safeguard.
--
-- Parameters: given_closed holds the schedules that are closed now, given_opens when each of them
-- opens. Every other array has one element for each team to look at, in the order of the teams.
-- Returns one row for the attempt it wrote, or none.

CREATE OR REPLACE FUNCTION callbacks_claim_v1(
    given_lead bigint,
    given_extension bigint,           -- a manager's choice; NULL: by the rules
    given_now timestamptz,
    given_due timestamptz,            -- now, and the tolerance between clocks
    given_sent_at timestamptz,        -- NULL: another process sends it
    given_hold_until timestamptz,
    given_teams bigint[],
    given_strategies text[],
    given_any_language boolean[],     -- whether the team has waited long enough for the language
    given_has_languages boolean[],    -- whether any extension of the team names its languages
    given_owner_since timestamptz[],  -- a conversation after this makes a sticky agent; NULL: none
    given_an_owner_since timestamptz, -- the earliest of these; NULL: no team has sticky agents
    given_holds_for_owner boolean[],  -- whether the team still waits for a busy sticky agent
    given_closed bigint[],
    given_opens timestamptz[],
    given_gap interval,
    given_calls_a_day bigint,
    given_a_day interval
) RETURNS TABLE (
    attempt_id bigint,
    attempt_public_id uuid,
    called_extension bigint,
    called_number text,
    called_kind text,
    called_phone text,
    was_claimed_at timestamptz
) LANGUAGE plpgsql AS $claim$
DECLARE
    looked_at CONSTANT int := 12;              -- extensions of each team that a trace remembers
    catch_up CONSTANT double precision := 5.0; -- turns that one may lag behind: rules.CATCH_UP
    the_lead record;
    the_extension record;
    talk record;
    look record;
    looked jsonb := '[]';
    refused bigint[] := '{}';
    strategy text;
    new_position double precision;
    next_free double precision;
    accepts_any_language boolean;
    accepts_refused boolean;
    place int;      -- of the team that is being looked at, from 1
    the_place int;  -- of the team whose extension is taken
BEGIN
    -- 1. The lead. callbacks.routing.number_limits applies the same limits for other readers.
    SELECT id, phone, language, waiting_since, attempts INTO the_lead
    FROM leads_lead lead
    WHERE id = given_lead AND status = 'waiting' AND call_after <= given_due
        AND ((
            SELECT GREATEST(
                -- The gap after the last call. A manager's "Call now" (counted_from) overrides it.
                max(ended_at) FILTER (WHERE ended_at > CASE
                    WHEN lead.counted_from > lead.submitted_at THEN lead.counted_from
                    ELSE '-infinity'
                END) + given_gap,
                -- The limit of the day: the earliest of the last calls must be a day ago.
                CASE WHEN count(*) = given_calls_a_day THEN min(rung_at) + given_a_day END
            )
            FROM (
                SELECT COALESCE(sent_at, claimed_at) AS rung_at, ended_at
                FROM callbacks_callattempt rung
                WHERE rung.phone = lead.phone AND (
                    rung.state NOT IN ('not_sent', 'refused', 'agent_no_answer', 'never_placed')
                    -- The salesperson hung up while it rang: only the lead's record says so.
                    OR EXISTS (
                        SELECT FROM callbacks_callrecord record
                        WHERE record.attempt_id = rung.id AND record.leg = 2 AND (
                            record.dial_time > 0
                            OR record.status IN ('ANSWER', 'NOANSWER', 'BUSY', 'VOICEMAIL')
                        )
                    )
                )
                ORDER BY claimed_at DESC LIMIT given_calls_a_day
            ) last_calls
        ) <= given_now) IS NOT FALSE
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- 2. Extensions that have refused this lead with "invalid parameters".
    IF the_lead.attempts > 0 THEN
        refused := ARRAY(
            SELECT extension_id FROM callbacks_callattempt
            WHERE lead_id = given_lead AND outcome = 'invalid' AND extension_id IS NOT NULL
        );
    END IF;

    -- 3. A manager's choice may be paused or unavailable, but not off, blocked or on a call.
    IF given_extension IS NOT NULL THEN
        SELECT extension.id, extension.number, extension.kind, extension.team_id, extension.tier,
            extension.weight, extension.queue_position, 'chosen' AS rule, team.strategy
        INTO the_extension
        FROM callbacks_extension extension, callbacks_team team
        WHERE extension.id = given_extension AND team.id = extension.team_id
            AND extension.is_active AND NOT extension.is_blocked
            AND NOT EXISTS (
                SELECT FROM callbacks_callattempt live
                WHERE live.extension_id = extension.id
                    AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
            )
        FOR UPDATE OF extension SKIP LOCKED;
        IF FOUND THEN
            the_place := 1;
            given_teams := ARRAY[the_extension.team_id];
            given_strategies := ARRAY[the_extension.strategy];
            given_any_language := ARRAY[false];
        END IF;

    -- 4. Sticky agent.
    ELSIF given_an_owner_since IS NOT NULL THEN
        SELECT newest.extension_id, newest.claimed_at, extension.team_id INTO talk
        FROM (
            SELECT extension_id, claimed_at FROM callbacks_callattempt
            WHERE phone = the_lead.phone AND state = 'bridged' AND claimed_at > given_an_owner_since
            ORDER BY claimed_at DESC LIMIT 1
        ) newest
        JOIN callbacks_extension extension ON extension.id = newest.extension_id;
        IF FOUND THEN
            place := array_position(given_teams, talk.team_id);
            IF talk.claimed_at > given_owner_since[place] THEN
                SELECT extension.id, extension.number, extension.kind, extension.team_id,
                    extension.tier, extension.weight, extension.queue_position, 'owner' AS rule
                INTO the_extension
                FROM callbacks_extension extension
                WHERE extension.id = talk.extension_id AND extension.id <> ALL (refused)
                    -- Free, as in step 5.
                    AND extension.is_active AND NOT extension.is_blocked
                    AND NOT (extension.is_paused
                        AND (extension.paused_until > given_now) IS NOT FALSE)
                    AND (extension.schedule_id = ANY (given_closed)) IS NOT TRUE
                    AND (extension.unavailable_until > given_now) IS NOT TRUE
                    AND (extension.capped_until > given_now) IS NOT TRUE
                    AND (extension.wrap_up_until > given_now) IS NOT TRUE
                    AND (extension.provider_busy_until > given_now) IS NOT TRUE
                    AND NOT EXISTS (
                        SELECT FROM callbacks_callattempt live
                        WHERE live.extension_id = extension.id
                            AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
                    )
                FOR UPDATE OF extension SKIP LOCKED;
                IF FOUND THEN
                    the_place := place;
                -- Busy, but neither off, blocked nor paused: worth waiting for.
                ELSIF given_holds_for_owner[place] AND EXISTS (
                    SELECT FROM callbacks_extension extension
                    WHERE extension.id = talk.extension_id
                        AND extension.is_active AND NOT extension.is_blocked
                        AND NOT (extension.is_paused
                            AND (extension.paused_until > given_now) IS NOT FALSE)
                        AND EXISTS (
                            SELECT FROM callbacks_callattempt live
                            WHERE live.extension_id = extension.id
                                AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
                        )
                ) THEN
                    RETURN;
                END IF;
            END IF;
        END IF;
    END IF;

    -- 5. Team by team, up to three looks at each queue: who speaks the lead's language; then
    --    anybody, once the team has waited for the language; then those that refused this lead.
    place := 1;
    WHILE the_place IS NULL AND place <= cardinality(given_teams) LOOP
        FOR attempt IN 1 .. 3 LOOP
            CONTINUE WHEN attempt = 2
                AND NOT (given_any_language[place] AND given_has_languages[place]);
            CONTINUE WHEN attempt = 3 AND cardinality(refused) = 0;
            accepts_any_language := attempt > 1 AND given_any_language[place];
            accepts_refused := attempt = 3;

            SELECT extension.id, extension.number, extension.kind, extension.team_id,
                extension.tier, extension.weight, extension.queue_position,
                CASE WHEN the_lead.language = ANY (extension.languages) THEN 'language'
                    ELSE given_strategies[place] END AS rule
            INTO the_extension
            FROM callbacks_extension extension,
                -- The extension as this statement's snapshot has it.
                LATERAL (
                    SELECT last_called_at FROM callbacks_extension seen
                    WHERE seen.id = extension.id OFFSET 0
                ) as_seen
            WHERE extension.team_id = given_teams[place]
                -- Free: callbacks.routing.availability has the same for other readers.
                AND extension.is_active AND NOT extension.is_blocked
                AND NOT (extension.is_paused
                    AND (extension.paused_until > given_now) IS NOT FALSE)
                AND (extension.schedule_id = ANY (given_closed)) IS NOT TRUE
                AND (extension.unavailable_until > given_now) IS NOT TRUE
                AND (extension.capped_until > given_now) IS NOT TRUE
                AND (extension.wrap_up_until > given_now) IS NOT TRUE
                AND (extension.provider_busy_until > given_now) IS NOT TRUE
                AND NOT EXISTS (
                    SELECT FROM callbacks_callattempt live
                    WHERE live.extension_id = extension.id
                        AND live.state IN ('dialing', 'accepted', 'unknown')
                    -- OFFSET 0 keeps the planner from joining all attempts for one extension.
                    OFFSET 0
                )
                -- Another claim may have taken the extension between the snapshot and the lock.
                -- PostgreSQL then checks these conditions again on the current row. If its last
                -- call is not the one in the snapshot, the next extension in the queue is tried.
                -- This is a CASE because PostgreSQL would expect a plain comparison to match hardly
                -- any row, and would sort all of them.
                AND CASE WHEN as_seen.last_called_at IS DISTINCT FROM extension.last_called_at
                    THEN false ELSE true END
                AND (
                    accepts_any_language
                    OR cardinality(extension.languages) = 0 OR the_lead.language = ''
                    OR the_lead.language = ANY (extension.languages)
                )
                AND (accepts_refused OR extension.id <> ALL (refused))
            ORDER BY extension.tier, extension.queue_position, extension.id
            LIMIT 1 FOR UPDATE OF extension SKIP LOCKED;
            IF FOUND THEN
                the_place := place;
                EXIT;
            END IF;
        END LOOP;
        place := place + 1;
    END LOOP;
    IF the_place IS NULL THEN
        RETURN;
    END IF;

    -- 6. What was seen of each team up to the one that rings: number, reason, until when.
    --    callbacks.explain.routing_reason puts it into words.
    FOR place IN 1 .. the_place LOOP
        SELECT
            COALESCE(jsonb_agg(jsonb_build_array(seen.number, seen.reason, EXTRACT(epoch FROM
                CASE seen.reason
                    WHEN 'paused' THEN seen.paused_until
                    WHEN 'off_shift'
                        THEN given_opens[array_position(given_closed, seen.schedule_id)]
                    WHEN 'out' THEN seen.unavailable_until
                    WHEN 'capped' THEN seen.capped_until
                    WHEN 'resting' THEN seen.wrap_up_until
                    WHEN 'seen_busy' THEN seen.provider_busy_until
                END)::bigint)), '[]') AS extensions,
            count(*) FILTER (WHERE seen.reason IS NULL) AS free
        INTO look
        FROM (
            SELECT extension.*, CASE
                WHEN NOT extension.is_active THEN 'off'
                WHEN extension.is_blocked THEN 'blocked'
                WHEN extension.is_paused AND (extension.paused_until > given_now) IS NOT FALSE
                    THEN 'paused'
                WHEN EXISTS (
                    SELECT FROM callbacks_callattempt live
                    WHERE live.extension_id = extension.id
                        AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
                ) THEN 'on_call'
                WHEN extension.schedule_id = ANY (given_closed) THEN 'off_shift'
                WHEN extension.unavailable_until > given_now THEN 'out'
                WHEN extension.capped_until > given_now THEN 'capped'
                WHEN extension.wrap_up_until > given_now THEN 'resting'
                WHEN extension.provider_busy_until > given_now THEN 'seen_busy'
                WHEN extension.id = ANY (refused) THEN 'refused'
                WHEN NOT given_any_language[place] AND NOT (
                    cardinality(extension.languages) = 0 OR the_lead.language = ''
                    OR the_lead.language = ANY (extension.languages)
                ) THEN 'language'
            END AS reason
            FROM (
                SELECT id, number, languages, schedule_id, is_active, is_blocked, is_paused,
                    paused_until, unavailable_until, capped_until, wrap_up_until,
                    provider_busy_until
                FROM callbacks_extension
                WHERE team_id = given_teams[place] AND is_active
                ORDER BY tier, queue_position, id LIMIT looked_at
            ) extension
            OFFSET 0  -- the reason is worked out once for each row, not once for each use
        ) seen;
        looked := looked || look.extensions;
    END LOOP;

    -- 7. The attempt, and the lead, which repeats the details of its newest attempt.
    INSERT INTO callbacks_callattempt (
        public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
        claimed_at, sent_at, hold_until, call_id, error_message, failure_reason, recording_url,
        routing_trace
    )
    VALUES (
        gen_random_uuid(), 'call', the_lead.id, the_extension.id, the_lead.phone,
        the_extension.number, '', 'dialing',
        -- Never earlier than the start of the wait that it ends, even if a clock is slow.
        GREATEST(given_now, the_lead.waiting_since), given_sent_at, given_hold_until,
        '', '', '', '',
        jsonb_build_object(
            'rule', the_extension.rule, 'free', look.free, 'looked', looked,
            'team', (SELECT name FROM callbacks_team WHERE id = the_extension.team_id)
        )
    )
    RETURNING id, public_id, extension_id, extension_number, phone, claimed_at
    INTO attempt_id, attempt_public_id, called_extension, called_number, called_phone,
        was_claimed_at;
    called_kind := the_extension.kind;
    UPDATE leads_lead SET status = 'calling', attempts = leads_lead.attempts + 1,
        call_id = '', error_code = NULL, error_message = '', picked_up_at = NULL
    WHERE id = the_lead.id;

    -- 8. The extension's place: rules.position_at_claim.
    strategy := given_strategies[the_place];
    IF strategy IN ('weighted', 'fair') THEN
        SELECT extension.queue_position INTO next_free
        FROM callbacks_extension extension
        WHERE extension.team_id = the_extension.team_id AND extension.tier = the_extension.tier
            AND extension.id <> the_extension.id
            -- Free, as in step 5.
            AND extension.is_active AND NOT extension.is_blocked
            AND NOT (extension.is_paused AND (extension.paused_until > given_now) IS NOT FALSE)
            AND (extension.schedule_id = ANY (given_closed)) IS NOT TRUE
            AND (extension.unavailable_until > given_now) IS NOT TRUE
            AND (extension.capped_until > given_now) IS NOT TRUE
            AND (extension.wrap_up_until > given_now) IS NOT TRUE
            AND (extension.provider_busy_until > given_now) IS NOT TRUE
            AND NOT EXISTS (
                SELECT FROM callbacks_callattempt live
                WHERE live.extension_id = extension.id
                    AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
            )
        ORDER BY extension.queue_position LIMIT 1;
        new_position := GREATEST(the_extension.queue_position, next_free - catch_up)
            + 1.0 / the_extension.weight;
    ELSE
        new_position := EXTRACT(epoch FROM given_now);
    END IF;
    UPDATE callbacks_extension SET last_called_at = given_now, queue_position = new_position
    WHERE id = the_extension.id;
    RETURN NEXT;
END
$claim$;
