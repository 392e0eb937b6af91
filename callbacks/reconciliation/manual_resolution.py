"""Calls of which nobody knows how they ended: a person finds out and decides.

Nothing here happens by itself. Each decision is taken on the attempt's row while it is locked, as
records are applied: of a decision and a record that come at the same moment, the second one finds
what the first has done.
"""

import logging

from django.db import transaction
from django.db.models import F, QuerySet

from callbacks.calling import manual
from callbacks.calling.manual import CannotCall
from callbacks.models import UnknownOutcome
from callbacks.models.attempt_states import NOBODY_KNOWS, AttemptState
from callbacks.reconciliation import corrections
from leads import log_context
from leads.models import LeadStatus

log = logging.getLogger(__name__)


def open_questions() -> QuerySet[UnknownOutcome]:
    """Attempts that wait for a person: nobody knows, and the lead is where they have left it.

    A lead that was called again since, by whomever, asks nothing more about its earlier calls.
    """
    return UnknownOutcome.objects.filter(
        NOBODY_KNOWS, lead__status=LeadStatus.FAILED, ended_at__gte=F("lead__counted_from")
    )


def they_talked(attempt_id: int, user: object) -> str:
    """A person has learnt that the two talked. Returns a sentence; raises CannotCall with one.

    When the lead's phone was answered nobody has noted; it counts as the moment at which the
    salesperson picked up, else at which the provider's answer was given up.
    """
    with transaction.atomic():
        attempt = _question(attempt_id)
        at = attempt.picked_up_at or attempt.answered_at or attempt.claimed_at
        if not corrections.correct(attempt, AttemptState.BRIDGED, at, attempt.records.all()):
            raise CannotCall("The lead is being called again already. Nothing was changed.")
    log_context.follow(attempt.lead.public_id)
    log.info("they talked attempt=%s user=%s", attempt_id, _id(user))
    return "The lead is connected: nobody calls again."


def call_again(attempt_id: int, user: object) -> str:
    """A person has learnt that they have not, or cannot find out. As by_hand.call_now."""
    with transaction.atomic():
        attempt = _question(attempt_id)
        said = manual.call_now(attempt.lead_id, user)
    log.info("call again attempt=%s user=%s", attempt_id, _id(user))
    return said


def _question(attempt_id: int) -> UnknownOutcome:
    """The attempt, locked. Raises CannotCall when it asks nothing any more."""
    attempt = UnknownOutcome.objects.select_for_update().filter(pk=attempt_id).first()
    if attempt and open_questions().filter(pk=attempt_id).exists():
        return attempt
    if attempt and attempt.state != AttemptState.ENDED:
        state = attempt.get_state_display()
        raise CannotCall(f"It has become known meanwhile: {state}. Nothing was changed.")
    raise CannotCall("Somebody has decided meanwhile. Nothing was changed.")


def _id(user: object) -> object:
    return getattr(user, "pk", None)
