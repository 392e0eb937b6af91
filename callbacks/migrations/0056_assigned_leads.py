from pathlib import Path

from django.db import migrations

CLAIM = Path(__file__).resolve().parent.parent / "routing" / "claim.sql"


class Migration(migrations.Migration):
    """The fifth claim calls an assigned lead with whom it is assigned to."""

    dependencies = [
        ("callbacks", "0055_counted_minutes"),
        ("leads", "0042_assigned_leads"),
    ]

    operations = [migrations.RunSQL(CLAIM.read_text(), migrations.RunSQL.noop)]
