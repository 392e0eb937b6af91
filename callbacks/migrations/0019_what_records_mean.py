from pathlib import Path

from django.db import migrations, models


ROUTING = Path(__file__).resolve().parent.parent / "routing"


class Migration(migrations.Migration):
    """How a call ended, in finer words; a manager may stop it. The claim and the limits know them."""

    dependencies = [
        ('callbacks', '0018_first_leg_right'),
        ('leads', '0016_least_talk'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_state_known',
        ),
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_outcome_when_ended',
        ),
        migrations.AddField(
            model_name='callattempt',
            name='stopped_at',
            field=models.DateTimeField(blank=True, help_text='When a manager stopped it: nobody is to blame, and nobody calls again.', null=True, verbose_name='stopped at'),
        ),
        migrations.AlterField(
            model_name='callattempt',
            name='outcome',
            field=models.CharField(blank=True, choices=[('offline', 'extension offline'), ('blocked', 'extension blocked'), ('invalid', 'invalid parameters'), ('misconfigured', 'extension set up wrongly'), ('provider_error', 'error of the provider'), ('not_sent', 'not sent'), ('agent_no_answer', 'salesperson did not answer'), ('agent_unreached', "salesperson's phone busy or not reached"), ('lead_no_answer', 'lead did not answer'), ('lead_busy', "lead's line busy"), ('bad_number', "lead's number not reachable"), ('lead_not_rung', "lead's phone did not ring"), ('short_talk', 'answered, too short for a talk'), ('stopped', 'stopped by a manager'), ('bridged', 'they talked'), ('no_record', 'accepted, no record came'), ('never_known', 'nobody knows')], db_default='', default='', help_text='How the call ended. Empty while it is live, and for a message.', max_length=15, verbose_name='outcome'),
        ),
        migrations.AlterField(
            model_name='callattempt',
            name='state',
            field=models.CharField(choices=[('dialing', 'dialing'), ('accepted', 'accepted'), ('unknown', 'unknown'), ('not_sent', 'not sent'), ('refused', 'refused'), ('bridged', 'bridged'), ('played', 'message played'), ('agent_no_answer', 'salesperson did not answer'), ('agent_unreached', "salesperson's phone busy or not reached"), ('lead_no_answer', 'lead did not answer'), ('lead_busy', "lead's line busy"), ('bad_number', "lead's number not reachable"), ('lead_not_rung', "lead's phone did not ring"), ('short_talk', 'answered, too short for a talk'), ('stopped', 'stopped by a manager'), ('ended', 'ended, no record'), ('never_placed', 'never placed')], default='dialing', max_length=15, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['dialing', 'accepted', 'unknown', 'not_sent', 'refused', 'bridged', 'played', 'agent_no_answer', 'agent_unreached', 'lead_no_answer', 'lead_busy', 'bad_number', 'lead_not_rung', 'short_talk', 'stopped', 'ended', 'never_placed'])), name='attempt_state_known'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), models.Q(('ended_at__isnull', False), ('outcome__in', ['offline', 'blocked', 'invalid', 'misconfigured', 'provider_error', 'not_sent', 'agent_no_answer', 'agent_unreached', 'lead_no_answer', 'lead_busy', 'bad_number', 'lead_not_rung', 'short_talk', 'stopped', 'bridged', 'no_record', 'never_known'])), _connector='OR'), name='attempt_outcome_when_ended'),
        ),
        migrations.RunSQL((ROUTING / "limits.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((ROUTING / "claim.sql").read_text(), migrations.RunSQL.noop),
    ]
