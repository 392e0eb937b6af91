-- The audit: who changed what. Triggers write one table, callbacks_auditentry.
--
-- Runs in psql as it is. A migration installs it; changed functions need new names (_v2).
--
-- A trigger sees every way of changing a row: a form, an action on many, a task, a command, SQL typed
-- by hand. The program says who acts, in the transaction's setting `callbacks.acting`
-- (callbacks/audit/acting.py). No value of a visitor is kept: a hidden column only says that it
-- changed.

-- Returns the columns in which two rows differ, with their values in the first row.
CREATE FUNCTION callbacks_audit_differing_v1(
    given_row jsonb, other_row jsonb, hidden text[], ignored text[]
) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $differing$
    SELECT COALESCE(
        jsonb_object_agg(
            key,
            CASE WHEN key = ANY (hidden) THEN '{"hidden": true}'::jsonb ELSE value END
        ),
        '{}'
    )
    FROM jsonb_each(given_row)
    WHERE key <> 'id' AND key <> ALL (ignored) AND value IS DISTINCT FROM other_row -> key
$differing$;

-- Adds an entry by whoever acts in this transaction, or by `given_user` if it is given.
CREATE FUNCTION callbacks_audit_add_v1(
    given_act text, given_kind text, given_id text, given_name text,
    given_before jsonb, given_after jsonb,
    given_user bigint DEFAULT NULL, given_log_entry bigint DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $add$
DECLARE
    acting CONSTANT jsonb :=
        COALESCE(NULLIF(current_setting('callbacks.acting', true), ''), '{}')::jsonb;
    the_user CONSTANT bigint := COALESCE(given_user, (acting ->> 'user')::bigint);
BEGIN
    INSERT INTO callbacks_auditentry (
        at, user_id, username, address, way, act, kind, thing_id, thing_name, before, after,
        log_entry_id
    )
    VALUES (
        clock_timestamp(), the_user,
        COALESCE((SELECT username FROM auth_user WHERE id = the_user), acting ->> 'name', ''),
        (acting ->> 'address')::inet, COALESCE(acting ->> 'way', ''),
        given_act, given_kind, given_id, left(given_name, 100), given_before, given_after,
        given_log_entry
    );
END
$add$;

-- The trigger of a table of settings or rights. Its arguments: columns whose values are hidden, and
-- columns that are ignored, each separated by spaces.
CREATE FUNCTION callbacks_audit_v1() RETURNS trigger LANGUAGE plpgsql AS $audit$
DECLARE
    hidden CONSTANT text[] := string_to_array(COALESCE(TG_ARGV[0], ''), ' ');
    ignored CONSTANT text[] := string_to_array(COALESCE(TG_ARGV[1], ''), ' ');
    earlier CONSTANT jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    later CONSTANT jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    its_before CONSTANT jsonb := callbacks_audit_differing_v1(earlier, later, hidden, ignored);
    its_after CONSTANT jsonb := callbacks_audit_differing_v1(later, earlier, hidden, ignored);
    named CONSTANT jsonb := (earlier || later) - hidden;
BEGIN
    IF its_before = '{}' AND its_after = '{}' THEN
        RETURN NULL;
    END IF;
    PERFORM callbacks_audit_add_v1(
        CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
        TG_TABLE_NAME,
        named ->> 'id',
        COALESCE(NULLIF(named ->> 'name', ''), named ->> 'username', named ->> 'number',
            named ->> 'prefix', ''),
        its_before, its_after
    );
    RETURN NULL;
END
$audit$;

-- The trigger of Django's log of what was done in the admin and at the desk: "Call now", "Released".
-- A form's change to a table with the trigger above already has an entry, with its values. The
-- sentence is not copied: it may quote somebody, and an erasure finds it only in Django's log.
CREATE FUNCTION callbacks_audit_act_v1() RETURNS trigger LANGUAGE plpgsql AS $act$
DECLARE
    its_kind text;
    of_a_form CONSTANT boolean := starts_with(NEW.change_message, '[')
        OR NEW.change_message = '';
BEGIN
    SELECT app_label || '_' || model INTO its_kind
    FROM django_content_type WHERE id = NEW.content_type_id;
    IF of_a_form AND EXISTS (
        SELECT FROM pg_trigger
        WHERE tgname = 'audit' AND tgrelid = to_regclass(its_kind)
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM callbacks_audit_add_v1(
        CASE
            WHEN NOT of_a_form THEN 'done'
            WHEN NEW.action_flag = 1 THEN 'added'
            WHEN NEW.action_flag = 2 THEN 'changed'
            ELSE 'deleted'
        END,
        COALESCE(its_kind, ''), COALESCE(NEW.object_id, ''), '', '{}', '{}',
        NEW.user_id, NEW.id
    );
    RETURN NULL;
END
$act$;

-- Entries are never changed, and may be deleted only when they are at least a year old.
CREATE FUNCTION callbacks_audit_stays_v1() RETURNS trigger LANGUAGE plpgsql AS $stays$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_is_append_only' USING
        HINT = 'An entry of the audit is never changed, and not deleted in its first year.';
END
$stays$;

-- Deletes the oldest entries, at most `given_most`; returns how many. Runs with the rights of the
-- tables' owner, since the product's own database user may not delete here (docs/deploy.md).
CREATE FUNCTION callbacks_audit_forget_v1(given_days int, given_most int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $forget$
    WITH gone AS (
        DELETE FROM callbacks_auditentry
        WHERE id IN (
            SELECT id FROM callbacks_auditentry
            WHERE at < now() - make_interval(days => GREATEST(given_days, 366))
            ORDER BY at LIMIT given_most
        )
        RETURNING 1
    )
    SELECT count(*) FROM gone
$forget$;

CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON callbacks_auditentry
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_stays_v1();

CREATE TRIGGER audit AFTER INSERT ON django_admin_log
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_act_v1();

-- --- rights -------------------------------------------------------------------------------------

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON auth_user
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('password', 'last_login');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON auth_group
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON auth_user_groups
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON auth_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON auth_group_permissions
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();

-- --- settings -----------------------------------------------------------------------------------

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_leadsource
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_disposition
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_nevercallnumber
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('phone number_hash reason');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_blockentry
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('value reason');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_team
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_team_sources
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_schedule
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_openinghours
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_scheduleexception
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('note');
-- Every call changes an extension, so only columns that a manager sets count. Pauses are in the log.
CREATE TRIGGER audit AFTER INSERT
    OR UPDATE OF kind, number, name, user_id, team_id, schedule_id, tier, weight, languages,
        daily_cap, wrap_up, is_active, logs_in
    OR DELETE ON callbacks_extension
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1(
        '',
        'is_paused paused_until pause_reason paused_as paused_by_id earlier_pause_until'
        ' earlier_pause_reason is_blocked unavailable_until unavailable_reason missed_in_a_row'
        ' wrap_up_until capped_until provider_busy_until provider_busy_as last_called_at'
        ' queue_position'
    );
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_callparameters
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_sourcemessages
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_callprice
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON callbacks_spendlimit
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
-- Calls and cost change with every call; `opened` changes only when somebody reopens a limit.
CREATE TRIGGER audit AFTER UPDATE OF opened ON callbacks_spendcount
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('', 'calls cost');

-- --- where data goes ----------------------------------------------------------------------------

CREATE TRIGGER audit AFTER INSERT ON callbacks_exportrecord
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1(
        'asked', 'ticket rows_written state started_at told_at'
    );
CREATE TRIGGER audit AFTER INSERT
    OR UPDATE OF view_id, user_id, is_on, rhythm, weekday, day_of_month, hour, zone,
        only_working_days, calendar_id, ended_by_link_at
    OR DELETE ON callbacks_reportsubscription
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1(
        'link_id', 'next_at decided_until last_sent_at not_sent'
    );
CREATE TRIGGER audit AFTER INSERT
    OR UPDATE OF name, is_active, owner_id, channel, address, url, thresholds, tells_end, timing,
        digest_minutes, digest_at, least_gap, hours, time_zone, schedule_id, secret_id
    OR DELETE ON callbacks_alertreceiver
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1(
        'secret_id', 'settled_until secret_shown_at failures stopped_at stopped_because created_at'
    );
CREATE TRIGGER audit AFTER INSERT
    OR UPDATE OF name, link_id, shows_first_names, withdrawn_at
    OR DELETE ON callbacks_wallboard
    FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('link_id', 'last_shown_at created_at');
