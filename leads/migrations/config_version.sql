-- Every change of the configuration, however it is made, writes a new version to leads_setupversion
-- in the same transaction. Processes that keep the configuration in memory then know that theirs is
-- old (leads.config_cache). The triggers of the app callbacks are in
-- callbacks/migrations/config_version.sql.

CREATE FUNCTION leads_setup_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_setupversion (id, version) VALUES (1, gen_random_uuid())
        ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version;
        RETURN NULL;
    END $$;

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_leadsource
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();

-- A new database has a version too.
INSERT INTO leads_setupversion (id, version) VALUES (1, gen_random_uuid());
