from django.db import migrations, models


class Migration(migrations.Migration):
    """Leads that are stored by the older hours while newer ones are followed."""

    dependencies = [("leads", "0016_least_talk")]

    operations = [
        migrations.AddField(
            model_name="setupversion",
            name="followed_since",
            field=models.DateTimeField(
                help_text="Since when this version is followed; empty: nobody goes by an older one.",
                null=True,
                verbose_name="followed since",
            ),
        ),
    ]
