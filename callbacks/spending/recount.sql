-- Corrects what spend.sql has counted, in the call's hour and in its day, each only if it is not yet
-- over: by the call's real minutes once its record tells them, and for a call that was not made after
-- all.
--
-- Runs in psql as it stands. A migration installs it; a changed text gets new names (_v3). It locks
-- one attempt and then only the counts: call it in a transaction that locks nothing else.

-- Adds to the counts of these limits, for the hour and the day that `given_at` is in.
CREATE OR REPLACE FUNCTION callbacks_add_to_counts_v2(
    given_limits bigint[],
    given_at timestamptz,
    given_calls integer,
    given_cost numeric
) RETURNS void LANGUAGE plpgsql AS $add$
DECLARE
    the_limit record;
BEGIN
    FOR the_limit IN SELECT * FROM callbacks_spans_v2(given_limits, given_at) LOOP
        UPDATE callbacks_spendcount counted
        SET calls = GREATEST(counted.calls + given_calls, 0),
            cost = GREATEST(counted.cost + given_cost, 0)
        WHERE counted.limit_id = the_limit.limit_id AND counted.span = the_limit.span
            AND counted.began_at = the_limit.began_at;
    END LOOP;
END
$add$;

-- The call lasted `given_minutes`, not the minutes by which it is counted. A call that was believed
-- not to be made, but was made, is counted again. Returns how much more it cost; negative if it cost
-- less.
CREATE OR REPLACE FUNCTION callbacks_recount_v2(
    given_attempt bigint,
    given_counted numeric,
    given_minutes numeric
) RETURNS numeric LANGUAGE plpgsql AS $recount$
DECLARE
    call record;
    is_new integer := 1;
    more numeric;
BEGIN
    UPDATE callbacks_callattempt attempt SET is_uncounted = false
    WHERE attempt.id = given_attempt AND attempt.is_uncounted
    RETURNING attempt.sent_at, attempt.counted_limits, attempt.counted_set_up,
        attempt.counted_per_minute
    INTO call;
    IF FOUND THEN
        more := call.counted_set_up + call.counted_per_minute * given_minutes;
    ELSE
        is_new := 0;
        SELECT attempt.sent_at, attempt.counted_limits, attempt.counted_per_minute INTO call
        FROM callbacks_callattempt attempt WHERE attempt.id = given_attempt;
        more := call.counted_per_minute * (given_minutes - given_counted);
    END IF;
    IF more IS NULL OR is_new = 0 AND more = 0 THEN
        RETURN 0;
    END IF;
    PERFORM callbacks_add_to_counts_v2(call.counted_limits, call.sent_at, is_new, more);
    RETURN more;
END
$recount$;

-- A call, counted by so many minutes, turned out not to have been made. Uncounts it once.
CREATE OR REPLACE FUNCTION callbacks_unspend_v2(given_attempt bigint, given_counted numeric)
RETURNS void LANGUAGE plpgsql AS $unspend$
DECLARE
    call record;
BEGIN
    UPDATE callbacks_callattempt attempt SET is_uncounted = true
    WHERE attempt.id = given_attempt AND attempt.sent_at IS NOT NULL AND NOT attempt.is_uncounted
    RETURNING attempt.sent_at, attempt.counted_limits, attempt.counted_set_up,
        attempt.counted_per_minute
    INTO call;
    IF FOUND THEN
        PERFORM callbacks_add_to_counts_v2(
            call.counted_limits, call.sent_at, -1,
            -(call.counted_set_up + call.counted_per_minute * given_counted)
        );
    END IF;
END
$unspend$;
