import leads.models.sources
from django.db import migrations, models

FROM = {
    "blank": True,
    "help_text": "In the time zone of the lead's number, for leads of the sources that this team answers, whichever team rings them. Narrower hours of the source hold. Leave both times empty to call at any hour.",
    "null": True,
    "verbose_name": "call not before",
}
UNTIL = {"blank": True, "null": True, "verbose_name": "call not after"}


class Migration(migrations.Migration):
    """Teams that are there keep calling as they did: only new ones begin with hours."""

    dependencies = [
        ("callbacks", "0064_form_fields_audited"),
        ("leads", "0051_calling_window_help"),
    ]

    operations = [
        migrations.AddField(
            model_name="team", name="call_from", field=models.TimeField(**FROM)
        ),
        migrations.AddField(
            model_name="team", name="call_until", field=models.TimeField(**UNTIL)
        ),
        migrations.AlterField(
            model_name="team",
            name="call_from",
            field=models.TimeField(default=leads.models.sources.called_from, **FROM),
        ),
        migrations.AlterField(
            model_name="team",
            name="call_until",
            field=models.TimeField(default=leads.models.sources.called_until, **UNTIL),
        ),
        migrations.AddConstraint(
            model_name="team",
            constraint=models.CheckConstraint(
                condition=models.Q(("call_from__isnull", True), ("call_until__isnull", True))
                | models.Q(
                    ("call_from__isnull", False),
                    ("call_from__lt", models.F("call_until")),
                    ("call_until__isnull", False),
                ),
                name="team_calls_in_a_window",
                violation_error_message="Enter both times of the calling window, the earlier one first, or none.",
            ),
        ),
    ]
