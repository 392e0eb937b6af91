from django.db import migrations

SQL = """
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_widget
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_widgettext
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
"""
BACK = """
    DROP TRIGGER audit ON leads_widget;
    DROP TRIGGER audit ON leads_widgettext;
"""


class Migration(migrations.Migration):
    """Who has changed a website's button stands in the audit."""

    dependencies = [("callbacks", "0056_assigned_leads"), ("leads", "0043_widgets")]

    operations = [migrations.RunSQL(SQL, BACK)]
