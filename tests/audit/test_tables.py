"""Each table is kept in the audit, or there is a reason why not."""

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

# Tables that the audit does not keep, by reason.
WITHOUT = {
    "a lead, and what follows from it; what people do with it are acts": [
        "leads_lead", "leads_clockchange", "leads_earlierplan", "leads_finding", "leads_latewait",
        "leads_leadsearch", "callbacks_callattempt", "callbacks_callrecord", "callbacks_aidata",
        "callbacks_callnote", "leads_challenge", "leads_legalhold", "leads_consent",
        "leads_blockday", "leads_takenback", "leads_attribution", "leads_feedback",
        "leads_answers",
    ],
    "what the product sends, and what it notes for itself": [
        "callbacks_outgoingmail", "callbacks_mailattachment", "callbacks_alert",
        "callbacks_alertmessage", "callbacks_alerttelling", "callbacks_alertwatch",
        "callbacks_presence", "callbacks_pause", "callbacks_historystart", "leads_setupversion",
        "callbacks_study", "callbacks_seencountry", "callbacks_rolegroup",
        "callbacks_accountrefusal", "callbacks_storeheartbeat",
    ],
    "somebody's own, which changes nothing for others": [
        "callbacks_savedlist", "callbacks_savedview", "callbacks_chosenlanguage",
    ],
    "which sources and teams somebody is told of": [
        "callbacks_alertreceiver_sources", "callbacks_alertreceiver_teams",
    ],
    "a receipt, which is kept as it is": ["leads_erasednumber"],
    "strangers at the door": [
        "axes_accessattempt", "axes_accessattemptexpiration", "axes_accessfailurelog",
        "axes_accesslog",
    ],
    "signing in; what people do with it stands in the admin's log, which is kept": [
        "callbacks_authenticator", "callbacks_nametries", "callbacks_recoverycode",
        "callbacks_signin",
    ],
    "Django's own": ["auth_permission", "django_content_type", "django_session"],
    "the audit itself": ["callbacks_auditentry"],
}  # fmt: skip


def test_every_table_is_kept_or_has_a_reason() -> None:
    models = apps.get_models(include_auto_created=True)
    tables = {it._meta.db_table for it in models if it._meta.managed and not it._meta.proxy}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE tgname = 'audit'"
        )
        kept = {name for (name,) in cursor.fetchall()}
    without = {table for named in WITHOUT.values() for table in named}
    assert kept.isdisjoint(without)
    assert tables == kept | without
