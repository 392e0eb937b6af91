from django.db import migrations

# The text itself stays in its row for good.
SQL = """
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_consenttext
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('', 'text added_at added_by_id');
"""


class Migration(migrations.Migration):
    """Who has written and withdrawn consent texts stands in the audit."""

    dependencies = [("callbacks", "0053_calls_a_day"), ("leads", "0040_consents")]

    operations = [
        migrations.RunSQL(SQL, "DROP TRIGGER audit ON leads_consenttext;"),
    ]
