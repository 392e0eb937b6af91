import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """From how many seconds of talk on a lead counts as reached."""

    dependencies = [
        ('leads', '0015_newest_wish'),
    ]

    operations = [
        migrations.AddField(
            model_name='leadsource',
            name='least_talk',
            field=models.PositiveSmallIntegerField(blank=True, help_text='For how long the two must have talked for the lead to count as reached. A shorter call is made again. Empty: as the settings say.', null=True, validators=[django.core.validators.MaxValueValidator(60)], verbose_name='least talk (seconds)'),
        ),
    ]
