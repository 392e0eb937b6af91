import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """A lead can be a salesperson's before anybody has called it."""

    dependencies = [
        ('leads', '0041_waits_and_refusals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='lead',
            name='assigned_to',
            field=models.ForeignKey(blank=True, db_index=False, help_text='The salesperson whom a manager wants to call it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='assigned to'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('assigned_to__isnull', False)), fields=['assigned_to', '-submitted_at'], name='lead_assigned'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('assigned_to__isnull', False), ('status__in', ('held', 'waiting', 'calling'))), fields=['assigned_to', 'call_after'], name='lead_assigned_and_open'),
        ),
    ]
