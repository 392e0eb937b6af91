from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent / "recount_v1.sql"
BACK = """
    DROP FUNCTION callbacks_recount_v1(bigint, numeric, numeric);
    DROP FUNCTION callbacks_cost_v1(text, numeric);
"""


class Migration(migrations.Migration):
    """The real minutes of a call, once its record has told them, are what is counted."""

    dependencies = [
        ("callbacks", "0054_consent_texts_audited"),
    ]

    operations = [
        migrations.AddField(
            model_name='callattempt',
            name='counted_minutes',
            field=models.PositiveIntegerField(blank=True, editable=False, help_text='By which the spending limits count it, as its record told; empty: those that a call is taken to last.', null=True, verbose_name='counted minutes'),
        ),
        migrations.RunSQL(SQL.read_text(), BACK),
    ]
