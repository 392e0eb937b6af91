"""The status of a lead, and the format of its number."""

from django.db import models
from django.utils.translation import gettext_lazy as _

E164 = r"^\+[1-9][0-9]{6,14}$"
# The placeholder of an erased number (leads.erased): no real number begins like it.
NO_NUMBER = r"^\+0[0-9]{13}$"


class CameBy(models.TextChoices):
    """How somebody asked for a call."""

    FORM = "form", _("the form")
    API = "api", _("the API")


class LeadStatus(models.TextChoices):
    """The status of a lead. docs/architecture.md draws the transitions."""

    HELD = "held", _("held")
    WAITING = "waiting", _("waiting")
    CALLING = "calling", _("calling")
    CONNECTED = "connected", _("connected")
    CALLED = "called", _("called")
    UNREACHED = "unreached", _("unreached")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    DUPLICATE = "duplicate", _("duplicate")


# These leads still need something done; a number has at most one of them.
OPEN_STATUSES = (LeadStatus.HELD, LeadStatus.WAITING, LeadStatus.CALLING)
