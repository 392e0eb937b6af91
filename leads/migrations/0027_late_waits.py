import datetime
from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent / "late_waits.sql"
BACK = "DROP TRIGGER late_wait_kept ON leads_lead; DROP FUNCTION leads_late_wait_kept();"


class Migration(migrations.Migration):
    """Each wait that ends after its lead's due time is kept."""

    dependencies = [
        ('leads', '0026_submitted_from'),
    ]

    operations = [
        migrations.CreateModel(
            name='LateWait',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.DateTimeField(verbose_name='began at')),
                ('at_rest', models.BooleanField(db_default=False, help_text='The lead was held or closed, until a person had it called.', verbose_name='at rest')),
                ('call_after', models.DateTimeField(help_text='When it was to be called: its turn, where others waited too.', verbose_name='call after')),
                ('waited_chosen', models.DurationField(db_default=datetime.timedelta(0), verbose_name='waited for the chosen time')),
                ('waited_retry', models.DurationField(db_default=datetime.timedelta(0), verbose_name='waited between calls')),
                ('waited_closed', models.DurationField(db_default=datetime.timedelta(0), verbose_name='waited while closed')),
                ('waited_extension', models.DurationField(db_default=datetime.timedelta(0), verbose_name='waited for an extension')),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='late_waits', to='leads.lead', verbose_name='lead')),
            ],
            options={
                'verbose_name': 'late wait',
                'verbose_name_plural': 'late waits',
                'ordering': ['began_at', 'id'],
                'default_permissions': (),
            },
        ),
        migrations.RunSQL(SQL.read_text(), BACK),
    ]
