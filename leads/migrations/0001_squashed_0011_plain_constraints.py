from pathlib import Path

import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.utils.timezone
import leads.models
import uuid
from django.db import migrations, models

SQL = Path(__file__).resolve().parent


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('leads', '0001_initial'),
        ('leads', '0002_parameters_and_messages'),
        ('leads', '0003_setup_version'),
        ('leads', '0004_what_is_due'),
        ('leads', '0005_routing'),
        ('leads', '0006_constraints_that_cost_less'),
        ('leads', '0007_less_to_write'),
        ('leads', '0008_cheaper_to_write'),
        ('leads', '0009_names_and_help_texts'),
        ('leads', '0010_followed_version'),
        ('leads', '0011_plain_constraints'),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='LeadSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text="Part of the form's address.", unique=True, verbose_name='slug')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('is_active', models.BooleanField(default=True, help_text='A source that is off answers like one that does not exist.', verbose_name='is active')),
                ('default_country', models.CharField(default='IL', help_text='The country of numbers that are typed without a country code, for example IL.', max_length=2, validators=[leads.models.validate_country], verbose_name='default country')),
                ('allowed_countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2, validators=[leads.models.validate_country]), default=leads.models.default_countries, help_text='Country codes separated by commas. Numbers of other countries are never dialled.', size=None, verbose_name='allowed countries')),
                ('language', models.CharField(default='en', max_length=8, validators=[django.core.validators.RegexValidator('^[a-z]{2,3}(-[A-Za-z]{2,4})?$', 'For example: en, he, ru.')], verbose_name='language')),
                ('sla_target', models.PositiveIntegerField(default=60, help_text='Seconds within which a lead is to be called.', verbose_name='SLA target')),
                ('sla_clock', models.CharField(choices=[('always', 'round the clock'), ('open', 'in opening hours only')], default='always', help_text='When the seconds of the target are counted.', max_length=6, verbose_name='SLA clock')),
                ('priority', models.PositiveSmallIntegerField(default=0, help_text='Among leads due at the same moment, those of the source with the higher number are called first.', verbose_name='priority')),
                ('call_from', models.TimeField(blank=True, help_text="In the time zone of the lead's number. Leave both times empty to call at any hour.", null=True, verbose_name='call not before')),
                ('call_until', models.TimeField(blank=True, null=True, verbose_name='call not after')),
                ('offers_times', models.BooleanField(default=True, help_text='Visitors may choose when they are called.', verbose_name='offers times')),
                ('allowed_origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, help_text='Websites that may embed the form, for example https://www.example.com.', size=None, verbose_name='allowed origins')),
            ],
            options={
                'verbose_name': 'lead source',
                'verbose_name_plural': 'lead sources',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('call_from__isnull', True), ('call_until__isnull', True)), models.Q(('call_from__isnull', False), ('call_from__lt', models.F('call_until')), ('call_until__isnull', False)), _connector='OR'), name='source_calls_in_a_window', violation_error_message='Enter both times of the calling window, the earlier one first, or none.'), models.CheckConstraint(condition=models.Q(('allowed_countries__len__gt', 0)), name='source_allows_a_country'), models.CheckConstraint(condition=models.Q(('sla_target__gt', 0)), name='source_target_positive')],
            },
        ),
        migrations.CreateModel(
            name='SetupVersion',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False, verbose_name='id')),
                ('version', models.UUIDField(verbose_name='version')),
                ('followed', models.UUIDField(help_text='The version that waiting leads got their times by.', null=True, verbose_name='followed')),
                ('followed_to', models.BigIntegerField(help_text='The last lead looked at; empty: all were.', null=True, verbose_name='followed to')),
            ],
            options={
                'verbose_name': 'setup version',
                'verbose_name_plural': 'setup versions',
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='setup_version_is_one')],
            },
        ),
        migrations.CreateModel(
            name='Lead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('submission_key', models.UUIDField(default=uuid.uuid4, editable=False, help_text='A submission keeps its key, however often it arrives.', unique=True, verbose_name='submission key')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('phone', models.CharField(help_text='E.164', max_length=16, validators=[django.core.validators.RegexValidator('^\\+[1-9][0-9]{6,14}$', 'For example +9725...')], verbose_name='phone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email')),
                ('message', models.TextField(blank=True, max_length=2000, verbose_name='message')),
                ('language', models.CharField(blank=True, db_default='', help_text='The language that the lead speaks; empty where it is not known.', max_length=8, verbose_name='language')),
                ('chosen_at', models.DateTimeField(blank=True, help_text='When the visitor asked to be called.', null=True, verbose_name='chosen at')),
                ('status', models.CharField(choices=[('held', 'held'), ('waiting', 'waiting'), ('calling', 'calling'), ('connected', 'connected'), ('called', 'called'), ('unreached', 'unreached'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('duplicate', 'duplicate')], default='waiting', max_length=10, verbose_name='status')),
                ('submitted_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='submitted at')),
                ('clock_started_at', models.DateTimeField(default=django.utils.timezone.now, help_text='When the SLA clock starts.', verbose_name='clock started at')),
                ('due_at', models.DateTimeField(help_text="The start of the SLA clock plus the source's target.", verbose_name='due at')),
                ('call_after', models.DateTimeField(default=django.utils.timezone.now, help_text='The lead is not called before this time. If the time is past, the lead waits for an extension.', verbose_name='call after')),
                ('waiting_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, help_text='When the present wait began.', verbose_name='waiting since')),
                ('gap_until', models.DateTimeField(blank=True, help_text='The wait for the chosen time, or for the gap before another call, ends then.', null=True, verbose_name='gap until')),
                ('closed_until', models.DateTimeField(blank=True, help_text='The wait for opening hours, which follows the gap, ends then.', null=True, verbose_name='closed until')),
                ('waited_chosen', models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Until the time that the visitor chose.', verbose_name='waited for the chosen time')),
                ('waited_closed', models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Outside opening hours.', verbose_name='waited while closed')),
                ('waited_extension', models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='For a free extension.', verbose_name='waited for an extension')),
                ('waited_retry', models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Between two calls.', verbose_name='waited between calls')),
                ('counted_from', models.DateTimeField(default=django.utils.timezone.now, help_text='Attempts before this time do not count: a manager had the lead called again.', verbose_name='counted from')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                ('call_id', models.CharField(blank=True, max_length=64, verbose_name='CALLID')),
                ('error_code', models.IntegerField(blank=True, help_text="The provider's error code; 0 means accepted.", null=True, verbose_name='ERRORCODE')),
                ('error_message', models.CharField(blank=True, max_length=500, verbose_name='error message')),
                ('attempts', models.IntegerField(default=0, verbose_name='attempts')),
                ('first_dialed_at', models.DateTimeField(blank=True, help_text='When the provider first accepted a call to this lead.', null=True, verbose_name='first dialed at')),
                ('picked_up_at', models.DateTimeField(blank=True, help_text='When the salesperson picked up in the present call.', null=True, verbose_name='picked up at')),
                ('connected_at', models.DateTimeField(blank=True, help_text="When the lead's phone was answered.", null=True, verbose_name='connected at')),
                ('duplicate_of', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='leads.lead', verbose_name='duplicate of')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='leads.leadsource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'lead',
                'verbose_name_plural': 'leads',
                'ordering': ['-submitted_at'],
                'permissions': [('call_lead', 'Can have a lead called now')],
                'indexes': [models.Index(models.F('source'), django.db.models.functions.comparison.Greatest('due_at', 'call_after'), models.F('id'), condition=models.Q(('status', 'waiting')), name='lead_waiting_by_promise'), models.Index(condition=models.Q(('status', 'waiting')), fields=['source', 'call_after'], name='lead_waiting_by_time'), models.Index(fields=['phone'], name='lead_phone'), models.Index(condition=models.Q(('duplicate_of__isnull', False)), fields=['duplicate_of'], name='lead_duplicates'), models.Index(condition=models.Q(('call_id', ''), _negated=True), fields=['call_id'], name='lead_call_id')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status__in', ('held', 'waiting', 'calling'))), fields=('phone',), name='lead_one_open_per_number'), models.CheckConstraint(condition=models.Q(('phone__regex', '^\\+[1-9][0-9]{6,14}$')), name='lead_phone_e164'), models.CheckConstraint(condition=models.Q(models.Q(('duplicate_of__isnull', False), ('status', 'duplicate')), models.Q(models.Q(('status', 'duplicate'), _negated=True), ('duplicate_of__isnull', True)), _connector='OR'), name='lead_duplicate_names_the_first'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('status__in', ('held', 'waiting', 'calling'))), models.Q(models.Q(('status__in', ('held', 'waiting', 'calling')), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='lead_closed_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'connected'), _negated=True), ('connected_at__isnull', False), _connector='OR'), name='lead_connected_has_a_time'), models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('clock_started_at'))), name='lead_due_after_clock_start'), models.CheckConstraint(condition=models.Q(('status__in', ['held', 'waiting', 'calling', 'connected', 'called', 'unreached', 'failed', 'cancelled', 'duplicate'])), name='lead_status_known')],
            },
        ),
        migrations.RunSQL((SQL / "config_version.sql").read_text()),
    ]
