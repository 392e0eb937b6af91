import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


STEPS_IN = """
    ALTER TABLE callbacks_team_sources
        ADD COLUMN steps_in_after integer NOT NULL DEFAULT 0 CHECK (steps_in_after >= 0);
    DO $$
    DECLARE old text;
    BEGIN
        SELECT conname INTO old FROM pg_constraint
        WHERE conrelid = 'callbacks_team_sources'::regclass AND contype = 'u';
        EXECUTE format('ALTER TABLE callbacks_team_sources RENAME CONSTRAINT %I TO %I',
            old, 'team_answers_a_source_once');
    END $$;
"""
STEPS_OUT = "ALTER TABLE callbacks_team_sources DROP COLUMN steps_in_after"
# Whoever was called last stays last.
POSITIONS = """
    UPDATE callbacks_extension SET position = EXTRACT(epoch FROM last_called_at)
    WHERE last_called_at IS NOT NULL
"""
# Languages are kept in memory too (callbacks.setup).
TRIGGER = """
    DROP TRIGGER setup_changed ON callbacks_extension;
    CREATE TRIGGER setup_changed AFTER INSERT
    OR UPDATE OF kind, number, team_id, is_active, schedule_id, languages OR DELETE OR TRUNCATE
    ON callbacks_extension FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed()
"""


