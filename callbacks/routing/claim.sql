-- The claim: reserves one waiting lead and one free extension for each other; writes the attempt.
--
-- Runs in psql as it stands. A migration installs it; a changed text gets a new name (_v6), so that
-- an older version of the product keeps its own function while a new one is rolled out.
-- callbacks.routing.rules.choose is the same rule in Python, for previews and the replay;
-- tests/routing/test_rules_agree_with_claim.py runs both on the same random set-ups.
--
-- The steps:
--   1. Lock the lead, if it is waiting and due and its number may be called.
--   2. Note the extensions that refused this lead with error 1: they come last.
--   3. If a manager chose an extension, take it.
--   4. Owner: take a phone of the person the lead is assigned to, or else of whoever last talked
--      with this number (sticky agent); or wait for them.
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

CREATE OR REPLACE FUNCTION callbacks_claim_v5(
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
    given_calls_a_day bigint,         -- the setting; callbacks_calls_a_day_v1 may lower it
    given_a_day interval
) RETURNS TABLE (
    attempt_id bigint,
    attempt_public_id uuid,
    called_extension bigint,
    called_number text,
    called_kind text,
    called_phone text,
    called_salesperson bigint,
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
    theirs bigint[];  -- the phones of the lead's owner
    talked_on bigint; -- the phone on which they talked with this number
    the_language text;  -- the first part of the lead's language: rules.first_part
    strategy text;
    new_position double precision;
    next_free double precision;
    accepts_any_language boolean;
    accepts_refused boolean;
    place int;      -- of the team that is being looked at, from 1
    the_place int;  -- of the team whose extension is taken
BEGIN
    -- 1. The lead. callbacks.routing.number_limits applies the same limits for other readers.
    SELECT lead.id, phone, language, waiting_since, lead.attempts, assigned_to_id INTO the_lead
    FROM leads_lead lead,
        LATERAL (
            SELECT callbacks_calls_a_day_v1(lead.source_id, given_calls_a_day) AS calls OFFSET 0
        ) allowed,
        -- The lead as this statement's snapshot has it.
        LATERAL (
            SELECT attempts FROM leads_lead seen WHERE seen.id = lead.id OFFSET 0
        ) as_seen
    WHERE id = given_lead AND status = 'waiting' AND call_after <= given_due
        AND ((
            SELECT GREATEST(
                -- The gap after the last call. A manager's "Call now" (counted_from) overrides it.
                max(ended_at) FILTER (WHERE ended_at > CASE
                    WHEN lead.counted_from > lead.submitted_at THEN lead.counted_from
                    ELSE '-infinity'
                END) + given_gap,
                -- The limit of the day: the earliest of the last calls must be a day ago.
                CASE WHEN count(*) = allowed.calls THEN min(rung_at) + given_a_day END
            )
            FROM (
                SELECT COALESCE(sent_at, claimed_at) AS rung_at, ended_at
                FROM callbacks_callattempt rung
                WHERE rung.phone = lead.phone AND (
                    rung.state NOT IN (
                        'not_sent', 'refused', 'never_placed', 'agent_no_answer', 'agent_unreached',
                        'bad_number', 'lead_not_rung'
                    )
                    -- The salesperson hung up while it rang: only the lead's record says so.
                    OR EXISTS (
                        SELECT FROM callbacks_callrecord record
                        WHERE record.attempt_id = rung.id AND record.leg = 2 AND (
                            record.dial_time > 0
                            OR record.status IN ('ANSWER', 'NOANSWER', 'BUSY', 'VOICEMAIL')
                        )
                    )
                )
                ORDER BY claimed_at DESC LIMIT allowed.calls
            ) last_calls
        ) <= given_now) IS NOT FALSE
        -- If the lead was called between the snapshot and the lock, and already waits again, the
        -- limits above did not count that call. The next sweep looks at such a lead again.
        AND lead.attempts = as_seen.attempts
    FOR UPDATE OF lead SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    the_language := NULLIF(split_part(lower(the_lead.language), '-', 1), '');

    -- 2. Extensions that have refused this lead with "invalid parameters".
    IF the_lead.attempts > 0 THEN
        refused := ARRAY(
            SELECT extension_id FROM callbacks_callattempt
            WHERE lead_id = given_lead AND outcome = 'invalid' AND extension_id IS NOT NULL
        );
    END IF;

    -- 3. A manager's choice may be paused or unavailable, but not off, blocked or on a call.
    IF given_extension IS NOT NULL THEN
        SELECT extension.id, extension.user_id, extension.number, extension.kind, extension.team_id,
            extension.tier, extension.weight, extension.queue_position, 'chosen' AS rule
        INTO the_extension
        FROM callbacks_extension extension
        WHERE extension.id = given_extension
            AND extension.is_active AND NOT extension.is_blocked
            AND NOT EXISTS (
                SELECT FROM callbacks_callattempt live
                WHERE live.extension_id = extension.id
                    AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
            )
            AND NOT EXISTS (
                SELECT FROM callbacks_callattempt live
                WHERE live.salesperson_id = extension.user_id
                    AND live.ended_at IS NULL OFFSET 0
            )
        FOR UPDATE OF extension SKIP LOCKED;
        IF FOUND THEN
            the_place := 1;
            given_teams := ARRAY[the_extension.team_id];
            given_any_language := ARRAY[false];
        END IF;

    -- 4. The lead's owner: a person, on any of their phones. A phone without a login is on its own.
    ELSE
        IF the_lead.assigned_to_id IS NOT NULL THEN
            -- Their phones in any of these teams: no team's settings limit an assignment.
            theirs := ARRAY(
                SELECT extension.id FROM callbacks_extension extension
                WHERE extension.user_id = the_lead.assigned_to_id
                    AND extension.team_id = ANY (given_teams)
                    AND extension.id <> ALL (refused)
            );
        ELSIF given_an_owner_since IS NOT NULL THEN
            SELECT extension_id, salesperson_id, claimed_at INTO talk
            FROM callbacks_callattempt
            WHERE phone = the_lead.phone AND state = 'bridged'
                AND claimed_at > given_an_owner_since
            ORDER BY claimed_at DESC LIMIT 1;
            IF FOUND THEN
                talked_on := talk.extension_id;
                -- Their phones in teams for which that conversation is recent enough.
                theirs := ARRAY(
                    SELECT extension.id FROM callbacks_extension extension
                    WHERE (
                            extension.user_id = talk.salesperson_id
                            OR talk.salesperson_id IS NULL AND extension.id = talk.extension_id
                        )
                        AND extension.id <> ALL (refused)
                        AND talk.claimed_at
                            > given_owner_since[array_position(given_teams, extension.team_id)]
                );
            END IF;
        END IF;
        IF cardinality(theirs) > 0 THEN
            SELECT extension.id, extension.user_id, extension.number, extension.kind,
                extension.team_id, extension.tier, extension.weight, extension.queue_position,
                CASE WHEN the_lead.assigned_to_id IS NULL THEN 'owner' ELSE 'assigned' END AS rule
            INTO the_extension
            FROM callbacks_extension extension
            WHERE extension.id = ANY (theirs)
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
                AND NOT EXISTS (
                    SELECT FROM callbacks_callattempt live
                    WHERE live.salesperson_id = extension.user_id
                        AND live.ended_at IS NULL OFFSET 0
                )
                AND NOT EXISTS (
                    SELECT FROM callbacks_extension other
                    WHERE other.user_id = extension.user_id AND other.id <> extension.id
                        AND other.is_active AND EXISTS (
                            SELECT FROM callbacks_team its
                            WHERE its.id = other.team_id AND its.is_active
                        ) AND (
                            other.is_paused AND (other.paused_until > given_now) IS NOT FALSE
                            OR other.wrap_up_until > given_now
                            OR other.provider_busy_until > given_now
                                AND other.provider_busy_as <> 'logged out'
                            OR other.unavailable_until > given_now
                                AND other.unavailable_reason = 'in the conference room'
                        )
                    OFFSET 0
                )
            -- The phone they talked on, if it is free.
            ORDER BY (extension.id <> talked_on) IS TRUE,
                array_position(given_teams, extension.team_id),
                extension.tier, extension.queue_position, extension.id
            LIMIT 1 FOR UPDATE OF extension SKIP LOCKED;
            IF FOUND THEN
                the_place := array_position(given_teams, the_extension.team_id);
            -- On a call, with nothing known against being rung after it: worth waiting for.
            -- callbacks.routing.availability calls this COMES_BACK.
            ELSIF EXISTS (
                SELECT FROM callbacks_extension extension
                WHERE extension.id = ANY (theirs)
                    AND given_holds_for_owner[array_position(given_teams, extension.team_id)]
                    AND extension.is_active AND NOT extension.is_blocked
                    AND NOT (extension.is_paused
                        AND (extension.paused_until > given_now) IS NOT FALSE)
                    AND (extension.schedule_id = ANY (given_closed)) IS NOT TRUE
                    AND (extension.unavailable_until > given_now) IS NOT TRUE
                    AND (extension.capped_until > given_now) IS NOT TRUE
                    AND CASE WHEN extension.user_id IS NULL THEN EXISTS (
                        SELECT FROM callbacks_callattempt live
                        WHERE live.extension_id = extension.id
                            AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
                    ) ELSE EXISTS (
                        SELECT FROM callbacks_callattempt live
                        WHERE live.salesperson_id = extension.user_id
                            AND live.ended_at IS NULL OFFSET 0
                    ) END
                    AND NOT EXISTS (
                        SELECT FROM callbacks_extension other
                        WHERE other.user_id = extension.user_id AND other.id <> extension.id
                            AND other.is_active AND EXISTS (
                                SELECT FROM callbacks_team its
                                WHERE its.id = other.team_id AND its.is_active
                            ) AND (
                                other.is_paused AND (other.paused_until > given_now) IS NOT FALSE
                                OR other.unavailable_until > given_now
                                    AND other.unavailable_reason = 'in the conference room'
                            )
                        OFFSET 0
                    )
                    -- Including the present call, which may be the last one of the day.
                    AND (
                        SELECT limits.capped_until FROM callbacks_limits_v1(
                            extension.id, extension.team_id, extension.daily_cap,
                            extension.wrap_up, given_now
                        ) limits
                    ) IS NULL
            ) THEN
                RETURN;
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

            SELECT extension.id, extension.user_id, extension.number, extension.kind,
                extension.team_id, extension.tier, extension.weight, extension.queue_position,
                CASE WHEN EXISTS (
                    SELECT FROM unnest(extension.languages) spoken
                    WHERE split_part(lower(spoken), '-', 1) = the_language
                ) THEN 'language'
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
                AND NOT EXISTS (
                    SELECT FROM callbacks_callattempt live
                    WHERE live.salesperson_id = extension.user_id
                        AND live.ended_at IS NULL OFFSET 0
                )
                -- Not if another phone of the same person is paused, in wrap-up, busy or in the
                -- conference room: that is true of the person.
                AND NOT EXISTS (
                    SELECT FROM callbacks_extension other
                    WHERE other.user_id = extension.user_id AND other.id <> extension.id
                        AND other.is_active AND EXISTS (
                            SELECT FROM callbacks_team its
                            WHERE its.id = other.team_id AND its.is_active
                        ) AND (
                            other.is_paused AND (other.paused_until > given_now) IS NOT FALSE
                            OR other.wrap_up_until > given_now
                            OR other.provider_busy_until > given_now
                                AND other.provider_busy_as <> 'logged out'
                            OR other.unavailable_until > given_now
                                AND other.unavailable_reason = 'in the conference room'
                        )
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
                    OR EXISTS (
                        SELECT FROM unnest(extension.languages) spoken
                        WHERE split_part(lower(spoken), '-', 1) = the_language
                    )
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
                    WHEN 'paused' THEN NULLIF(GREATEST(CASE
                        WHEN seen.is_paused AND (seen.paused_until > given_now) IS NOT FALSE
                        THEN COALESCE(seen.paused_until, 'infinity') END, seen.paused_others
                    ), 'infinity')
                    WHEN 'off_shift'
                        THEN given_opens[array_position(given_closed, seen.schedule_id)]
                    WHEN 'out' THEN GREATEST(seen.unavailable_until, seen.in_conference_until)
                    WHEN 'capped' THEN seen.capped_until
                    WHEN 'resting' THEN GREATEST(seen.wrap_up_until, seen.resting_until)
                    WHEN 'seen_busy' THEN GREATEST(seen.provider_busy_until, seen.busy_until)
                END)::bigint)), '[]') AS extensions,
            count(*) FILTER (WHERE seen.reason IS NULL) AS free
        INTO look
        FROM (
            SELECT extension.*, others.*, CASE
                WHEN NOT extension.is_active THEN 'off'
                WHEN extension.is_blocked THEN 'blocked'
                WHEN extension.is_paused AND (extension.paused_until > given_now) IS NOT FALSE
                    OR others.are_paused
                    THEN 'paused'
                WHEN EXISTS (
                    SELECT FROM callbacks_callattempt live
                    WHERE live.extension_id = extension.id
                        AND live.state IN ('dialing', 'accepted', 'unknown') OFFSET 0
                ) OR EXISTS (
                    SELECT FROM callbacks_callattempt live
                    WHERE live.salesperson_id = extension.user_id
                        AND live.ended_at IS NULL OFFSET 0
                ) THEN 'on_call'
                WHEN extension.schedule_id = ANY (given_closed) THEN 'off_shift'
                WHEN extension.unavailable_until > given_now
                    OR others.in_conference_until > given_now THEN 'out'
                WHEN extension.capped_until > given_now THEN 'capped'
                WHEN extension.wrap_up_until > given_now
                    OR others.resting_until > given_now THEN 'resting'
                WHEN extension.provider_busy_until > given_now
                    OR others.busy_until > given_now THEN 'seen_busy'
                WHEN extension.id = ANY (refused) THEN 'refused'
                WHEN NOT given_any_language[place] AND NOT (
                    cardinality(extension.languages) = 0 OR the_lead.language = ''
                    OR EXISTS (
                        SELECT FROM unnest(extension.languages) spoken
                        WHERE split_part(lower(spoken), '-', 1) = the_language
                    )
                ) THEN 'language'
            END AS reason
            FROM (
                SELECT id, number, user_id, languages, schedule_id, is_active, is_blocked,
                    is_paused, paused_until, unavailable_until, capped_until, wrap_up_until,
                    provider_busy_until
                FROM callbacks_extension
                WHERE team_id = given_teams[place] AND is_active
                ORDER BY tier, queue_position, id LIMIT looked_at
            ) extension
            -- What the same person's other phones say about the person: a pause, a wrap-up, another
            -- call, the conference room.
            LEFT JOIN LATERAL (
                SELECT
                    bool_or(other.is_paused AND (other.paused_until > given_now) IS NOT FALSE)
                        AS are_paused,
                    max(COALESCE(other.paused_until, 'infinity'))
                        FILTER (WHERE other.is_paused) AS paused_others,
                    max(other.unavailable_until)
                        FILTER (WHERE other.unavailable_reason = 'in the conference room')
                        AS in_conference_until,
                    max(other.wrap_up_until) AS resting_until,
                    max(other.provider_busy_until)
                        FILTER (WHERE other.provider_busy_as <> 'logged out') AS busy_until
                FROM callbacks_extension other
                WHERE other.user_id = extension.user_id AND other.id <> extension.id
                    AND other.is_active AND EXISTS (
                        SELECT FROM callbacks_team its
                        WHERE its.id = other.team_id AND its.is_active
                    )
            ) others ON extension.user_id IS NOT NULL
            OFFSET 0  -- the reason is worked out once for each row, not once for each use
        ) seen;
        looked := looked || look.extensions;
    END LOOP;

    -- 7. The attempt, and the lead, which repeats the details of its newest attempt.
    INSERT INTO callbacks_callattempt (
        public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
        claimed_at, sent_at, hold_until, call_id, error_message, failure_reason, recording_url,
        routing_trace, salesperson_id
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
        ),
        the_extension.user_id
    )
    RETURNING id, public_id, extension_id, extension_number, phone, salesperson_id, claimed_at
    INTO attempt_id, attempt_public_id, called_extension, called_number, called_phone,
        called_salesperson, was_claimed_at;
    called_kind := the_extension.kind;
    UPDATE leads_lead SET status = 'calling', attempts = leads_lead.attempts + 1,
        call_id = '', error_code = NULL, error_message = ''
    WHERE id = the_lead.id;

    -- 8. The extension's place: rules.position_at_claim.
    --    By the team's strategy as it is now. A change of the strategy locks the extensions as it
    --    writes their new places, so it comes before or after this claim, and places never mix.
    SELECT team.strategy INTO strategy FROM callbacks_team team
    WHERE team.id = the_extension.team_id;
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
            AND NOT EXISTS (
                SELECT FROM callbacks_callattempt live
                WHERE live.salesperson_id = extension.user_id
                    AND live.ended_at IS NULL OFFSET 0
            )
            AND NOT EXISTS (
                SELECT FROM callbacks_extension other
                WHERE other.user_id = extension.user_id AND other.id <> extension.id
                    AND other.is_active AND EXISTS (
                        SELECT FROM callbacks_team its
                        WHERE its.id = other.team_id AND its.is_active
                    ) AND (
                        other.is_paused AND (other.paused_until > given_now) IS NOT FALSE
                        OR other.wrap_up_until > given_now
                        OR other.provider_busy_until > given_now
                            AND other.provider_busy_as <> 'logged out'
                        OR other.unavailable_until > given_now
                            AND other.unavailable_reason = 'in the conference room'
                    )
                OFFSET 0
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
