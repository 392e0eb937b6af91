from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent / "lead_search.sql"
BACK = """
    DROP TRIGGER search_kept ON leads_lead;
    DROP TRIGGER search_emptied ON leads_lead;
    DROP FUNCTION leads_search_kept();
    DROP FUNCTION leads_search_keys(text, bigint);
    DROP FUNCTION leads_search_words(text);
"""


class Migration(migrations.Migration):
    """What leads are found by, for those that are stored from now on."""

    dependencies = [
        ("leads", "0022_after_talk"),
    ]

    operations = [
        migrations.CreateModel(
            name="LeadSearch",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="leads.lead",
                        verbose_name="lead",
                    ),
                ),
                ("words", models.TextField(verbose_name="words")),
            ],
            options={
                "verbose_name": "words of a lead",
                "verbose_name_plural": "words of leads",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(SQL.read_text(), BACK),
    ]
