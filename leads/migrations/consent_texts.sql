-- Visitors agree to a consent text, so no UPDATE changes one, except to withdraw it, once, or to
-- change who added it. Each new or withdrawn text gives the configuration a new version
-- (config_version.sql).

CREATE FUNCTION leads_consent_text_stays_v1() RETURNS trigger LANGUAGE plpgsql AS $stays$
BEGIN
    IF to_jsonb(NEW) - '{withdrawn_at,added_by_id}'::text[]
            IS DISTINCT FROM to_jsonb(OLD) - '{withdrawn_at,added_by_id}'::text[]
        OR (OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at)
    THEN
        RAISE EXCEPTION 'consent_text_never_changes' USING
            HINT = 'Another text is another version: add it, and withdraw this one.';
    END IF;
    RETURN NEW;
END
$stays$;

CREATE TRIGGER stays BEFORE UPDATE ON leads_consenttext
    FOR EACH ROW EXECUTE FUNCTION leads_consent_text_stays_v1();

CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON leads_consenttext
    FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed();
