from pathlib import Path

import django.core.validators
import leads.models.sources
from django.conf import settings
from django.db import migrations, models

ROUTING = Path(__file__).resolve().parent.parent / "routing"


class Migration(migrations.Migration):
    """The fourth claim keeps to the bound of the lead's source and its teams; new teams begin with one."""

    dependencies = [
        ("callbacks", "0052_api_keys_audited"),
        ('leads', '0039_calls_a_day'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='team',
            name='calls_a_day',
            field=models.PositiveSmallIntegerField(blank=True, help_text='In 24 hours, of leads of the sources that it answers, whichever team rings them; a smaller bound of the source holds. Empty: as the settings say.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day to one number'),
        ),
        migrations.AlterField(
            model_name='team',
            name='calls_a_day',
            field=models.PositiveSmallIntegerField(blank=True, default=leads.models.sources.usual_calls_a_day, help_text='In 24 hours, of leads of the sources that it answers, whichever team rings them; a smaller bound of the source holds. Empty: as the settings say.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day to one number'),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.CheckConstraint(condition=models.Q(('calls_a_day', 0), _negated=True), name='team_calls_positive'),
        ),
        migrations.RunSQL(
            (ROUTING / "calls_a_day.sql").read_text(),
            "DROP FUNCTION IF EXISTS callbacks_calls_a_day_v1;",
        ),
        migrations.RunSQL((ROUTING / "claim.sql").read_text(), migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='exportrecord',
            name='what',
            field=models.CharField(choices=[('callback_times', 'Callback times'), ('leads', 'Leads'), ('people', 'People'), ('person', "A person's data"), ('blocks', 'Block list'), ('never_call', 'Never-call list')], max_length=20, verbose_name='what'),
        ),
    ]
