from django.db import migrations

SQL = """
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_formfield
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_formfieldtext
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
"""
BACK = """
    DROP TRIGGER audit ON leads_formfield;
    DROP TRIGGER audit ON leads_formfieldtext;
"""


class Migration(migrations.Migration):
    """Who has changed the fields of a form stands in the audit."""

    dependencies = [("callbacks", "0063_account_refusals"), ("leads", "0049_form_fields")]

    operations = [migrations.RunSQL(SQL, BACK)]
