from django.db import migrations

SQL = """
    CREATE TRIGGER audit AFTER INSERT ON callbacks_erasure
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('wanted digests recordings', 'counts');
"""


class Migration(migrations.Migration):
    """Who has erased a person stands in the audit, and not whom."""

    dependencies = [("callbacks", "0049_sign_in")]

    operations = [
        migrations.RunSQL(SQL, "DROP TRIGGER audit ON callbacks_erasure;"),
    ]
