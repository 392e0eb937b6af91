from pathlib import Path

from django.db import migrations

ROUTING = Path(__file__).resolve().parent.parent / "routing"


class Migration(migrations.Migration):
    """Another strategy, or another team, begins with new places in the queue."""

    dependencies = [("callbacks", "0019_what_records_mean")]

    operations = [migrations.RunSQL((ROUTING / "positions.sql").read_text())]
