from django.db import migrations, models

NAME = "lead_held_back"


class Migration(migrations.Migration):
    """The index of the joined requests that are held back, while leads come in; it may be broken
    off.
    """

    atomic = False

    dependencies = [
        ("leads", "0055_without_key_help"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    [
                        f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                        f"CREATE INDEX CONCURRENTLY {NAME} ON leads_lead"
                        " (duplicate_of_id) WHERE is_held_back",
                    ],
                    f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                )
            ],
            [
                migrations.AddIndex(
                    "lead",
                    models.Index(
                        condition=models.Q(("is_held_back", True)),
                        fields=["duplicate_of"],
                        name=NAME,
                    ),
                )
            ],
        ),
    ]
