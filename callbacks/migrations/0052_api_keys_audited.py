from django.db import migrations

# `last_used_at` is written each minute, and by no person.
SQL = """
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_apiclient
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON leads_apiclient_sources
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1();
    CREATE TRIGGER audit AFTER INSERT
        OR UPDATE OF client_id, prefix, digest, made_at, made_by_id, expires_at, ended_at
        OR DELETE ON leads_apikey
        FOR EACH ROW EXECUTE FUNCTION callbacks_audit_v1('digest', 'last_used_at');
"""
NONE = """
    DROP TRIGGER audit ON leads_apiclient;
    DROP TRIGGER audit ON leads_apiclient_sources;
    DROP TRIGGER audit ON leads_apikey;
"""


class Migration(migrations.Migration):
    """Who made, replaced and ended which key of the API stands in the audit; the key does not."""

    dependencies = [
        ("callbacks", "0051_looked_up"),
        ("leads", "0038_api_clients"),
    ]

    operations = [migrations.RunSQL(SQL, NONE)]
