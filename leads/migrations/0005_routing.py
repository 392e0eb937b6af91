import datetime
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0004_what_is_due'),
    ]

    operations = [
        migrations.AddField(
            model_name='lead',
            name='chosen_at',
            field=models.DateTimeField(blank=True, help_text='When the visitor asked to be called.', null=True),
        ),
        migrations.AddField(
            model_name='lead',
            name='closed_until',
            field=models.DateTimeField(blank=True, help_text='From then on, and until this, for opening hours.', null=True),
        ),
        migrations.AddField(
            model_name='lead',
            name='gap_until',
            field=models.DateTimeField(blank=True, help_text='Until then for its chosen time, or for the gap before another try.', null=True),
        ),
        migrations.AddField(
            model_name='lead',
            name='language',
            field=models.CharField(blank=True, db_default='', help_text="The lead's; empty: not known.", max_length=8),
        ),
        migrations.AddField(
            model_name='lead',
            name='waited_chosen',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Until the time that the visitor chose.'),
        ),
        migrations.AddField(
            model_name='lead',
            name='waited_closed',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Outside opening hours.'),
        ),
        migrations.AddField(
            model_name='lead',
            name='waited_extension',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='For a free extension.'),
        ),
        migrations.AddField(
            model_name='lead',
            name='waited_retry',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Between two tries.'),
        ),
        migrations.AddField(
            model_name='lead',
            name='waiting_since',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, help_text='Since when it has waited this time.'),
        ),
        migrations.AddField(
            model_name='leadsource',
            name='call_from',
            field=models.TimeField(blank=True, help_text="In the lead's own time zone, as its number tells it. Both empty: at any hour.", null=True, verbose_name='call not before'),
        ),
        migrations.AddField(
            model_name='leadsource',
            name='call_until',
            field=models.TimeField(blank=True, null=True, verbose_name='call not after'),
        ),
        migrations.AddField(
            model_name='leadsource',
            name='offers_times',
            field=models.BooleanField(default=True, help_text='Visitors may choose when they are called.'),
        ),
        migrations.AddField(
            model_name='leadsource',
            name='priority',
            field=models.PositiveSmallIntegerField(default=0, help_text='Of leads that are due at the same moment, those of the higher number are called first.'),
        ),
        migrations.AddField(
            model_name='leadsource',
            name='sla_clock',
            field=models.CharField(choices=[('always', 'round the clock'), ('open', 'in opening hours only')], default='always', help_text='When the seconds of the target count.', max_length=6, verbose_name='SLA clock'),
        ),
        migrations.AddConstraint(
            model_name='leadsource',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('call_from__isnull', True), ('call_until__isnull', True)), models.Q(('call_from__isnull', False), ('call_from__lt', models.F('call_until')), ('call_until__isnull', False)), _connector='OR'), name='source_calls_in_a_window', violation_error_message='Enter both times of the calling window, the earlier one first, or none.'),
        ),
        migrations.RunSQL(
            "UPDATE leads_lead SET waiting_since = submitted_at", migrations.RunSQL.noop
        ),
    ]
