import datetime
from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

HERE = Path(__file__).resolve().parent
SQL = (HERE / "late_waits_2.sql").read_text()
BACK = "DROP TRIGGER late_wait_kept ON leads_lead; DROP FUNCTION leads_late_wait_kept();" + (
    HERE / "late_waits.sql"
).read_text()
# A limit ends with a clock hour or a day; no gap between two calls ends to the microsecond then.
WAIT_NOW = """
    UPDATE leads_lead SET limit_until = gap_until
    WHERE status = 'waiting' AND gap_until > now()
        AND gap_until = date_trunc('minute', gap_until) AND gap_until IS DISTINCT FROM chosen_at
"""


class Migration(migrations.Migration):
    """What a lead waits for a manager, or for a spending limit, is told apart; what entries of the
    block lists refuse is counted.
    """

    dependencies = [
        ("leads", "0040_consents"),
    ]

    operations = [
        migrations.AddField(
            model_name='latewait',
            name='waited_held',
            field=models.DurationField(db_default=datetime.timedelta(0), verbose_name='waited while held'),
        ),
        migrations.AddField(
            model_name='latewait',
            name='waited_limit',
            field=models.DurationField(db_default=datetime.timedelta(0), verbose_name='waited for a spending limit'),
        ),
        migrations.AddField(
            model_name='lead',
            name='limit_until',
            field=models.DateTimeField(blank=True, help_text='A gap that ends then is the wait for a spending limit.', null=True, verbose_name='limit until'),
        ),
        migrations.AddField(
            model_name='lead',
            name='waited_held',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Until a manager let it be called.', verbose_name='waited while held'),
        ),
        migrations.AddField(
            model_name='lead',
            name='waited_limit',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text='Until a spending limit let it be called.', verbose_name='waited for a spending limit'),
        ),
        migrations.RunSQL(SQL, BACK),
        migrations.RunSQL(WAIT_NOW, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='BlockDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('refused', models.PositiveIntegerField(default=0, verbose_name='refused')),
                ('entry', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='days', to='leads.blockentry', verbose_name='block list entry')),
            ],
            options={
                'verbose_name': 'day of a block list entry',
                'verbose_name_plural': 'days of block list entries',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('entry', 'day'), name='block_day_once')],
            },
        ),
    ]
