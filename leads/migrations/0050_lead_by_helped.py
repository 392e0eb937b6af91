from django.db import migrations, models

NAME = "lead_by_helped"


class Migration(migrations.Migration):
    """The index of what visitors answered, while leads come in; it may be broken off.

    0046 made it, once, with the table locked: who has run that one has it made anew.
    """

    atomic = False

    dependencies = [
        ("leads", "0049_form_fields"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    [
                        f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                        f"CREATE INDEX CONCURRENTLY {NAME} ON leads_lead"
                        " (helped, submitted_at DESC) WHERE helped IS NOT NULL",
                    ],
                    f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                )
            ],
            [
                migrations.AddIndex(
                    "lead",
                    models.Index(
                        condition=models.Q(("helped__isnull", False)),
                        fields=["helped", "-submitted_at"],
                        name=NAME,
                    ),
                )
            ],
        ),
    ]
