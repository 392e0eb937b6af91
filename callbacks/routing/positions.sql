-- Places in the queue after a team changed its strategy, or an extension its team. Where places are
-- times, the extension that was called last stays last; where they are turns, all start again from 0.
-- Triggers keep times from mixing with turns, however the change is made. Runs in psql as it stands;
-- a migration installs it. callbacks.routing.rules says how a call changes the place.

CREATE OR REPLACE FUNCTION callbacks_first_place(given_team bigint, last_called_at timestamptz)
RETURNS double precision LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN strategy IN ('weighted', 'fair') THEN 0
        ELSE COALESCE(EXTRACT(epoch FROM last_called_at), 0) END
    FROM callbacks_team WHERE id = given_team
$$;

CREATE OR REPLACE FUNCTION callbacks_another_team() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.queue_position := callbacks_first_place(NEW.team_id, NEW.last_called_at);
        RETURN NEW;
    END $$;

CREATE OR REPLACE FUNCTION callbacks_another_strategy() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE callbacks_extension
        SET queue_position = callbacks_first_place(team_id, last_called_at)
        WHERE team_id = NEW.id;
        RETURN NULL;
    END $$;

CREATE OR REPLACE TRIGGER team_changed BEFORE UPDATE OF team_id ON callbacks_extension
    FOR EACH ROW WHEN (OLD.team_id IS DISTINCT FROM NEW.team_id)
    EXECUTE FUNCTION callbacks_another_team();

CREATE OR REPLACE TRIGGER strategy_changed AFTER UPDATE OF strategy ON callbacks_team
    FOR EACH ROW WHEN (OLD.strategy IS DISTINCT FROM NEW.strategy)
    EXECUTE FUNCTION callbacks_another_strategy();
