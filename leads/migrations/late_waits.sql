-- Keeps each wait that ends after the lead's due time, divided by reason (leads.models.LateWait).
-- Each transition that ends a wait adds it to the columns waited_*: what was added is the wait.
-- The condition is in the trigger's WHEN, so no other update calls the function.

CREATE FUNCTION leads_late_wait_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO leads_latewait (lead_id, began_at, at_rest, call_after,
            waited_chosen, waited_retry, waited_closed, waited_extension)
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
            NEW.waited_extension - OLD.waited_extension
        );
        RETURN NULL;
    END $$;

CREATE TRIGGER late_wait_kept
    AFTER UPDATE OF waited_chosen, waited_retry, waited_closed, waited_extension ON leads_lead
    FOR EACH ROW
    WHEN (
        CASE WHEN OLD.status = 'connected' THEN OLD.connected_at
            WHEN OLD.status IN ('waiting', 'calling') THEN OLD.waiting_since
            ELSE COALESCE(OLD.closed_at, OLD.waiting_since) END
        + (NEW.waited_chosen + NEW.waited_retry + NEW.waited_closed + NEW.waited_extension
            - OLD.waited_chosen - OLD.waited_retry - OLD.waited_closed - OLD.waited_extension)
            > LEAST(OLD.due_at, NEW.due_at)
        AND (NEW.waited_chosen, NEW.waited_retry, NEW.waited_closed, NEW.waited_extension)
            IS DISTINCT FROM
            (OLD.waited_chosen, OLD.waited_retry, OLD.waited_closed, OLD.waited_extension)
    )
    EXECUTE FUNCTION leads_late_wait_kept();
