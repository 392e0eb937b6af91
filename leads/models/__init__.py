"""Who asked for a call back, through which form, and what happened."""

from leads.models.api_clients import ApiClient, ApiKey, ApiScope
from leads.models.attributions import Attribution
from leads.models.blocks import BlockDay, BlockEntry, BlockKind, BlockVerdict
from leads.models.challenges import Challenge
from leads.models.clock_changes import ClockChange
from leads.models.consents import Consent, ConsentText
from leads.models.dispositions import Disposition, DispositionEffect
from leads.models.earlier_plans import EarlierPlan
from leads.models.erased_numbers import ErasedNumber
from leads.models.feedback import Feedback
from leads.models.findings import Finding
from leads.models.form_fields import Answers, FieldKind, FormField, FormFieldText, Need
from leads.models.held_leads import HeldLead, is_held
from leads.models.late_waits import LateWait
from leads.models.lead import Lead
from leads.models.lead_search import LeadSearch
from leads.models.lead_status import E164, NO_NUMBER, OPEN_STATUSES, CameBy, LeadStatus
from leads.models.legal_holds import LegalHold
from leads.models.logos import Logo
from leads.models.never_call import ListedBy, NeverCallNumber
from leads.models.setup_version import SetupVersion
from leads.models.source_texts import SourceText
from leads.models.sources import (
    LANGUAGE,
    AfterThat,
    LeadSource,
    SlaClock,
    WithoutKey,
    default_countries,
    validate_country,
)
from leads.models.taken_back import TakenBack, WhyTakenBack
from leads.models.widgets import Appears, Side, Widget, WidgetText

__all__ = [
    "E164",
    "LANGUAGE",
    "NO_NUMBER",
    "OPEN_STATUSES",
    "AfterThat",
    "Answers",
    "ApiClient",
    "ApiKey",
    "ApiScope",
    "Appears",
    "Attribution",
    "BlockDay",
    "BlockEntry",
    "BlockKind",
    "BlockVerdict",
    "CameBy",
    "Challenge",
    "ClockChange",
    "Consent",
    "ConsentText",
    "Disposition",
    "DispositionEffect",
    "EarlierPlan",
    "ErasedNumber",
    "Feedback",
    "FieldKind",
    "Finding",
    "FormField",
    "FormFieldText",
    "HeldLead",
    "LateWait",
    "Lead",
    "LeadSearch",
    "LeadSource",
    "LeadStatus",
    "LegalHold",
    "ListedBy",
    "Logo",
    "Need",
    "NeverCallNumber",
    "SetupVersion",
    "Side",
    "SlaClock",
    "SourceText",
    "TakenBack",
    "WhyTakenBack",
    "Widget",
    "WidgetText",
    "WithoutKey",
    "default_countries",
    "is_held",
    "validate_country",
]
