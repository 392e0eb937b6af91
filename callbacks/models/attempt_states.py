"""Where an attempt stands, and what was asked of the provider."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AttemptState(models.TextChoices):
    """Where an attempt stands. It only moves forward; drawn in docs/architecture.md."""

    DIALING = "dialing", "dialing"
    ACCEPTED = "accepted", "accepted"
    UNKNOWN = "unknown", "unknown"
    NOT_SENT = "not_sent", _("not sent")
    REFUSED = "refused", "refused"
    BRIDGED = "bridged", "bridged"
    PLAYED = "played", _("message played")
    AGENT_NO_ANSWER = "agent_no_answer", _("salesperson did not answer")
    LEAD_NO_ANSWER = "lead_no_answer", _("lead did not answer")
    ENDED = "ended", _("ended, no record")
    NEVER_PLACED = "never_placed", _("never placed")


# A live attempt keeps its lead, its extension and the dialled number to itself.
LIVE_STATES = (AttemptState.DIALING, AttemptState.ACCEPTED, AttemptState.UNKNOWN)

# Ended without anybody knowing whether there was a call: the provider never said yes (0), and no
# record tells. A lead that was called like this needs a person.
NOBODY_KNOWS = Q(state=AttemptState.ENDED, error_code__isnull=True, kind="call")


class AttemptKind(models.TextChoices):
    """What was asked of the provider."""

    CALL = "call", "call"
    MESSAGE = "message", _("recorded message")
