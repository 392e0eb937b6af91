from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

HERE = Path(__file__).resolve().parent
SPENDING = HERE.parent / "spending"
# Calls of the day that goes on are corrected by what counts them now. Processes of the release
# before ask the functions of the first version until they have ended; those stay.
FILL = """
    UPDATE callbacks_callattempt attempt SET
        counted_set_up = price.its_set_up,
        counted_per_minute = price.its_per_minute,
        counted_limits = callbacks_limits_v2(lead.source_id, price.its_country)
    FROM callbacks_callattempt its
        JOIN leads_lead lead ON lead.id = its.lead_id
        CROSS JOIN LATERAL callbacks_price_v2(its.phone) price
    WHERE attempt.id = its.id AND its.sent_at > now() - interval '2 days'
        AND its.claimed_at > now() - interval '3 days'
"""
BACK = """
    DROP TRIGGER call_is_priced_as_it_is_written ON callbacks_callattempt;
    DROP TRIGGER call_is_priced_as_it_is_taken_on ON callbacks_callattempt;
    DROP FUNCTION callbacks_recount_v2(bigint, numeric, numeric);
    DROP FUNCTION callbacks_unspend_v2(bigint, numeric);
    DROP FUNCTION callbacks_add_to_counts_v2(bigint[], timestamptz, integer, numeric);
    DROP FUNCTION callbacks_spend_v2();
    DROP FUNCTION callbacks_priced_v2();
    DROP FUNCTION callbacks_count_v2(bigint[], timestamptz, numeric);
    DROP FUNCTION callbacks_spans_v2(bigint[], timestamptz);
    DROP FUNCTION callbacks_limits_v2(bigint, text);
    DROP FUNCTION callbacks_price_v2(text);
    DROP FUNCTION callbacks_minutes_v2();
"""


class Migration(migrations.Migration):
    """An attempt keeps by which price and for which limits it was counted."""

    dependencies = [
        ('callbacks', '0057_widgets_audited'),
    ]

    operations = [
        migrations.AddField(
            model_name='callattempt',
            name='counted_limits',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), editable=False, null=True, size=None, verbose_name='counted by'),
        ),
        migrations.AddField(
            model_name='callattempt',
            name='counted_per_minute',
            field=models.DecimalField(decimal_places=4, editable=False, max_digits=9, null=True, verbose_name='counted for each minute'),
        ),
        migrations.AddField(
            model_name='callattempt',
            name='counted_set_up',
            field=models.DecimalField(decimal_places=4, editable=False, max_digits=9, null=True, verbose_name='counted for the call'),
        ),
        migrations.AddField(
            model_name='callattempt',
            name='is_uncounted',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='It was not made, and no spending limit counts it any more.', verbose_name='uncounted'),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, BACK),
        migrations.RunSQL((SPENDING / "spend.sql").read_text(), (HERE / "spend_v1.sql").read_text()),
        migrations.RunSQL((SPENDING / "recount.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
