"""The admin: what a sales manager sees and does.

Lead and LeadSource are registered here because their pages show calls, and `leads` does not know
about calls.

This package does not decide what may happen to a lead or an extension's call: it asks
`calling.manual`, shows the answer and writes it into Django's log.
"""

from callbacks.admin import access, column_names
from callbacks.admin.alerts import alert_admin, receiver_admin
from callbacks.admin.api_clients import client_admin
from callbacks.admin.attempts import attempt_admin, record_admin, unknown_outcomes
from callbacks.admin.audit import audit_admin
from callbacks.admin.exports import export_record_admin
from callbacks.admin.extensions import extension_admin, pause_admin
from callbacks.admin.leads import (
    block_admin,
    disposition_admin,
    held_leads,
    lead_admin,
    never_call_admin,
    saved_lists,
    source_admin,
)
from callbacks.admin.mail import outgoing_mail_admin
from callbacks.admin.privacy import erasure_admin
from callbacks.admin.saved_views import saved_view_admin, subscription_admin
from callbacks.admin.schedules import schedule_admin
from callbacks.admin.signin import authenticator_admin, sign_in_admin
from callbacks.admin.spending import limit_admin, price_admin
from callbacks.admin.teams import team_admin
from callbacks.admin.wallboards import wallboard_admin

__all__ = [
    "access",
    "alert_admin",
    "attempt_admin",
    "audit_admin",
    "authenticator_admin",
    "block_admin",
    "client_admin",
    "column_names",
    "disposition_admin",
    "erasure_admin",
    "export_record_admin",
    "extension_admin",
    "held_leads",
    "lead_admin",
    "limit_admin",
    "never_call_admin",
    "outgoing_mail_admin",
    "pause_admin",
    "price_admin",
    "receiver_admin",
    "record_admin",
    "saved_lists",
    "saved_view_admin",
    "schedule_admin",
    "sign_in_admin",
    "source_admin",
    "subscription_admin",
    "team_admin",
    "unknown_outcomes",
    "wallboard_admin",
]
