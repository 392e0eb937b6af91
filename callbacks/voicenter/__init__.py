"""Voicenter's telephony API as a typed library, independent of Django and of this project.

    client = Client(code="...")
    answer = client.call(Call(phone="101", target="972505550101", record=True))
    answer.call_id

Ten short examples are in docs/voicenter.md. The error tree is in errors.py; what notifications
contain is in events/cdr.py, events/analysis.py and events/popup.py. Subfolders import one way:
values <- http <- click2call | services | events <- client.
"""

from callbacks.voicenter.click2call.answers import Accepted
from callbacks.voicenter.click2call.call import Call
from callbacks.voicenter.click2call.callference import Callference
from callbacks.voicenter.click2call.message import Message
from callbacks.voicenter.click2call.terminate import Terminate
from callbacks.voicenter.client import Client
from callbacks.voicenter.errors import (
    ApplicationError,
    CdrError,
    ConfigurationError,
    ExtensionBlocked,
    ExtensionOffline,
    Forbidden,
    InvalidCall,
    InvalidParameters,
    NotificationError,
    NotSent,
    OutcomeUnknown,
    PopUpError,
    ReadFailed,
    Refused,
    TooManyRequests,
    VoicenterError,
    WrongCode,
)
from callbacks.voicenter.events.analysis import Analysis, read_analysis
from callbacks.voicenter.events.cdr import Cdr, parse_cdr
from callbacks.voicenter.events.popup import PopUp, PopUpStatus, parse_popup, popup_answer
from callbacks.voicenter.http.addresses import Services, services_at
from callbacks.voicenter.http.limiter import LocalRateLimiter, RateLimiter
from callbacks.voicenter.services.active_calls import ExtensionCalls, LiveCall
from callbacks.voicenter.services.blacklist import BlacklistEntry, BlacklistResult
from callbacks.voicenter.services.call_log import CallLogRecord
from callbacks.voicenter.services.extensions import AccountExtension
from callbacks.voicenter.services.login_status import LoginStatus
from callbacks.voicenter.services.search import CALLFERENCE_TYPE, CLICK2CALL_TYPES, CallLogSearch
from callbacks.voicenter.values.leg_outcome import LegOutcome
from callbacks.voicenter.values.phones import normalised, to_e164, to_provider

__all__ = [
    "CALLFERENCE_TYPE",
    "CLICK2CALL_TYPES",
    "Accepted",
    "AccountExtension",
    "Analysis",
    "ApplicationError",
    "BlacklistEntry",
    "BlacklistResult",
    "Call",
    "CallLogRecord",
    "CallLogSearch",
    "Callference",
    "Cdr",
    "CdrError",
    "Client",
    "ConfigurationError",
    "ExtensionBlocked",
    "ExtensionCalls",
    "ExtensionOffline",
    "Forbidden",
    "InvalidCall",
    "InvalidParameters",
    "LegOutcome",
    "LiveCall",
    "LocalRateLimiter",
    "LoginStatus",
    "Message",
    "NotSent",
    "NotificationError",
    "OutcomeUnknown",
    "PopUp",
    "PopUpError",
    "PopUpStatus",
    "RateLimiter",
    "ReadFailed",
    "Refused",
    "Services",
    "Terminate",
    "TooManyRequests",
    "VoicenterError",
    "WrongCode",
    "normalised",
    "parse_cdr",
    "parse_popup",
    "popup_answer",
    "read_analysis",
    "services_at",
    "to_e164",
    "to_provider",
]
