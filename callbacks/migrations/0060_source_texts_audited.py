from django.db import migrations

SQL = """
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_sourcetext
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
"""
BACK = "DROP TRIGGER audit ON leads_sourcetext;"


class Migration(migrations.Migration):
    """Who has changed what a form says stands in the audit."""

    dependencies = [("callbacks", "0059_visitor_mail"), ("leads", "0048_source_texts")]

    operations = [migrations.RunSQL(SQL, BACK)]
