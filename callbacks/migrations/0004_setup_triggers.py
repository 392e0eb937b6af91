from django.db import migrations

# callbacks.setup keeps these in memory; the function is of leads' migration 0003.
TABLES = [
    "callbacks_team",
    "callbacks_team_sources",
    "callbacks_schedule",
    "callbacks_openinghours",
    "callbacks_callparameters",
    "callbacks_extension",
]
# An extension changes with every call; only what a manager sets counts.
OF_EXTENSION = "OF kind, number, team_id, is_active"


def trigger(table):
    columns = OF_EXTENSION if table == "callbacks_extension" else ""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER setup_changed AFTER INSERT OR UPDATE {columns} OR DELETE OR TRUNCATE
        ON {table} FOR EACH STATEMENT EXECUTE FUNCTION leads_setup_changed()
        """,
        f"DROP TRIGGER setup_changed ON {table}",
    )


class Migration(migrations.Migration):

    dependencies = [
        ("callbacks", "0003_rights_and_record_names"),
        ("leads", "0003_setup_version"),
    ]

    operations = [trigger(table) for table in TABLES]
