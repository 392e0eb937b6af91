-- The spending limits: counts each call when it is sent, and refuses a call that would exceed one.
--
-- Runs in psql as it stands. A migration installs it; a changed text gets new names (_v2).
--
-- A call is counted when its attempt's `sent_at` is set: by the claim that writes the attempt, or by
-- the worker that takes on an attempt from another process. Both are short transactions of their
-- own. They lock the rows of the counts last, and no transaction locks anything after these rows, so
-- waiting for them is safe: two workers that reach the last call of an hour come one after the
-- other, and the second is refused. Its transaction ends with the error `spend_limit_reached`, and
-- nothing was reserved.

-- Which country's limit a call to this number uses, and its estimated cost.
CREATE OR REPLACE FUNCTION callbacks_price_v1(
    given_phone text,
    OUT its_country text,
    OUT its_cost numeric
) LANGUAGE plpgsql STABLE AS $price$
DECLARE
    minutes CONSTANT numeric := 3;  -- callbacks.models.spending.MINUTES
BEGIN
    SELECT price.country, price.set_up + price.per_minute * minutes INTO its_country, its_cost
    FROM callbacks_callprice price
    WHERE starts_with(given_phone, price.prefix)
    ORDER BY length(price.prefix) DESC LIMIT 1;
    its_country := COALESCE(its_country, '');
    IF its_cost IS NULL THEN
        SELECT COALESCE(max(price.set_up + price.per_minute * minutes), 0) INTO its_cost
        FROM callbacks_callprice price;
    END IF;
END
$price$;

-- The limits that a call of this source to this country uses, with the hour and the day of
-- `given_at`, always in the same order.
CREATE OR REPLACE FUNCTION callbacks_limits_of_v1(
    given_source bigint,
    given_country text,
    given_at timestamptz
) RETURNS TABLE (
    limit_id bigint, span text, began_at timestamptz, most_calls bigint, most_cost numeric
) LANGUAGE sql STABLE AS $limits$
    SELECT limits.id, spans.span,
        date_trunc(spans.span, given_at AT TIME ZONE limits.time_zone) AT TIME ZONE limits.time_zone,
        CASE spans.span WHEN 'hour' THEN limits.calls_an_hour ELSE limits.calls_a_day END,
        CASE spans.span WHEN 'hour' THEN limits.cost_an_hour ELSE limits.cost_a_day END
    FROM callbacks_spendlimit limits CROSS JOIN (VALUES ('day'), ('hour')) spans (span)
    WHERE limits.scope = 'all'
        OR limits.scope = 'source' AND limits.source_id = given_source
        OR limits.scope = 'country' AND limits.country = given_country
    ORDER BY limits.id, spans.span
$limits$;

-- The trigger: counts the call, or refuses it.
CREATE OR REPLACE FUNCTION callbacks_spend_v1() RETURNS trigger LANGUAGE plpgsql AS $spend$
DECLARE
    call record;
    the_source bigint;
    the_limit record;
    so_far record;
BEGIN
    SELECT price.its_country, price.its_cost INTO call FROM callbacks_price_v1(NEW.phone) price;
    SELECT lead.source_id INTO the_source FROM leads_lead lead WHERE lead.id = NEW.lead_id;
    FOR the_limit IN
        SELECT * FROM callbacks_limits_of_v1(the_source, call.its_country, NEW.sent_at)
    LOOP
        INSERT INTO callbacks_spendcount AS counted (limit_id, span, began_at, calls, cost, opened)
        VALUES (the_limit.limit_id, the_limit.span, the_limit.began_at, 1, call.its_cost, 0)
        ON CONFLICT (limit_id, span) DO UPDATE SET
            -- A worker whose clock is a little behind counts into the hour that has begun.
            began_at = GREATEST(counted.began_at, EXCLUDED.began_at),
            calls = 1 + CASE WHEN counted.began_at < EXCLUDED.began_at THEN 0
                ELSE counted.calls END,
            cost = EXCLUDED.cost + CASE WHEN counted.began_at < EXCLUDED.began_at THEN 0
                ELSE counted.cost END,
            opened = CASE WHEN counted.began_at < EXCLUDED.began_at THEN 0
                ELSE counted.opened END
        RETURNING calls, cost, opened INTO so_far;
        IF so_far.calls > the_limit.most_calls * (1 + so_far.opened)
            OR so_far.cost > the_limit.most_cost * (1 + so_far.opened)
        THEN
            RAISE EXCEPTION 'A spending limit is reached.' USING
                ERRCODE = 'check_violation', CONSTRAINT = 'spend_limit_reached',
                TABLE = 'callbacks_spendlimit', DETAIL = the_limit.limit_id;
        END IF;
    END LOOP;
    RETURN NULL;
END
$spend$;

-- Uncounts a call that turned out not to have been made, in its hour and in its day, each only if
-- it is not yet over.
CREATE OR REPLACE FUNCTION callbacks_unspend_v1(
    given_source bigint,
    given_phone text,
    given_sent_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $unspend$
DECLARE
    call record;
    the_limit record;
BEGIN
    SELECT price.its_country, price.its_cost INTO call FROM callbacks_price_v1(given_phone) price;
    FOR the_limit IN
        SELECT * FROM callbacks_limits_of_v1(given_source, call.its_country, given_sent_at)
    LOOP
        UPDATE callbacks_spendcount counted
        SET calls = GREATEST(counted.calls - 1, 0), cost = GREATEST(counted.cost - call.its_cost, 0)
        WHERE counted.limit_id = the_limit.limit_id AND counted.span = the_limit.span
            AND counted.began_at = the_limit.began_at;
    END LOOP;
END
$unspend$;

DROP TRIGGER IF EXISTS call_is_counted_as_it_is_written ON callbacks_callattempt;
CREATE TRIGGER call_is_counted_as_it_is_written AFTER INSERT ON callbacks_callattempt
    FOR EACH ROW WHEN (NEW.sent_at IS NOT NULL) EXECUTE FUNCTION callbacks_spend_v1();

DROP TRIGGER IF EXISTS call_is_counted_as_it_is_taken_on ON callbacks_callattempt;
CREATE TRIGGER call_is_counted_as_it_is_taken_on AFTER UPDATE OF sent_at ON callbacks_callattempt
    FOR EACH ROW WHEN (OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL)
    EXECUTE FUNCTION callbacks_spend_v1();
