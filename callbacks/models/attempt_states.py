"""The states, outcomes and kinds of call attempts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from callbacks.policy.rules import Outcome


class AttemptState(models.TextChoices):
    """An attempt's state. It only moves forward; see the drawing in docs/architecture.md."""

    DIALING = "dialing", _("dialing")
    ACCEPTED = "accepted", _("accepted")
    UNKNOWN = "unknown", _("unknown")
    NOT_SENT = "not_sent", _("not sent")
    REFUSED = "refused", _("refused")
    BRIDGED = "bridged", _("they talked")
    PLAYED = "played", _("message played")
    AGENT_NO_ANSWER = "agent_no_answer", _("salesperson did not answer")
    AGENT_UNREACHED = "agent_unreached", _("salesperson's phone busy or not reached")
    LEAD_NO_ANSWER = "lead_no_answer", _("lead did not answer")
    LEAD_BUSY = "lead_busy", _("lead's line busy")
    BAD_NUMBER = "bad_number", _("lead's number not reachable")
    LEAD_NOT_RUNG = "lead_not_rung", _("lead's phone did not ring")
    SHORT_TALK = "short_talk", _("answered, too short for a talk")
    STOPPED = "stopped", _("stopped by a manager")
    ENDED = "ended", _("ended, no record")
    NEVER_PLACED = "never_placed", _("never placed")


# Ends known from records, or from a missing record. A later record may change them.
TOLD_BY_RECORDS = (
    AttemptState.AGENT_NO_ANSWER,
    AttemptState.AGENT_UNREACHED,
    AttemptState.LEAD_NO_ANSWER,
    AttemptState.LEAD_BUSY,
    AttemptState.BAD_NUMBER,
    AttemptState.LEAD_NOT_RUNG,
    AttemptState.SHORT_TALK,
)

# Ends of calls that never happened, according to the provider or a person. A phone that rang
# disproves them.
HELD_NOT_TO_BE = (AttemptState.NEVER_PLACED, AttemptState.REFUSED, AttemptState.NOT_SENT)

# Ends that a talk disproves, if its record comes later.
DISPROVED_BY_A_TALK = (*TOLD_BY_RECORDS, *HELD_NOT_TO_BE, AttemptState.STOPPED)

# CallAttempt.failure_reason of calls that we did not send: a spending limit was reached, it was too
# late, no worker picked it up, or the account is refused. The provider was not asked, so it has not
# failed.
NOT_SENT_BY_US = ("spending_limit", "too_late", "not_taken_on", "account")

# A live attempt reserves its lead, its extension and the dialled number.
LIVE_STATES = (AttemptState.DIALING, AttemptState.ACCEPTED, AttemptState.UNKNOWN)


class AttemptOutcome(models.TextChoices):
    """How a call ended, in the words of the policy (policy.rules.Outcome)."""

    OFFLINE = Outcome.OFFLINE.value, _("extension offline")
    BLOCKED = Outcome.BLOCKED.value, _("extension blocked")
    INVALID = Outcome.INVALID.value, _("invalid parameters")
    MISCONFIGURED = Outcome.MISCONFIGURED.value, _("extension set up wrongly")
    PROVIDER_ERROR = Outcome.PROVIDER_ERROR.value, _("provider error")
    NOT_SENT = Outcome.NOT_SENT.value, _("not sent")
    AGENT_NO_ANSWER = Outcome.AGENT_NO_ANSWER.value, _("salesperson did not answer")
    AGENT_UNREACHED = Outcome.AGENT_UNREACHED.value, _("salesperson's phone busy or not reached")
    LEAD_NO_ANSWER = Outcome.LEAD_NO_ANSWER.value, _("lead did not answer")
    LEAD_BUSY = Outcome.LEAD_BUSY.value, _("lead's line busy")
    BAD_NUMBER = Outcome.BAD_NUMBER.value, _("lead's number not reachable")
    LEAD_NOT_RUNG = Outcome.LEAD_NOT_RUNG.value, _("lead's phone did not ring")
    SHORT_TALK = Outcome.SHORT_TALK.value, _("answered, too short for a talk")
    STOPPED = Outcome.STOPPED.value, _("stopped by a manager")
    BRIDGED = Outcome.BRIDGED.value, _("they talked")
    NO_RECORD = Outcome.NO_RECORD.value, _("accepted, no record came")
    NEVER_KNOWN = Outcome.NEVER_KNOWN.value, _("outcome unknown")


# The outcome of a call by its end state, where the state alone tells. For `refused`, the provider's
# code tells; for `ended`, whether the call was accepted and its records are clear.
OUTCOME_OF: dict[str, Outcome] = {
    AttemptState.NOT_SENT: Outcome.NOT_SENT,
    AttemptState.NEVER_PLACED: Outcome.NOT_SENT,
    AttemptState.BRIDGED: Outcome.BRIDGED,
    AttemptState.AGENT_NO_ANSWER: Outcome.AGENT_NO_ANSWER,
    AttemptState.AGENT_UNREACHED: Outcome.AGENT_UNREACHED,
    AttemptState.LEAD_NO_ANSWER: Outcome.LEAD_NO_ANSWER,
    AttemptState.LEAD_BUSY: Outcome.LEAD_BUSY,
    AttemptState.BAD_NUMBER: Outcome.BAD_NUMBER,
    AttemptState.LEAD_NOT_RUNG: Outcome.LEAD_NOT_RUNG,
    AttemptState.SHORT_TALK: Outcome.SHORT_TALK,
    AttemptState.STOPPED: Outcome.STOPPED,
}

# Nobody knows whether the lead was reached: the call was never accepted and no record came, or its
# records do not tell. A person has to find out.
NOBODY_KNOWS = Q(outcome=Outcome.NEVER_KNOWN.value)


class AttemptKind(models.TextChoices):
    """What the provider was asked for."""

    CALL = "call", _("call")
    MESSAGE = "message", _("recorded message")
