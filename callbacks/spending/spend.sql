-- The spending limits: counts each call when it is sent, and refuses a call that would exceed one.
--
-- Runs in psql as it stands. A migration installs it; a changed text gets new names (_v3).
--
-- A call is counted when its attempt's `sent_at` is set: by the claim that writes the attempt, or
-- by the worker that takes on an attempt from another process. Both are short transactions of their
-- own. They lock the rows of the counts last, and no transaction locks anything after these rows,
-- so waiting for them is safe: two workers that reach the last call of an hour come one after the
-- other, and the second is refused. Its transaction ends with the error `spend_limit_reached`, and
-- nothing was reserved.
--
-- The attempt keeps the price and the limits by which it was counted (`counted_...`). Later
-- corrections (recount.sql) use these, because prices, limits and a lead's source may have changed
-- meanwhile.

-- How many minutes a call is assumed to last until its record comes.
CREATE OR REPLACE FUNCTION callbacks_minutes_v2() RETURNS integer LANGUAGE sql IMMUTABLE
AS 'SELECT 3';  -- callbacks.models.spending.MINUTES

-- Which country's limit a call to this number uses, and the price by which it is counted: that of
-- the longest matching prefix; without one, the highest price for a call of these minutes.
CREATE OR REPLACE FUNCTION callbacks_price_v2(
    given_phone text,
    OUT its_country text,
    OUT its_set_up numeric,
    OUT its_per_minute numeric
) LANGUAGE plpgsql STABLE AS $price$
BEGIN
    SELECT price.country, price.set_up, price.per_minute
    INTO its_country, its_set_up, its_per_minute
    FROM callbacks_callprice price
    WHERE starts_with(given_phone, price.prefix)
    ORDER BY length(price.prefix) DESC LIMIT 1;
    its_country := COALESCE(its_country, '');
    IF its_per_minute IS NULL THEN
        SELECT price.set_up, price.per_minute INTO its_set_up, its_per_minute
        FROM callbacks_callprice price
        WHERE price.per_minute IS NOT NULL
        ORDER BY price.set_up + price.per_minute * callbacks_minutes_v2() DESC,
            price.per_minute DESC
        LIMIT 1;
    END IF;
    its_set_up := COALESCE(its_set_up, 0);
    its_per_minute := COALESCE(its_per_minute, 0);
END
$price$;

-- The limits that a call of this source (NULL: no source) to this country uses.
CREATE OR REPLACE FUNCTION callbacks_limits_v2(given_source bigint, given_country text)
RETURNS bigint[] LANGUAGE sql STABLE AS $limits$
    SELECT COALESCE(array_agg(limits.id ORDER BY limits.id), '{}')
    FROM callbacks_spendlimit limits
    WHERE limits.scope = 'all'
        OR limits.scope = 'source' AND limits.source_id = given_source
        OR limits.scope = 'country' AND limits.country = given_country
$limits$;

-- These limits with the hour and the day of `given_at`, always in the same order.
CREATE OR REPLACE FUNCTION callbacks_spans_v2(given_limits bigint[], given_at timestamptz)
RETURNS TABLE (
    limit_id bigint, span text, began_at timestamptz, most_calls bigint, most_cost numeric
) LANGUAGE sql STABLE AS $spans$
    SELECT limits.id, spans.span,
        date_trunc(spans.span, given_at AT TIME ZONE limits.time_zone) AT TIME ZONE limits.time_zone,
        CASE spans.span WHEN 'hour' THEN limits.calls_an_hour ELSE limits.calls_a_day END,
        CASE spans.span WHEN 'hour' THEN limits.cost_an_hour ELSE limits.cost_a_day END
    FROM callbacks_spendlimit limits CROSS JOIN (VALUES ('day'), ('hour')) spans (span)
    WHERE limits.id = ANY (given_limits)
    ORDER BY limits.id, spans.span
$spans$;

-- Counts a call of that cost for these limits, or raises the error.
CREATE OR REPLACE FUNCTION callbacks_count_v2(
    given_limits bigint[],
    given_at timestamptz,
    given_cost numeric
) RETURNS void LANGUAGE plpgsql AS $count$
DECLARE
    the_limit record;
    so_far record;
BEGIN
    FOR the_limit IN SELECT * FROM callbacks_spans_v2(given_limits, given_at) LOOP
        INSERT INTO callbacks_spendcount AS counted (limit_id, span, began_at, calls, cost, opened)
        VALUES (the_limit.limit_id, the_limit.span, the_limit.began_at, 1, given_cost, 0)
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
END
$count$;

-- The first trigger: stores on the attempt how it is counted. It locks nothing.
CREATE OR REPLACE FUNCTION callbacks_priced_v2() RETURNS trigger LANGUAGE plpgsql AS $priced$
DECLARE
    call record;
BEGIN
    SELECT * INTO call FROM callbacks_price_v2(NEW.phone);
    NEW.counted_set_up := call.its_set_up;
    NEW.counted_per_minute := call.its_per_minute;
    NEW.counted_limits := callbacks_limits_v2(
        (SELECT lead.source_id FROM leads_lead lead WHERE lead.id = NEW.lead_id), call.its_country
    );
    RETURN NEW;
END
$priced$;

-- The second trigger: counts the call, or refuses it.
CREATE OR REPLACE FUNCTION callbacks_spend_v2() RETURNS trigger LANGUAGE plpgsql AS $spend$
BEGIN
    PERFORM callbacks_count_v2(
        NEW.counted_limits, NEW.sent_at,
        NEW.counted_set_up + NEW.counted_per_minute * callbacks_minutes_v2()
    );
    RETURN NULL;
END
$spend$;

DROP TRIGGER IF EXISTS call_is_priced_as_it_is_written ON callbacks_callattempt;
CREATE TRIGGER call_is_priced_as_it_is_written BEFORE INSERT ON callbacks_callattempt
    FOR EACH ROW WHEN (NEW.sent_at IS NOT NULL) EXECUTE FUNCTION callbacks_priced_v2();

DROP TRIGGER IF EXISTS call_is_priced_as_it_is_taken_on ON callbacks_callattempt;
CREATE TRIGGER call_is_priced_as_it_is_taken_on BEFORE UPDATE OF sent_at ON callbacks_callattempt
    FOR EACH ROW WHEN (OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL)
    EXECUTE FUNCTION callbacks_priced_v2();

DROP TRIGGER IF EXISTS call_is_counted_as_it_is_written ON callbacks_callattempt;
CREATE TRIGGER call_is_counted_as_it_is_written AFTER INSERT ON callbacks_callattempt
    FOR EACH ROW WHEN (NEW.sent_at IS NOT NULL) EXECUTE FUNCTION callbacks_spend_v2();

DROP TRIGGER IF EXISTS call_is_counted_as_it_is_taken_on ON callbacks_callattempt;
CREATE TRIGGER call_is_counted_as_it_is_taken_on AFTER UPDATE OF sent_at ON callbacks_callattempt
    FOR EACH ROW WHEN (OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL)
    EXECUTE FUNCTION callbacks_spend_v2();
