"""How a lead stands, and what its number looks like."""

from django.db import models
from django.utils.translation import gettext_lazy as _

E164 = r"^\+[1-9][0-9]{6,14}$"
# What stands in place of a number that was erased (leads.erased): no number begins like it.
NO_NUMBER = r"^\+0[0-9]{13}$"


class CameBy(models.TextChoices):
    """By which way somebody asked to be called."""

    FORM = "form", _("the form")
    API = "api", _("the API")


class LeadStatus(models.TextChoices):
    """How a lead stands. docs/architecture.md draws the transitions."""

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
