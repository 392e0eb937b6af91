from django.conf import settings
from django.db import migrations, models


# PostgreSQL kept the names of the checks that positive numbers bring along (0012).
CHECKS = [
    ("callbacks_team_sources", "steps_in_after", "overflow_after"),
    ("callbacks_team", "owner_days", "sticky_agent_days"),
    ("callbacks_team", "owner_wait", "sticky_agent_wait"),
    ("callbacks_team", "rest", "wrap_up"),
    ("callbacks_extension", "rest", "wrap_up"),
]
# Claims of earlier versions, named by a checksum, read columns that have other names now.
DROP_EARLIER_CLAIMS = """
    DO $$
    DECLARE earlier regproc;
    BEGIN
        FOR earlier IN
            SELECT oid FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace
                AND proname ~ '^callbacks_claim_[0-9a-f]{8}$'
        LOOP
            EXECUTE format('DROP FUNCTION %s', earlier);
        END LOOP;
    END $$;
"""


def rename_check(table, old, new):
    rename = f"ALTER TABLE {table} RENAME CONSTRAINT {table}_%s_check TO {table}_%s_check"
    return migrations.RunSQL(rename % (old, new), rename % (new, old))


class Migration(migrations.Migration):
    """Constraints say in plain conditions what they refuse; names follow the columns."""

    dependencies = [
        ('callbacks', '0014_attempt_outcome'),
        ('leads', '0011_plain_constraints'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_state_known',
        ),
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_call_has_an_extension',
        ),
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_ended_has_a_time',
        ),
        migrations.RemoveConstraint(
            model_name='extension',
            name='extension_number_form',
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('extension__isnull', False), ('kind', 'call')), models.Q(('extension__isnull', True), ('kind', 'message')), _connector='OR'), name='attempt_call_has_an_extension'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['dialing', 'accepted', 'unknown', 'not_sent', 'refused', 'bridged', 'played', 'agent_no_answer', 'lead_no_answer', 'ended', 'never_placed'])), name='attempt_state_known'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ('dialing', 'accepted', 'unknown'))), models.Q(models.Q(('state__in', ('dialing', 'accepted', 'unknown')), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='attempt_ended_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.CheckConstraint(condition=models.Q(('number__regex', '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'), models.Q(models.Q(('kind', 'phone'), _negated=True), ('number__regex', '^[1-9][0-9]{6,14}$'), _connector='OR')), name='extension_number_form'),
        ),
        *(rename_check(*names) for names in CHECKS),
        migrations.RunSQL(DROP_EARLIER_CLAIMS, migrations.RunSQL.noop),
    ]
