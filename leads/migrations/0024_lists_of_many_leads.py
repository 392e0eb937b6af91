from django.db import migrations, models

# So many leads at a time, each time a transaction of its own.
AT_ONCE = 20_000
FILL = """
    INSERT INTO leads_leadsearch (lead_id, words)
    SELECT id, leads_search_words(concat_ws(' ', name, email, substr(phone, 2), message))
    FROM leads_lead WHERE id > %s AND id <= %s
    ON CONFLICT (lead_id) DO NOTHING
"""


def fill(_apps, schema_editor):
    """The leads that are stored already. Those that come or change meanwhile, triggers see to."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0) FROM leads_lead")
        first, last = cursor.fetchone()
        for after in range(first, last, AT_ONCE):
            cursor.execute(FILL, [after, after + AT_ONCE])


def concurrently(name, definition):
    """Made while leads come in; made anew if it was broken off."""
    return migrations.RunSQL(
        [f"DROP INDEX IF EXISTS {name}", f"CREATE INDEX CONCURRENTLY {name} ON {definition}"],
        f"DROP INDEX IF EXISTS {name}",
    )


class Migration(migrations.Migration):
    """The indexes of the list and of the search, while leads come in; it may be broken off."""

    atomic = False

    dependencies = [
        ("leads", "0023_lead_search"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        # A lead that is stored waits for no more than a few others' entries in the index.
        concurrently(
            "lead_search_keys",
            "leads_leadsearch USING gin (leads_search_keys(words, lead_id >> 14))"
            " WITH (fastupdate = on, gin_pending_list_limit = 64)",
        ),
        migrations.SeparateDatabaseAndState(
            [concurrently("lead_by_status", "leads_lead (status, submitted_at DESC)")],
            [
                migrations.AddIndex(
                    "lead", models.Index(fields=["status", "-submitted_at"], name="lead_by_status")
                )
            ],
        ),
        migrations.SeparateDatabaseAndState(
            [concurrently("lead_by_source", "leads_lead (source_id, submitted_at DESC)")],
            [
                migrations.AddIndex(
                    "lead", models.Index(fields=["source", "-submitted_at"], name="lead_by_source")
                )
            ],
        ),
        migrations.AlterField(
            model_name="lead",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=models.deletion.PROTECT,
                related_name="leads",
                to="leads.leadsource",
                verbose_name="source",
            ),
        ),
    ]
