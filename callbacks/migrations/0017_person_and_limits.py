from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ROUTING = Path(__file__).resolve().parent.parent / "routing"


class Migration(migrations.Migration):
    """A call knows whose phone it rings; limits follow what a manager changes; the second claim."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("callbacks", "0016_names_and_help_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="callattempt",
            name="salesperson",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="Whose phone it was: one person has one call at a time.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="salesperson",
            ),
        ),
        migrations.AddConstraint(
            model_name="callattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ("dialing", "accepted", "unknown")),
                    ("salesperson__isnull", False),
                ),
                fields=("salesperson",),
                name="attempt_one_live_per_salesperson",
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="logs_in",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="The provider has shown it logged in, so it can be logged out.",
                verbose_name="logs in",
            ),
        ),
        migrations.RunSQL((ROUTING / "limits.sql").read_text()),
        migrations.RunSQL((ROUTING / "claim.sql").read_text()),
    ]
