-- Keeps each wait that ends after the lead's due time, divided by reason (leads.models.LateWait).
-- Each transition that ends a wait adds it to the columns waited_*: what was added is the wait.
-- Replaces late_waits.sql, which knew neither spending limits nor held leads. The condition is in
-- the trigger's WHEN, so no other update calls the function.

DROP TRIGGER late_wait_kept ON leads_lead;

CREATE OR REPLACE FUNCTION leads_late_wait_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_latewait (lead_id, began_at, at_rest, call_after,
            waited_chosen, waited_retry, waited_closed, waited_extension, waited_limit, waited_held)
        VALUES (
            NEW.id,
            -- The same rule is in leads.wait_accounting.
            CASE WHEN OLD.status = 'connected' THEN OLD.connected_at
                WHEN OLD.status IN ('waiting', 'calling') THEN OLD.waiting_since
                ELSE COALESCE(OLD.closed_at, OLD.waiting_since) END,
            OLD.status NOT IN ('waiting', 'calling'),
            OLD.call_after,
            NEW.waited_chosen - OLD.waited_chosen,
            NEW.waited_retry - OLD.waited_retry,
            NEW.waited_closed - OLD.waited_closed,
            NEW.waited_extension - OLD.waited_extension,
            NEW.waited_limit - OLD.waited_limit,
            NEW.waited_held - OLD.waited_held
        );
        RETURN NULL;
    END $$;

CREATE TRIGGER late_wait_kept
    AFTER UPDATE OF waited_chosen, waited_retry, waited_closed, waited_extension, waited_limit,
        waited_held ON leads_lead
    FOR EACH ROW
    WHEN (
        CASE WHEN OLD.status = 'connected' THEN OLD.connected_at
            WHEN OLD.status IN ('waiting', 'calling') THEN OLD.waiting_since
            ELSE COALESCE(OLD.closed_at, OLD.waiting_since) END
        + (NEW.waited_chosen + NEW.waited_retry + NEW.waited_closed + NEW.waited_extension
            + NEW.waited_limit + NEW.waited_held
            - OLD.waited_chosen - OLD.waited_retry - OLD.waited_closed - OLD.waited_extension
            - OLD.waited_limit - OLD.waited_held)
            > LEAST(OLD.due_at, NEW.due_at)
        AND (NEW.waited_chosen, NEW.waited_retry, NEW.waited_closed, NEW.waited_extension,
            NEW.waited_limit, NEW.waited_held)
            IS DISTINCT FROM
            (OLD.waited_chosen, OLD.waited_retry, OLD.waited_closed, OLD.waited_extension,
            OLD.waited_limit, OLD.waited_held)
    )
    EXECUTE FUNCTION leads_late_wait_kept();
