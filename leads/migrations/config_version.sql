-- Every change of the configuration gives leads_setupversion a new version in the same transaction,
-- whichever way it is made; processes that keep the configuration in memory see that theirs is old
-- (leads.config_cache). callbacks/migrations/config_version.sql has the triggers of its own tables.

CREATE FUNCTION leads_setup_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_setupversion (id, version) VALUES (1, gen_random_uuid())
        ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version;
        RETURN NULL;
    END $$;

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_leadsource
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

-- There is a version from the first day.
INSERT INTO leads_setupversion (id, version) VALUES (1, gen_random_uuid());
