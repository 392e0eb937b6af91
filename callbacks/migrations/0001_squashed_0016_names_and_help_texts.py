from pathlib import Path

import callbacks.models.parameters
import callbacks.models.schedules
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent
CLAIM = SQL / "claim_v1.sql"


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('callbacks', '0001_initial'),
        ('callbacks', '0002_parameters_and_messages'),
        ('callbacks', '0003_rights_and_record_names'),
        ('callbacks', '0004_setup_triggers'),
        ('callbacks', '0005_calendars'),
        ('callbacks', '0006_unknown_outcomes'),
        ('callbacks', '0007_what_is_due'),
        ('callbacks', '0008_routing'),
        ('callbacks', '0009_constraints_that_cost_less'),
        ('callbacks', '0010_less_to_write'),
        ('callbacks', '0011_cheaper_to_write'),
        ('callbacks', '0012_names_of_the_field'),
        ('callbacks', '0013_claim'),
        ('callbacks', '0014_attempt_outcome'),
        ('callbacks', '0015_plain_constraints'),
        ('callbacks', '0016_names_and_help_texts'),
    ]

    dependencies = [
        ('leads', '0001_squashed_0011_plain_constraints'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('time_zone', models.CharField(default='Asia/Jerusalem', max_length=64, validators=[callbacks.models.schedules.validate_time_zone], verbose_name='time zone')),
                ('holidays_of', models.CharField(blank=True, help_text='Country whose public holidays are closed, for example IL. Empty: none.', max_length=2, validators=[callbacks.models.schedules.validate_holiday_country], verbose_name='closed on holidays of')),
                ('eve_closes_at', models.TimeField(blank=True, help_text='Empty: as on other days.', null=True, verbose_name='the day before a holiday closes at')),
            ],
            options={
                'ordering': ['name'],
                'verbose_name': 'schedule',
            },
        ),
        migrations.CreateModel(
            name='CallAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public ID')),
                ('kind', models.CharField(choices=[('call', 'call'), ('message', 'recorded message')], default='call', max_length=7, verbose_name='kind')),
                ('phone', models.CharField(help_text='E.164, as dialled', max_length=16, verbose_name="lead's number")),
                ('extension_number', models.CharField(blank=True, help_text='As dialled', max_length=64, verbose_name='extension number')),
                ('record_name', models.CharField(blank=True, help_text="The provider's name of the message that is played.", max_length=100, verbose_name='record name')),
                ('state', models.CharField(choices=[('dialing', 'dialing'), ('accepted', 'accepted'), ('unknown', 'unknown'), ('not_sent', 'not sent'), ('refused', 'refused'), ('bridged', 'bridged'), ('played', 'message played'), ('agent_no_answer', 'salesperson did not answer'), ('lead_no_answer', 'lead did not answer'), ('ended', 'ended, no record'), ('never_placed', 'never placed')], default='dialing', max_length=15, verbose_name='state')),
                ('outcome', models.CharField(blank=True, choices=[('offline', 'extension offline'), ('blocked', 'extension blocked'), ('invalid', 'invalid parameters'), ('misconfigured', 'extension set up wrongly'), ('provider_error', 'error of the provider'), ('not_sent', 'not sent'), ('agent_no_answer', 'salesperson did not answer'), ('lead_no_answer', 'lead did not answer'), ('bridged', 'they talked'), ('no_record', 'accepted, no record came'), ('never_known', 'nobody knows')], db_default='', default='', help_text='How the call ended. Empty while it is live, and for a message.', max_length=15, verbose_name='outcome')),
                ('claimed_at', models.DateTimeField(help_text='When it was decided and committed.', verbose_name='claimed at')),
                ('sent_at', models.DateTimeField(blank=True, help_text='When somebody took it on to send it. Empty: nothing has been sent.', null=True, verbose_name='sent at')),
                ('answered_at', models.DateTimeField(blank=True, help_text="When the provider's answer was in, or was given up.", null=True, verbose_name='answered at')),
                ('picked_up_at', models.DateTimeField(blank=True, help_text='When the salesperson picked up, if we were told live.', null=True, verbose_name='picked up at')),
                ('connected_at', models.DateTimeField(blank=True, help_text="When the lead's phone was answered.", null=True, verbose_name='connected at')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('hold_until', models.DateTimeField(help_text='When the extension is freed at the latest, should no record come.', verbose_name='hold until')),
                ('next_lookup_at', models.DateTimeField(blank=True, help_text='When the provider is asked next what became of it.', null=True, verbose_name='next lookup at')),
                ('lookup_count', models.SmallIntegerField(db_default=0, default=0, help_text='How often the provider was asked.', verbose_name='lookup count')),
                ('missing_since', models.DateTimeField(blank=True, help_text="Since when the provider's active calls have not shown it.", null=True, verbose_name='missing since')),
                ('routing_trace', models.JSONField(blank=True, db_default={}, default=dict, help_text='Who was considered, who was not and why, and the rule that chose.', verbose_name='routing trace')),
                ('provider_time', models.DurationField(blank=True, null=True, verbose_name='provider time')),
                ('leg1_time', models.DurationField(blank=True, null=True, verbose_name='leg1 time')),
                ('leg2_time', models.DurationField(blank=True, null=True, verbose_name='leg2 time')),
                ('unknown_time', models.DurationField(blank=True, null=True, verbose_name='unknown time')),
                ('call_id', models.CharField(blank=True, max_length=64, verbose_name='CALLID')),
                ('error_code', models.IntegerField(blank=True, null=True, verbose_name='ERRORCODE')),
                ('error_message', models.CharField(blank=True, max_length=500, verbose_name='error message')),
                ('failure_reason', models.CharField(blank=True, help_text='Our word for what went wrong, e.g. read_timeout.', max_length=50, verbose_name='failure reason')),
                ('talk_time', models.PositiveIntegerField(blank=True, help_text='Seconds.', null=True, verbose_name='talk time')),
                ('price', models.PositiveIntegerField(blank=True, help_text='Of both legs, in hundredths of a shekel.', null=True, verbose_name='price')),
                ('recording_url', models.URLField(blank=True, max_length=2000, verbose_name='recording URL')),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_attempts', to='leads.lead', verbose_name='lead')),
            ],
            options={
                'ordering': ['-claimed_at', '-id'],
                'permissions': [('hang_up_call', 'Can hang up a call that is on')],
                'verbose_name': 'call attempt',
            },
        ),
        migrations.CreateModel(
            name='UnknownOutcome',
            fields=[
            ],
            options={
                'verbose_name': 'unknown outcome',
                'permissions': [('settle_outcome', 'Can say how a call ended that nobody knows of')],
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('callbacks.callattempt',),
        ),
        migrations.CreateModel(
            name='Extension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('sip', 'Voicenter extension (SIP code)'), ('phone', 'phone number'), ('siptrunk', 'SIP trunk'), ('logincode', 'login code')], default='sip', max_length=9, verbose_name='kind')),
                ('number', models.CharField(help_text='SIP code as the provider writes it, phone number (972...), or login code.', max_length=64, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', 'Letters, digits and . _ - only.')], verbose_name='number')),
                ('name', models.CharField(blank=True, help_text='Whose phone it is.', max_length=100, verbose_name='name')),
                ('tier', models.SmallIntegerField(db_default=1, default=1, help_text='Tier 1 is rung before tier 2.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='tier')),
                ('weight', models.SmallIntegerField(db_default=1, default=1, help_text="1 to 100. With 2 it gets twice the calls of one with 1, where the team's strategy goes by weights or conversations.", validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='weight')),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8, validators=[django.core.validators.RegexValidator('^[a-z]{2,3}(-[A-Za-z]{2,4})?$', 'Use codes like he, en, ru.')]), blank=True, db_default=[], default=list, help_text='Spoken by the salesperson, separated by commas: he, en, ru. Empty: any.', size=None, verbose_name='languages')),
                ('daily_cap', models.IntegerField(blank=True, help_text='At most. Empty: as its team says.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day')),
                ('wrap_up', models.PositiveIntegerField(blank=True, help_text='Seconds that it is then not rung. Empty: as its team says.', null=True, verbose_name='wrap-up after a call (seconds)')),
                ('is_active', models.BooleanField(default=True, help_text='Off: never rung.', verbose_name='is active')),
                ('is_paused', models.BooleanField(default=False, help_text='Not rung until un-paused.', verbose_name='is paused')),
                ('paused_until', models.DateTimeField(blank=True, help_text='When the pause ends by itself. Empty: it does not.', null=True, verbose_name='paused until')),
                ('pause_reason', models.CharField(blank=True, db_default='', max_length=100, verbose_name='pause reason')),
                ('is_blocked', models.BooleanField(default=False, help_text='The provider blocks this extension for Click2Call (error 4). Ask them to allow it, then clear this.', verbose_name='is blocked')),
                ('unavailable_until', models.DateTimeField(blank=True, help_text='Not rung before: it was offline or nobody answered.', null=True, verbose_name='unavailable until')),
                ('unavailable_reason', models.CharField(blank=True, max_length=100, verbose_name='unavailable reason')),
                ('missed_in_a_row', models.SmallIntegerField(default=0, verbose_name='missed in a row')),
                ('wrap_up_until', models.DateTimeField(blank=True, help_text='Not rung before: the rest after its last call.', null=True, verbose_name='wrap up until')),
                ('capped_until', models.DateTimeField(blank=True, help_text='Not rung before: it has had its calls of the day.', null=True, verbose_name='capped until')),
                ('provider_busy_until', models.DateTimeField(blank=True, help_text='Not rung before: the provider has shown it on a call, or away, just now.', null=True, verbose_name='provider busy until')),
                ('provider_busy_as', models.CharField(blank=True, db_default='', max_length=50, verbose_name='provider busy as')),
                ('last_called_at', models.DateTimeField(blank=True, help_text='When it last got a call.', null=True, verbose_name='last called at')),
                ('queue_position', models.FloatField(db_default=0, default=0, editable=False, help_text='Its place in the queue of its team and tier: the lowest is rung next (callbacks.routing.rules).', verbose_name='queue position')),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='extensions', to=settings.AUTH_USER_MODEL, verbose_name='salesperson')),
                ('schedule', models.ForeignKey(blank=True, db_index=False, help_text='When this phone is on shift, within the hours of its team. Empty: always.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='callbacks.schedule', verbose_name='schedule')),
            ],
            options={
                'ordering': ['number'],
                'permissions': [('pause_extension', 'Can pause an extension'), ('use_conference', 'Can call an extension into the conference room')],
                'verbose_name': 'extension',
            },
        ),
        migrations.AddField(
            model_name='callattempt',
            name='extension',
            field=models.ForeignKey(blank=True, db_index=False, help_text='None for a message: it is played to the lead alone.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='call_attempts', to='callbacks.extension', verbose_name='extension'),
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
            ],
            options={
                'default_permissions': (),
                'verbose_name': 'presence',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='presence_is_one')],
            },
        ),
        migrations.CreateModel(
            name='OpeningHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], verbose_name='weekday')),
                ('opens_at', models.TimeField(verbose_name='opens at')),
                ('closes_at', models.TimeField(help_text='At or before the opening time: on the next day. 00:00 to 00:00: the whole day.', verbose_name='closes at')),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hours', to='callbacks.schedule', verbose_name='schedule')),
            ],
            options={
                'ordering': ['weekday', 'opens_at'],
                'verbose_name': 'opening hours',
                'verbose_name_plural': 'opening hours',
            },
        ),
        migrations.CreateModel(
            name='ScheduleException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField(verbose_name='date')),
                ('opens_at', models.TimeField(blank=True, help_text='Both empty: closed that day.', null=True, verbose_name='opens at')),
                ('closes_at', models.TimeField(blank=True, null=True, verbose_name='closes at')),
                ('note', models.CharField(blank=True, help_text='Why, for your colleagues.', max_length=100, verbose_name='note')),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exceptions', to='callbacks.schedule', verbose_name='schedule')),
            ],
            options={
                'verbose_name': 'exception',
                'ordering': ['date', 'opens_at'],
            },
        ),
        migrations.CreateModel(
            name='SourceMessages',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('when_closed', models.CharField(blank=True, help_text='Played once to a lead that comes outside opening hours. Empty: none.', max_length=100, validators=[callbacks.models.parameters.validate_record_name], verbose_name='when closed')),
                ('when_given_up', models.CharField(blank=True, help_text='Played once to a lead that could not be reached. Empty: none.', max_length=100, validators=[callbacks.models.parameters.validate_record_name], verbose_name='when given up')),
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='recorded_messages', to='leads.leadsource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'source messages',
                'verbose_name_plural': 'source messages',
            },
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('is_active', models.BooleanField(default=True, verbose_name='is active')),
                ('strategy', models.CharField(choices=[('longest_idle', 'longest idle'), ('round_robin', 'round robin'), ('weighted', 'priority tiers with weights'), ('fair', 'fair by conversations')], default='longest_idle', help_text='Who of the free ones is rung. A lower tier always comes before a higher one.', max_length=12, verbose_name='strategy')),
                ('language_wait', models.PositiveIntegerField(blank=True, default=0, help_text='Seconds that a lead waits for somebody who speaks its language; then anyone is rung. 0: preferred where free. Empty: nobody else is ever rung.', null=True, verbose_name="wait for the lead's language")),
                ('sticky_agent_days', models.PositiveSmallIntegerField(default=30, help_text='Days for which whoever talked with a number is rung first for it. 0: never.', verbose_name='sticky agent for (days)')),
                ('sticky_agent_wait', models.PositiveIntegerField(default=0, help_text='Seconds that a lead waits for its owner who is on a call; then anyone is rung.', verbose_name='wait for the sticky agent (seconds)')),
                ('daily_cap', models.PositiveIntegerField(blank=True, help_text='Of each extension, at most. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day')),
                ('wrap_up', models.PositiveIntegerField(default=0, help_text='Seconds that an extension is then not rung.', verbose_name='wrap-up after a call (seconds)')),
                ('opening_rate', models.PositiveIntegerField(blank=True, help_text='Leads that came while it was closed are called at this rate. Empty: all at once, as extensions are free.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a minute at the opening')),
                ('schedule', models.ForeignKey(blank=True, help_text='Empty: open round the clock.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='teams', to='callbacks.schedule', verbose_name='schedule')),
            ],
            options={
                'ordering': ['name'],
                'verbose_name': 'team',
            },
        ),
        migrations.AddField(
            model_name='extension',
            name='team',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='callbacks.team', verbose_name='team'),
        ),
        migrations.CreateModel(
            name='TeamSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('overflow_after', models.PositiveIntegerField(db_default=0, default=0, help_text='Seconds that a lead has waited before this team is asked too, after those that step in earlier. 0: from the beginning.', verbose_name='overflow after')),
                ('source', models.ForeignKey(db_column='leadsource_id', on_delete=django.db.models.deletion.CASCADE, to='leads.leadsource', verbose_name='source')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='callbacks.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'source',
                'db_table': 'callbacks_team_sources',
                'ordering': ['overflow_after', 'id'],
            },
        ),
        migrations.AddField(
            model_name='team',
            name='sources',
            field=models.ManyToManyField(blank=True, related_name='teams', through='callbacks.TeamSource', to='leads.leadsource', verbose_name='sources'),
        ),
        migrations.CreateModel(
            name='CallRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('call_id', models.CharField(max_length=64, verbose_name='CALLID')),
                ('type', models.CharField(help_text="The provider's, e.g. Click2Call leg1.", max_length=64, verbose_name='type')),
                ('leg', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='leg')),
                ('status', models.CharField(blank=True, help_text="The provider's word.", max_length=64, verbose_name='status')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started at')),
                ('duration', models.PositiveIntegerField(blank=True, help_text='Seconds.', null=True, verbose_name='duration')),
                ('talk_time', models.PositiveIntegerField(blank=True, help_text='Seconds.', null=True, verbose_name='talk time')),
                ('dial_time', models.PositiveIntegerField(blank=True, help_text='Seconds of ringing.', null=True, verbose_name='dial time')),
                ('price', models.PositiveIntegerField(blank=True, help_text='Hundredths of a shekel.', null=True, verbose_name='price')),
                ('recording_url', models.URLField(blank=True, max_length=2000, verbose_name='recording URL')),
                ('received_at', models.DateTimeField(auto_now_add=True, verbose_name='received at')),
                ('payload', models.JSONField(help_text='As it was received.', verbose_name='payload')),
                ('attempt', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='records', to='callbacks.callattempt', verbose_name='attempt')),
            ],
            options={
                'ordering': ['received_at', 'id'],
                'verbose_name': 'call record',
                'indexes': [models.Index(condition=models.Q(('attempt__isnull', True)), fields=['received_at'], name='record_without_attempt')],
                'constraints': [models.UniqueConstraint(fields=('call_id', 'type'), name='record_once_per_leg')],
            },
        ),
        migrations.CreateModel(
            name='CallParameters',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('record', models.BooleanField(blank=True, null=True, verbose_name='record the call')),
                ('phone_caller_id', models.CharField(blank=True, default=None, max_length=33, null=True, verbose_name='number shown to the salesperson')),
                ('phone_caller_name', models.CharField(blank=True, default=None, max_length=100, null=True, verbose_name='name shown to the salesperson')),
                ('target_caller_id', models.CharField(blank=True, default=None, max_length=33, null=True, verbose_name='number shown to the lead')),
                ('target_caller_name', models.CharField(blank=True, default=None, max_length=100, null=True, verbose_name='name shown to the lead')),
                ('phone_max_dial_time', models.PositiveIntegerField(blank=True, help_text='Seconds.', null=True, verbose_name='ring the salesperson at most')),
                ('target_max_dial_time', models.PositiveIntegerField(blank=True, help_text='Seconds.', null=True, verbose_name='ring the lead at most')),
                ('max_duration', models.PositiveIntegerField(blank=True, help_text='Seconds.', null=True, verbose_name='longest call')),
                ('phone_auto_answer', models.BooleanField(blank=True, null=True, verbose_name="salesperson's phone answers by itself")),
                ('target_auto_answer', models.BooleanField(blank=True, null=True, verbose_name="lead's phone answers by itself")),
                ('check_phone_device_state', models.BooleanField(blank=True, null=True, verbose_name="refuse when the salesperson's phone is offline")),
                ('check_target_device_state', models.BooleanField(blank=True, null=True, verbose_name="refuse when the lead's extension is offline")),
                ('language', models.CharField(blank=True, default=None, help_text='For example he, en, ru.', max_length=6, null=True, verbose_name='language of prompts')),
                ('vm_id', models.CharField(blank=True, default=None, max_length=64, null=True, verbose_name='voicemail code')),
                ('variables', models.JSONField(blank=True, default=dict, help_text='Up to 8 names and texts, for example {"campaign": "spring"}.', verbose_name='custom variables')),
                ('source', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='call_parameters', to='leads.leadsource', verbose_name='source')),
                ('extension', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='call_parameters', to='callbacks.extension', verbose_name='extension')),
            ],
            options={
                'verbose_name': 'call parameters',
                'verbose_name_plural': 'call parameters',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('extension__isnull', True), ('source__isnull', False)), models.Q(('extension__isnull', False), ('source__isnull', True)), _connector='OR'), name='parameters_of_one_owner')],
            },
        ),
        migrations.AddIndex(
            model_name='callattempt',
            index=models.Index(condition=models.Q(('state__in', ('dialing', 'accepted', 'unknown')), ('hold_until__isnull', False)), fields=['hold_until'], name='attempt_live_hold'),
        ),
        migrations.AddIndex(
            model_name='callattempt',
            index=models.Index(fields=['phone', 'claimed_at'], name='attempt_by_number'),
        ),
        migrations.AddIndex(
            model_name='callattempt',
            index=models.Index(fields=['extension', 'claimed_at'], name='attempt_by_extension'),
        ),
        migrations.AddIndex(
            model_name='callattempt',
            index=models.Index(condition=models.Q(('next_lookup_at__isnull', False), ('state', 'ended')), fields=['next_lookup_at'], name='attempt_ended_look'),
        ),
        migrations.AddIndex(
            model_name='callattempt',
            index=models.Index(condition=models.Q(('outcome', 'never_known')), fields=['ended_at'], name='attempt_outcome_unknown'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('dialing', 'accepted', 'unknown'))), fields=('extension',), name='attempt_one_live_per_extension'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('dialing', 'accepted', 'unknown')), ('lead__isnull', False)), fields=('lead',), name='attempt_one_live_per_lead'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('dialing', 'accepted', 'unknown')), ('phone__isnull', False)), fields=('phone',), name='attempt_one_live_per_number'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('call_id', ''), _negated=True), fields=('call_id',), name='attempt_call_id_once'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(('phone__regex', '^\\+[1-9][0-9]{6,14}$')), name='attempt_phone_e164'),
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
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), models.Q(('ended_at__isnull', False), ('outcome__in', ['offline', 'blocked', 'invalid', 'misconfigured', 'provider_error', 'not_sent', 'agent_no_answer', 'lead_no_answer', 'bridged', 'no_record', 'never_known'])), _connector='OR'), name='attempt_outcome_when_ended'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), _negated=True), models.Q(('call_id', ''), _negated=True), _connector='OR'), name='attempt_accepted_has_a_call_id'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'bridged'), _negated=True), ('connected_at__isnull', False), _connector='OR'), name='attempt_bridged_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='openinghours',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closes_at', models.F('opens_at')), _negated=True), ('opens_at', '00:00'), _connector='OR'), name='hours_are_not_empty', violation_error_message='It closes as it opens. For the whole day: 00:00 to 00:00.'),
        ),
        migrations.AddConstraint(
            model_name='openinghours',
            constraint=models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='hours_weekday_known'),
        ),
        migrations.AddConstraint(
            model_name='scheduleexception',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closes_at__isnull', True), ('opens_at__isnull', True)), models.Q(('closes_at__isnull', False), ('opens_at__isnull', False)), _connector='OR'), name='exception_has_both_times_or_none', violation_error_message='Enter both times, or none for a closed day.'),
        ),
        migrations.AddConstraint(
            model_name='scheduleexception',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closes_at', models.F('opens_at')), _negated=True), ('opens_at', '00:00'), _connector='OR'), name='exception_hours_are_not_empty', violation_error_message='It closes as it opens. For the whole day: 00:00 to 00:00.'),
        ),
        migrations.AddIndex(
            model_name='extension',
            index=models.Index(fields=['team', 'tier', 'queue_position', 'id'], name='extension_queue'),
        ),
        migrations.AddIndex(
            model_name='extension',
            index=models.Index(condition=models.Q(('user__isnull', False)), fields=['user'], name='extension_of_user'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.UniqueConstraint(fields=('number',), name='extension_number_once'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.CheckConstraint(condition=models.Q(('number__regex', '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'), models.Q(models.Q(('kind', 'phone'), _negated=True), ('number__regex', '^[1-9][0-9]{6,14}$'), _connector='OR')), name='extension_number_form'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.CheckConstraint(condition=models.Q(('tier__gte', 1)), name='extension_tier_positive'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.CheckConstraint(condition=models.Q(('weight__gte', 1), ('weight__lte', 100)), name='extension_weight_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.CheckConstraint(condition=models.Q(('daily_cap__gte', 1)), name='extension_cap_positive'),
        ),
        migrations.AddConstraint(
            model_name='teamsource',
            constraint=models.UniqueConstraint(fields=('team', 'source'), name='team_answers_a_source_once', violation_error_message='This team answers that source already.'),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.CheckConstraint(condition=models.Q(('strategy__in', ['longest_idle', 'round_robin', 'weighted', 'fair'])), name='team_strategy_known'),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.CheckConstraint(condition=models.Q(('daily_cap', 0), _negated=True), name='team_cap_positive'),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.CheckConstraint(condition=models.Q(('opening_rate', 0), _negated=True), name='team_rate_positive'),
        ),
        migrations.RunSQL((SQL / "config_version.sql").read_text()),
        migrations.RunSQL(CLAIM.read_text()),
    ]
