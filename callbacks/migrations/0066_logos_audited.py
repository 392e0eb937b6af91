from django.db import migrations

# A picture's digest says that it has changed; its bytes are left out.
SQL = """
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_logo
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('', 'image');
"""
BACK = "DROP TRIGGER audit ON leads_logo;"


class Migration(migrations.Migration):
    """Who has changed a source's logo stands in the audit."""

    dependencies = [("callbacks", "0065_team_calling_window"), ("leads", "0052_logos")]

    operations = [migrations.RunSQL(SQL, BACK)]
