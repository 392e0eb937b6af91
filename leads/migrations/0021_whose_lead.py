from django.db import migrations, models


class Migration(migrations.Migration):
    """Whose lead it is in reports. What is there already is told by callbacks.0024_whose_lead."""

    dependencies = [
        ('leads', '0020_earlier_plan'),
    ]

    operations = [
        migrations.AddField(
            model_name='lead',
            name='by_extension',
            field=models.BigIntegerField(blank=True, help_text='The id of the extension.', null=True, verbose_name='by extension'),
        ),
        migrations.AddField(
            model_name='lead',
            name='by_team',
            field=models.BigIntegerField(blank=True, help_text="The id of the extension's team then.", null=True, verbose_name='by team'),
        ),
        migrations.AddField(
            model_name='lead',
            name='by_user',
            field=models.BigIntegerField(blank=True, help_text="The id of the salesperson's login.", null=True, verbose_name='by user'),
        ),
    ]
