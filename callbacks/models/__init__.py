"""The database tables of `callbacks`."""

from callbacks.models.account_refusals import AccountRefusal
from callbacks.models.ai_data import AiData
from callbacks.models.alerts import (
    Alert,
    AlertMessage,
    AlertReceiver,
    AlertTelling,
    AlertWatch,
)
from callbacks.models.audit import AuditEntry
from callbacks.models.call_notes import CallNote
from callbacks.models.calls import CallAttempt
from callbacks.models.chosen_languages import ChosenLanguage
from callbacks.models.erasures import Erasure
from callbacks.models.exports import ExportRecord
from callbacks.models.extensions import Extension, Presence
from callbacks.models.outgoing_mail import MailAttachment, OutgoingMail
from callbacks.models.parameters import CallParameters, SourceMessages
from callbacks.models.pauses import HistoryStart, Pause
from callbacks.models.records import CallRecord
from callbacks.models.roles import RoleGroup
from callbacks.models.saved_lists import SavedList
from callbacks.models.saved_views import SavedView
from callbacks.models.schedules import OpeningHours, Schedule, ScheduleException
from callbacks.models.seen_countries import SeenCountry
from callbacks.models.sign_in import Authenticator, NameTries, RecoveryCode, SignIn
from callbacks.models.spending import CallPrice, SpendCount, SpendLimit
from callbacks.models.store_heartbeat import StoreHeartbeat
from callbacks.models.studies import Study
from callbacks.models.subscriptions import ReportSubscription
from callbacks.models.teams import Team, TeamSource
from callbacks.models.unknown_outcomes import UnknownOutcome
from callbacks.models.wallboards import Wallboard

__all__ = [
    "AccountRefusal",
    "AiData",
    "Alert",
    "AlertMessage",
    "AlertReceiver",
    "AlertTelling",
    "AlertWatch",
    "AuditEntry",
    "Authenticator",
    "CallAttempt",
    "CallNote",
    "CallParameters",
    "CallPrice",
    "CallRecord",
    "ChosenLanguage",
    "Erasure",
    "ExportRecord",
    "Extension",
    "HistoryStart",
    "MailAttachment",
    "NameTries",
    "OpeningHours",
    "OutgoingMail",
    "Pause",
    "Presence",
    "RecoveryCode",
    "ReportSubscription",
    "RoleGroup",
    "SavedList",
    "SavedView",
    "Schedule",
    "ScheduleException",
    "SeenCountry",
    "SignIn",
    "SourceMessages",
    "SpendCount",
    "SpendLimit",
    "StoreHeartbeat",
    "Study",
    "Team",
    "TeamSource",
    "UnknownOutcome",
    "Wallboard",
]
