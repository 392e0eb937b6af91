from pathlib import Path

from django.db import migrations

CLAIM = Path(__file__).resolve().parent.parent / "routing" / "claim.sql"


class Migration(migrations.Migration):
    """The third claim, which is in no release yet, knows the owner as a person."""

    dependencies = [("callbacks", "0030_saved_lists")]

    operations = [migrations.RunSQL(CLAIM.read_text(), migrations.RunSQL.noop)]
