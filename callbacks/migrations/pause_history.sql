-- Writes the history of pauses, callbacks_pause, in the same statement that changes an extension,
-- however the change is made. The extension's row is locked meanwhile, so its pauses never overlap.

CREATE FUNCTION callbacks_note_pause() RETURNS trigger LANGUAGE plpgsql AS $note$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    -- A pause that ended by itself ended at `until`. LEAST ignores NULL.
    UPDATE callbacks_pause
    SET ended_at = GREATEST(began_at, LEAST(until, moment))
    WHERE extension_id = NEW.id AND ended_at IS NULL;
    IF NEW.is_paused AND (NEW.paused_until > moment) IS NOT FALSE THEN
        INSERT INTO callbacks_pause (
            extension_id, salesperson_id, kind, made_by_id, reason, began_at, until
        )
        VALUES (
            NEW.id, NEW.user_id,
            CASE
                WHEN NEW.paused_as <> 'person' THEN NEW.paused_as
                WHEN NEW.paused_by_id = NEW.user_id THEN 'own'
                ELSE 'manager'
            END,
            NEW.paused_by_id, NEW.pause_reason, moment, NEW.paused_until
        );
    END IF;
    RETURN NULL;
END
$note$;

CREATE TRIGGER pause_begun AFTER INSERT ON callbacks_extension
    FOR EACH ROW WHEN (NEW.is_paused) EXECUTE FUNCTION callbacks_note_pause();

-- A claim writes other columns, so it does not cause this.
CREATE TRIGGER pause_changed
    AFTER UPDATE OF is_paused, paused_until, pause_reason, user_id ON callbacks_extension
    FOR EACH ROW
    WHEN (
        (OLD.is_paused, OLD.paused_until, OLD.pause_reason)
            IS DISTINCT FROM (NEW.is_paused, NEW.paused_until, NEW.pause_reason)
        OR NEW.is_paused AND OLD.user_id IS DISTINCT FROM NEW.user_id
    )
    EXECUTE FUNCTION callbacks_note_pause();

-- The history begins now. It is not known when the present pauses began.
INSERT INTO callbacks_historystart (what, since) VALUES ('pauses', now());
INSERT INTO callbacks_pause (extension_id, salesperson_id, kind, reason, began_at, until)
SELECT id, user_id, '', pause_reason, now(), paused_until FROM callbacks_extension
WHERE is_paused AND (paused_until > now()) IS NOT FALSE;
