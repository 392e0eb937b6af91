from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0005_routing'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='lead',
            name='lead_closed_has_a_time',
        ),
        migrations.RemoveConstraint(
            model_name='lead',
            name='lead_status_known',
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__regex', '^(held|waiting|calling)$'), ('closed_at__isnull', True)), models.Q(models.Q(('status__regex', '^(held|waiting|calling)$'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='lead_closed_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(('status__regex', '^(held|waiting|calling|connected|called|unreached|failed|cancelled|duplicate)$')), name='lead_status_known'),
        ),
    ]
