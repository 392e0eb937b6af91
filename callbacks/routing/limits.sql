-- An extension's limit of calls a day and its wrap-up: until when each keeps it from being rung.
--
-- Written at the end of each call (callbacks.routing.rotation), and by the triggers below when a
-- manager changes a cap, a wrap-up, an extension's team, a team's schedule or a time zone. So a
-- change takes effect at once, whether it raises or lowers a limit, and however it is made. Runs in
-- psql as it stands; a migration installs it.
--
-- A day is a day in the time zone of the team's hours. For a team that is open round the clock, or
-- whose zone is unknown, it is a day in the setting TIME_ZONE, which each connection of the product
-- sets.

CREATE OR REPLACE FUNCTION callbacks_limits_v1(
    given_extension bigint,
    given_team bigint,
    given_cap int,      -- the extension's own; NULL: its team's
    given_wrap_up int,  -- likewise, in seconds
    given_now timestamptz
) RETURNS TABLE (capped_until timestamptz, wrap_up_until timestamptz)
LANGUAGE plpgsql STABLE AS $limits$
DECLARE
    -- Outcomes of calls that did not ring the salesperson: rules.rang_the_salesperson.
    did_not_ring CONSTANT text[] :=
        '{offline,blocked,invalid,misconfigured,provider_error,not_sent,agent_unreached}';
    usual_zone CONSTANT text := COALESCE(
        NULLIF(current_setting('callbacks.time_zone', true), ''), current_setting('TimeZone')
    );
    team record;
    midnight timestamptz;
    tomorrow timestamptz;
BEGIN
    SELECT COALESCE(given_cap, sales.daily_cap) AS cap,
        COALESCE(given_wrap_up, sales.wrap_up) AS wrap_up,
        COALESCE(schedule.time_zone, usual_zone) AS zone
    INTO team
    FROM callbacks_team sales LEFT JOIN callbacks_schedule schedule ON schedule.id = sales.schedule_id
    WHERE sales.id = given_team;

    IF team.cap IS NOT NULL THEN
        BEGIN
            midnight := date_trunc('day', given_now AT TIME ZONE team.zone) AT TIME ZONE team.zone;
        EXCEPTION WHEN invalid_parameter_value THEN
            team.zone := usual_zone;
            midnight := date_trunc('day', given_now AT TIME ZONE team.zone) AT TIME ZONE team.zone;
        END;
        tomorrow := date_trunc('day', (given_now AT TIME ZONE team.zone) + interval '1 day')
            AT TIME ZONE team.zone;
        SELECT CASE WHEN count(*) >= team.cap THEN tomorrow END INTO capped_until
        FROM callbacks_callattempt
        WHERE extension_id = given_extension AND claimed_at >= midnight AND kind = 'call'
            AND outcome <> ALL (did_not_ring);
    END IF;

    IF team.wrap_up > 0 THEN
        SELECT ended_at + make_interval(secs => team.wrap_up) INTO wrap_up_until
        FROM callbacks_callattempt
        WHERE extension_id = given_extension AND ended_at IS NOT NULL AND kind = 'call'
            AND outcome <> ALL (did_not_ring)
        ORDER BY claimed_at DESC LIMIT 1;
    END IF;
    RETURN NEXT;
END
$limits$;

CREATE OR REPLACE FUNCTION callbacks_extension_limits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT limits.capped_until, limits.wrap_up_until INTO NEW.capped_until, NEW.wrap_up_until
        FROM callbacks_limits_v1(NEW.id, NEW.team_id, NEW.daily_cap, NEW.wrap_up, now()) limits;
        RETURN NEW;
    END $$;

CREATE OR REPLACE FUNCTION callbacks_team_limits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE callbacks_extension extension SET (capped_until, wrap_up_until) = (
            SELECT limits.capped_until, limits.wrap_up_until FROM callbacks_limits_v1(
                extension.id, extension.team_id, extension.daily_cap, extension.wrap_up, now()
            ) limits
        )
        WHERE team_id IN (
            SELECT id FROM callbacks_team
            WHERE CASE TG_TABLE_NAME WHEN 'callbacks_team' THEN id ELSE schedule_id END = NEW.id
        );
        RETURN NULL;
    END $$;

CREATE OR REPLACE TRIGGER limits_changed
    BEFORE UPDATE OF daily_cap, wrap_up, team_id ON callbacks_extension
    FOR EACH ROW WHEN (
        (OLD.daily_cap, OLD.wrap_up, OLD.team_id)
            IS DISTINCT FROM (NEW.daily_cap, NEW.wrap_up, NEW.team_id)
    ) EXECUTE FUNCTION callbacks_extension_limits();

CREATE OR REPLACE TRIGGER limits_changed
    AFTER UPDATE OF daily_cap, wrap_up, schedule_id ON callbacks_team
    FOR EACH ROW WHEN (
        (OLD.daily_cap, OLD.wrap_up, OLD.schedule_id)
            IS DISTINCT FROM (NEW.daily_cap, NEW.wrap_up, NEW.schedule_id)
    ) EXECUTE FUNCTION callbacks_team_limits();

CREATE OR REPLACE TRIGGER limits_changed AFTER UPDATE OF time_zone ON callbacks_schedule
    FOR EACH ROW WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)
    EXECUTE FUNCTION callbacks_team_limits();
