import django.db.models.deletion
from django.db import migrations, models

# Names are read without case. Empty values are no AI data.
OUT_OF_PAYLOADS = """
    INSERT INTO callbacks_aidata (record_id, data, loss, received_at)
    SELECT DISTINCT ON (record.id) record.id, field.value, '', record.received_at
    FROM callbacks_callrecord record, jsonb_each(
        CASE WHEN jsonb_typeof(record.payload) = 'object' THEN record.payload ELSE '{}' END
    ) field
    WHERE lower(btrim(field.key)) = 'aidata'
        AND field.value NOT IN ('null', '""', '{}', '[]', '0', 'false');

    UPDATE callbacks_callrecord SET payload = payload - ARRAY(
        SELECT key FROM jsonb_object_keys(payload) key WHERE lower(btrim(key)) = 'aidata'
    )
    WHERE jsonb_typeof(payload) = 'object' AND position('aidata' in lower(payload::text)) > 0;
"""


class Migration(migrations.Migration):
    """AI data leaves the records' payloads, for a table of its own that few may read."""

    dependencies = [
        ('callbacks', '0022_the_visitors_clock'),
    ]

    operations = [
        migrations.AddField(
            model_name='callattempt',
            name='ai_data_erased_at',
            field=models.DateTimeField(blank=True, help_text='Since when none of this call is kept.', null=True, verbose_name='AI data erased at'),
        ),
        migrations.CreateModel(
            name='AiData',
            fields=[
                ('record', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='ai_data', serialize=False, to='callbacks.callrecord', verbose_name='record')),
                ('data', models.JSONField(help_text='As it was received.', null=True, verbose_name='data')),
                ('loss', models.CharField(blank=True, choices=[('', 'nothing'), ('cut', 'its end'), ('too_large', 'all: too large'), ('nested', 'all: nested too deeply'), ('unreadable', 'all: unreadable')], help_text='What of it is missing.', max_length=10, verbose_name='loss')),
                ('received_at', models.DateTimeField(auto_now_add=True, verbose_name='received at')),
            ],
            options={
                'verbose_name': 'AI data',
                'verbose_name_plural': 'AI data',
                'default_permissions': ('view',),
            },
        ),
        migrations.RunSQL(OUT_OF_PAYLOADS, migrations.RunSQL.noop),
    ]
