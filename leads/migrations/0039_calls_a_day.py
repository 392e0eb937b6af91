import django.core.validators
import leads.models.sources
from django.db import migrations, models


class Migration(migrations.Migration):
    """Sources that are there keep calling as they did: only new ones begin with hours and a bound."""

    dependencies = [
        ("leads", "0038_api_clients"),
    ]

    operations = [
        migrations.AddField(
            model_name='leadsource',
            name='calls_a_day',
            field=models.PositiveSmallIntegerField(blank=True, help_text='In 24 hours, whatever leads they are for; a smaller bound of one of its teams holds. Empty: as the settings say, which is also the most.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day to one number'),
        ),
        migrations.AlterField(
            model_name='leadsource',
            name='calls_a_day',
            field=models.PositiveSmallIntegerField(blank=True, default=leads.models.sources.usual_calls_a_day, help_text='In 24 hours, whatever leads they are for; a smaller bound of one of its teams holds. Empty: as the settings say, which is also the most.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day to one number'),
        ),
        migrations.AlterField(
            model_name='leadsource',
            name='call_from',
            field=models.TimeField(blank=True, default=leads.models.sources.called_from, help_text="In the time zone of the lead's number. Leave both times empty to call at any hour.", null=True, verbose_name='call not before'),
        ),
        migrations.AlterField(
            model_name='leadsource',
            name='call_until',
            field=models.TimeField(blank=True, default=leads.models.sources.called_until, null=True, verbose_name='call not after'),
        ),
        migrations.AddConstraint(
            model_name='leadsource',
            constraint=models.CheckConstraint(condition=models.Q(('calls_a_day', 0), _negated=True), name='source_calls_positive'),
        ),
        migrations.AlterModelOptions(
            name='nevercallnumber',
            options={'ordering': ['-added_at', '-id'], 'permissions': [('import_nevercallnumber', 'Can import numbers never to be called'), ('export_nevercallnumber', 'Can export numbers never to be called')], 'verbose_name': 'number never to be called', 'verbose_name_plural': 'numbers never to be called'},
        ),
    ]
