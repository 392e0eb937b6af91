from django.db import migrations

# Of the first call in which they talked, else of the last one that has ended. What team an
# extension was in then, and before 0017 whose phone it was, nobody has kept: today's is taken.
TELL_LEADS = """
    UPDATE leads_lead lead SET
        by_extension = known.extension_id, by_user = known.user_id, by_team = known.team_id
    FROM (
        SELECT DISTINCT ON (call.lead_id) call.lead_id, call.extension_id, extension.team_id,
            coalesce(call.salesperson_id, extension.user_id) AS user_id
        FROM callbacks_callattempt call
            JOIN callbacks_extension extension ON extension.id = call.extension_id
        WHERE call.kind = 'call' AND call.ended_at IS NOT NULL
        ORDER BY call.lead_id, call.outcome = 'bridged' DESC,
            CASE call.outcome WHEN 'bridged' THEN call.claimed_at END,
            CASE call.outcome WHEN 'bridged' THEN call.id END,
            call.claimed_at DESC, call.id DESC
    ) known
    WHERE known.lead_id = lead.id
"""


class Migration(migrations.Migration):
    """Tells the leads that are there whose they are in reports."""

    dependencies = [
        ('callbacks', '0023_ai_data'),
        ('leads', '0021_whose_lead'),
    ]

    operations = [
        migrations.RunSQL(TELL_LEADS, migrations.RunSQL.noop),
    ]
