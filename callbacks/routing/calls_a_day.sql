-- How often, at most, a number may be called within 24 hours for a lead of a source.
--
-- The smallest of three: the setting CALLS_A_DAY, the source's own bound, and the bounds of the
-- active teams that answer the source. Used by the claim (claim.sql) and
-- callbacks.routing.number_limits; in Python: callbacks.policy.number_bounds.narrowed. Runs in psql
-- as it stands; a migration installs it.

CREATE OR REPLACE FUNCTION callbacks_calls_a_day_v1(given_source bigint, given_setting bigint)
RETURNS bigint LANGUAGE plpgsql STABLE AS $calls$
BEGIN
    RETURN LEAST(  -- LEAST ignores NULL, which means: no limit of its own
        given_setting,
        (SELECT source.calls_a_day FROM leads_leadsource source WHERE source.id = given_source),
        (
            SELECT min(team.calls_a_day)
            FROM callbacks_team_sources answered
            JOIN callbacks_team team ON team.id = answered.team_id AND team.is_active
            WHERE answered.leadsource_id = given_source
        )
    );
END
$calls$;