class Migration(migrations.Migration):

    dependencies = [
        ('callbacks', '0007_what_is_due'),
        ('leads', '0005_routing'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('asked_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        # The table was Django's own until now: it keeps its rows and gets a column.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='TeamSource',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('steps_in_after', models.PositiveIntegerField(db_default=0, default=0, help_text='Seconds that a lead has waited before this team is asked too, after those that step in earlier. 0: from the beginning.')),
                        ('source', models.ForeignKey(db_column='leadsource_id', on_delete=django.db.models.deletion.CASCADE, to='leads.leadsource')),
                        ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='callbacks.team')),
                    ],
                    options={
                        'verbose_name': 'source',
                        'db_table': 'callbacks_team_sources',
                        'ordering': ['steps_in_after', 'id'],
                    },
                ),
                migrations.AlterField(
                    model_name='team',
                    name='sources',
                    field=models.ManyToManyField(blank=True, related_name='teams', through='callbacks.TeamSource', to='leads.leadsource'),
                ),
                migrations.AddConstraint(
                    model_name='teamsource',
                    constraint=models.UniqueConstraint(fields=('team', 'source'), name='team_answers_a_source_once', violation_error_message='This team answers that source already.'),
                ),
            ],
            database_operations=[migrations.RunSQL(STEPS_IN, STEPS_OUT)],
        ),
        migrations.RemoveIndex(
            model_name='extension',
            name='extension_longest_idle',
        ),
        migrations.AddField(
            model_name='callattempt',
            name='leg1_time',
            field=models.DurationField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callattempt',
            name='leg2_time',
            field=models.DurationField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callattempt',
            name='provider_time',
            field=models.DurationField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callattempt',
            name='unknown_time',
            field=models.DurationField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='callattempt',
            name='why',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='Who was considered, who was not and why, and the rule that chose.'),
        ),
        migrations.AddField(
            model_name='extension',
            name='capped_until',
            field=models.DateTimeField(blank=True, help_text='Not rung before: it has had its calls of the day.', null=True),
        ),
        migrations.AddField(
            model_name='extension',
            name='daily_cap',
            field=models.PositiveIntegerField(blank=True, help_text='At most. Empty: as its team says.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day'),
        ),
        migrations.AddField(
            model_name='extension',
            name='languages',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8, validators=[django.core.validators.RegexValidator('^[a-z]{2,3}(-[A-Za-z]{2,4})?$', 'Use codes like he, en, ru.')]), blank=True, db_default=[], default=list, help_text='Spoken by the salesperson, separated by commas: he, en, ru. Empty: any.', size=None),
        ),
        migrations.AddField(
            model_name='extension',
            name='pause_reason',
            field=models.CharField(blank=True, db_default='', max_length=100),
        ),
        migrations.AddField(
            model_name='extension',
            name='paused_until',
            field=models.DateTimeField(blank=True, help_text='When the pause ends by itself. Empty: it does not.', null=True),
        ),
        migrations.AddField(
            model_name='extension',
            name='position',
            field=models.FloatField(db_default=0, default=0, editable=False, help_text='Its place in the queue of its team and tier: the lowest is rung next (callbacks.routing.rules).'),
        ),
        migrations.AddField(
            model_name='extension',
            name='rest',
            field=models.PositiveIntegerField(blank=True, help_text='Seconds that it is then not rung. Empty: as its team says.', null=True, verbose_name='rest after a call'),
        ),
        migrations.AddField(
            model_name='extension',
            name='rests_until',
            field=models.DateTimeField(blank=True, help_text='Not rung before: the rest after its last call.', null=True),
        ),
        migrations.AddField(
            model_name='extension',
            name='seen_busy_as',
            field=models.CharField(blank=True, db_default='', max_length=50),
        ),
        migrations.AddField(
            model_name='extension',
            name='seen_busy_until',
            field=models.DateTimeField(blank=True, help_text='Not rung before: the provider has shown it on a call, or away, just now.', null=True),
        ),
        migrations.AddField(
            model_name='extension',
            name='tier',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text='Tier 1 is rung before tier 2.', validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AddField(
            model_name='extension',
            name='weight',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text="1 to 100. With 2 it gets twice the calls of one with 1, where the team's strategy goes by weights or conversations.", validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AddField(
            model_name='team',
            name='daily_cap',
            field=models.PositiveIntegerField(blank=True, help_text='Of each extension, at most. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day'),
        ),
        migrations.AddField(
            model_name='team',
            name='language_wait',
            field=models.PositiveIntegerField(blank=True, default=0, help_text='Seconds that a lead waits for somebody who speaks its language; then anyone is rung. 0: preferred where free. Empty: nobody else is ever rung.', null=True, verbose_name="wait for the lead's language"),
        ),
        migrations.AddField(
            model_name='team',
            name='opening_rate',
            field=models.PositiveIntegerField(blank=True, help_text='Leads that came while it was closed are called at this rate. Empty: all at once, as extensions are free.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a minute at the opening'),
        ),
        migrations.AddField(
            model_name='team',
            name='owner_days',
            field=models.PositiveSmallIntegerField(default=30, help_text='Days for which whoever talked with a number is rung first for it. 0: never.', verbose_name='owner for'),
        ),
        migrations.AddField(
            model_name='team',
            name='owner_wait',
            field=models.PositiveIntegerField(default=0, help_text='Seconds that a lead waits for its owner who is on a call; then anyone is rung.', verbose_name='wait for the owner'),
        ),
        migrations.AddField(
            model_name='team',
            name='rest',
            field=models.PositiveIntegerField(default=0, help_text='Seconds that an extension is then not rung.', verbose_name='rest after a call'),
        ),
        migrations.AddField(
            model_name='team',
            name='strategy',
            field=models.CharField(choices=[('longest_idle', 'longest idle'), ('round_robin', 'round robin'), ('weighted', 'priority tiers with weights'), ('fair', 'fair by conversations')], default='longest_idle', help_text='Who of the free ones is rung. A lower tier always comes before a higher one.', max_length=12),
        ),
        # By hand: Django would drop every index of the column, the unique one too.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='callattempt',
                    name='extension',
                    field=models.ForeignKey(blank=True, db_index=False, help_text='None for a message: it is played to the lead alone.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='call_attempts', to='callbacks.extension'),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX callbacks_callattempt_extension_id_2f41632d",
                    "CREATE INDEX callbacks_callattempt_extension_id_2f41632d "
                    "ON callbacks_callattempt (extension_id)",
                ),
            ],
        ),
        migrations.AlterField(
            model_name='extension',
            name='last_called_at',
            field=models.DateTimeField(blank=True, help_text='When it last got a call.', null=True),
        ),
        migrations.AddIndex(
            model_name='callattempt',
            index=models.Index(fields=['extension', 'claimed_at'], name='attempt_by_extension'),
        ),
        migrations.AddIndex(
            model_name='extension',
            index=models.Index(fields=['team', 'tier', 'position', 'id'], name='extension_queue'),
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
            constraint=models.CheckConstraint(condition=models.Q(('daily_cap', 0), _negated=True), name='extension_cap_positive'),
        ),
        migrations.AddConstraint(
            model_name='presence',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='presence_is_one'),
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
        migrations.RunSQL(POSITIONS, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGER, migrations.RunSQL.noop),
    ]
