-- Counts a call by its real minutes once its record tells them, instead of the minutes that it was
-- assumed to last (spend.sql), in its hour and in its day, each only if it is not yet over.
--
-- Runs in psql as it stands. A migration installs it; a changed text gets new names (_v2). It
-- locks only the counts: call it in a transaction that locks nothing else.

-- What a call to this number costs if it lasts so many minutes.
CREATE OR REPLACE FUNCTION callbacks_cost_v1(given_phone text, given_minutes numeric)
RETURNS numeric LANGUAGE sql STABLE AS $cost$
    SELECT COALESCE(
        (
            SELECT price.set_up + price.per_minute * given_minutes
            FROM callbacks_callprice price
            WHERE starts_with(given_phone, price.prefix)
            ORDER BY length(price.prefix) DESC LIMIT 1
        ),
        (SELECT max(price.set_up + price.per_minute * given_minutes)
            FROM callbacks_callprice price),
        0
    )
$cost$;

-- Returns how much more the call cost; negative if it cost less.
CREATE OR REPLACE FUNCTION callbacks_recount_v1(
    given_attempt bigint,
    given_counted numeric,
    given_minutes numeric
) RETURNS numeric LANGUAGE plpgsql AS $recount$
DECLARE
    call record;
    more numeric;
    the_limit record;
BEGIN
    SELECT attempt.phone, attempt.sent_at, lead.source_id INTO call
    FROM callbacks_callattempt attempt JOIN leads_lead lead ON lead.id = attempt.lead_id
    WHERE attempt.id = given_attempt AND attempt.sent_at IS NOT NULL;
    more := callbacks_cost_v1(call.phone, given_minutes)
        - callbacks_cost_v1(call.phone, given_counted);
    IF call.sent_at IS NULL OR more = 0 THEN
        RETURN 0;
    END IF;
    FOR the_limit IN
        SELECT its.* FROM callbacks_price_v1(call.phone) price,
            callbacks_limits_of_v1(call.source_id, price.its_country, call.sent_at) its
        ORDER BY its.limit_id, its.span
    LOOP
        UPDATE callbacks_spendcount counted SET cost = GREATEST(counted.cost + more, 0)
        WHERE counted.limit_id = the_limit.limit_id AND counted.span = the_limit.span
            AND counted.began_at = the_limit.began_at;
    END LOOP;
    RETURN more;
END
$recount$;
