from django.db import migrations, models


class Migration(migrations.Migration):
    """What a source's priority means, for the manager who sets it."""

    dependencies = [("leads", "0012_phone_extension")]

    operations = [
        migrations.AlterField(
            model_name="leadsource",
            name="priority",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text=(
                    "Leads of this source are called as if they had waited so many minutes longer. "
                    "With 10, a new lead comes before other sources' leads that are overdue by less "
                    "than 10 minutes, and after those that are overdue by more."
                ),
                verbose_name="priority (minutes)",
            ),
        ),
    ]
