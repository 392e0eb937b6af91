from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns take the contact centre's words; what is in them stays."""

    dependencies = [("callbacks", "0011_cheaper_to_write")]

    operations = [
        migrations.RenameField("teamsource", "steps_in_after", "overflow_after"),
        migrations.RenameField("team", "owner_days", "sticky_agent_days"),
        migrations.RenameField("team", "owner_wait", "sticky_agent_wait"),
        migrations.RenameField("team", "rest", "wrap_up"),
        migrations.RenameField("extension", "rest", "wrap_up"),
        migrations.RenameField("extension", "rests_until", "wrap_up_until"),
        migrations.RenameField("extension", "position", "queue_position"),
        migrations.RenameField("extension", "out_until", "unavailable_until"),
        migrations.RenameField("extension", "out_reason", "unavailable_reason"),
        migrations.RenameField("extension", "seen_busy_until", "provider_busy_until"),
        migrations.RenameField("extension", "seen_busy_as", "provider_busy_as"),
        migrations.RenameField("callattempt", "why", "routing_trace"),
        migrations.RenameField("callattempt", "reason", "failure_reason"),
        migrations.RenameField("callattempt", "look_at", "next_lookup_at"),
        migrations.RenameField("callattempt", "looks", "lookup_count"),
        migrations.RenameField("callattempt", "absent_since", "missing_since"),
        migrations.AlterModelOptions(
            "teamsource", {"ordering": ["overflow_after", "id"], "verbose_name": "source"}
        ),
        # The database's indexes have followed their columns.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("callattempt", "attempt_ended_look"),
                migrations.RemoveIndex("extension", "extension_queue"),
                migrations.AddIndex(
                    "callattempt",
                    models.Index(
                        condition=models.Q(("next_lookup_at__isnull", False), ("state", "ended")),
                        fields=["next_lookup_at"],
                        name="attempt_ended_look",
                    ),
                ),
                migrations.AddIndex(
                    "extension",
                    models.Index(
                        fields=["team", "tier", "queue_position", "id"], name="extension_queue"
                    ),
                ),
            ]
        ),
    ]
