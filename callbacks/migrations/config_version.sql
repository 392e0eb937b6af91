-- A change to any of these tables gives the configuration a new version. The function is in
-- leads/migrations/config_version.sql.

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON callbacks_team
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON callbacks_team_sources
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON callbacks_schedule
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON callbacks_openinghours
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON callbacks_scheduleexception
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON callbacks_callparameters
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

-- Every call changes an extension, so only columns that a manager sets count.
CREATE TRIGGER setup_changed AFTER INSERT
    OR UPDATE OF kind, number, team_id, is_active, schedule_id, languages
    OR DELETE OR TRUNCATE ON callbacks_extension
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();
