from django.db import migrations, models
from django.db.models import Prefetch

from callbacks.models import time_accounting

# The leads of a source whose clock stands still while nobody may be called are made up by the
# sweep, which knows the hours (callbacks.calling.visitor_clock.make_up).
TELL_LEADS = """
    UPDATE leads_lead lead SET
        rang_at = known.rang_at,
        time_to_ring = CASE WHEN source.sla_clock <> 'open' THEN
            greatest(known.rang_at - lead.clock_started_at, interval '0') END,
        time_to_talk = CASE WHEN source.sla_clock <> 'open' THEN
            greatest(known.talked_at - lead.clock_started_at, interval '0') END
    FROM (
        SELECT lead_id, min(rang_at) AS rang_at,
            min(connected_at) FILTER (WHERE outcome = 'bridged') AS talked_at
        FROM callbacks_callattempt WHERE kind = 'call' GROUP BY lead_id
    ) known, leads_leadsource source
    WHERE known.lead_id = lead.id AND source.id = lead.source_id AND known.rang_at IS NOT NULL
"""


def when_phones_rang(apps, schema_editor):
    """From the records and pop-ups of each call, as of a call that ends today."""
    CallAttempt = apps.get_model('callbacks', 'CallAttempt')
    CallRecord = apps.get_model('callbacks', 'CallRecord')
    calls = (
        CallAttempt.objects.filter(kind='call')
        .exclude(state__in=('dialing', 'not_sent', 'refused', 'unknown', 'never_placed'))
        .prefetch_related(Prefetch('records', CallRecord.objects.order_by('id')))
        .order_by('id')
    )
    batch = []
    for attempt in calls.iterator(chunk_size=1000):
        until = attempt.connected_at or attempt.ended_at or attempt.picked_up_at
        if until is None:
            continue
        facts = time_accounting.facts_of(attempt, attempt.records.all())
        attempt.rang_at = time_accounting.lead_rang_at(facts, until)
        if attempt.rang_at:
            batch.append(attempt)
        if len(batch) == 1000:
            CallAttempt.objects.bulk_update(batch, ['rang_at'])
            batch = []
    CallAttempt.objects.bulk_update(batch, ['rang_at'])


class Migration(migrations.Migration):
    """The visitor's clock stops when their phone rings, not when the provider accepts the call."""

    dependencies = [
        ('callbacks', '0021_managers_set_up'),
        ('leads', '0018_the_visitors_clock'),
    ]

    operations = [
        migrations.AddField(
            model_name='callattempt',
            name='rang_at',
            field=models.DateTimeField(blank=True, help_text="When the lead's phone began to ring.", null=True, verbose_name='rang at'),
        ),
        migrations.RunPython(when_phones_rang, migrations.RunPython.noop),
        migrations.RunSQL(TELL_LEADS, migrations.RunSQL.noop),
    ]
