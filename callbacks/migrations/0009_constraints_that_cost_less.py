import django.core.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('callbacks', '0008_routing'),
        ('leads', '0006_constraints_that_cost_less'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_ended_has_a_time',
        ),
        migrations.RemoveConstraint(
            model_name='callattempt',
            name='attempt_state_known',
        ),
        migrations.RemoveConstraint(
            model_name='extension',
            name='extension_cap_positive',
        ),
        migrations.AlterField(
            model_name='extension',
            name='daily_cap',
            field=models.IntegerField(blank=True, help_text='At most. Empty: as its team says.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls a day'),
        ),
        migrations.AlterField(
            model_name='extension',
            name='tier',
            field=models.SmallIntegerField(db_default=1, default=1, help_text='Tier 1 is rung before tier 2.', validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AlterField(
            model_name='extension',
            name='weight',
            field=models.SmallIntegerField(db_default=1, default=1, help_text="1 to 100. With 2 it gets twice the calls of one with 1, where the team's strategy goes by weights or conversations.", validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(('state__regex', '^(dialing|accepted|unknown|not_sent|refused|bridged|played|agent_no_answer|lead_no_answer|ended|never_placed)$')), name='attempt_state_known'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__regex', '^(dialing|accepted|unknown)$'), ('ended_at__isnull', True)), models.Q(models.Q(('state__regex', '^(dialing|accepted|unknown)$'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='attempt_ended_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.CheckConstraint(condition=models.Q(('daily_cap__gte', 1)), name='extension_cap_positive'),
        ),
    ]
