from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent / "claim_v1.sql"


class Migration(migrations.Migration):
    """The claim's first function."""

    dependencies = [
        ("callbacks", "0012_names_of_the_field"),
        ("leads", "0009_names_and_help_texts"),
    ]

    operations = [
        migrations.RunSQL(SQL.read_text(), "DROP FUNCTION IF EXISTS callbacks_claim_v1"),
    ]
