from pathlib import Path

from django.db import migrations, models

CLAIM = Path(__file__).resolve().parent.parent / "routing" / "claim.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('callbacks', '0026_wallboards'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_one_live_per_salesperson',
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('salesperson__isnull', False)), fields=('salesperson',), name='attempt_one_live_per_salesperson'),
        ),
        migrations.RunSQL(CLAIM.read_text(), migrations.RunSQL.noop),
    ]
