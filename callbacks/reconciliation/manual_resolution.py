"""Calls with an unknown outcome: a person finds out and decides.

Nothing here happens automatically. A decision locks the attempt's row, and so does a record that is
applied: if both come at the same moment, the second sees what the first did.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling import manual
from callbacks.calling.apply_outcome import apply
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, UnknownOutcome, time_accounting
from callbacks.models.attempt_states import NOBODY_KNOWS, AttemptState
from callbacks.reconciliation import corrections
from leads import log_context
from leads.models import LeadStatus

log = logging.getLogger(__name__)

# The longest time from the request until the salesperson's phone rings.
BEGINS_WITHIN = timedelta(seconds=30)


def open_questions() -> QuerySet[UnknownOutcome]:
    """Attempts that wait for a person: the outcome is unknown, and the lead failed because of it.

    Once a lead is called again, its earlier calls need no decision.
    """
    return UnknownOutcome.objects.filter(
        NOBODY_KNOWS, lead__status=LeadStatus.FAILED, ended_at__gte=F("lead__counted_from")
    )


def they_talked(attempt_id: int, user: object) -> str:
    """A person found out that the two talked. Returns a sentence, or raises CannotCall with one.

    Nobody noted when the lead answered, so the moment when the salesperson picked up is used, if it
    is known. Otherwise the talk starts at the provider's answer, and the lead's phone has no ring
    time: no figure counts the lead as in time, missed, or reached after so long.
    """
    with transaction.atomic():
        attempt = _question(attempt_id)
        records = list(attempt.records.all())
        facts = time_accounting.facts_of(attempt, records)
        picked_up_at = time_accounting.picked_up(facts, attempt.ended_at or timezone.now())
        at = picked_up_at or attempt.answered_at or attempt.claimed_at
        if not corrections.correct(attempt, AttemptState.BRIDGED, at, records):
            raise CannotCall(
                gettext("The lead is already being called again. Nothing was changed.")
            )
    log_context.follow(attempt.lead_id)
    log.info("they talked attempt=%s user=%s", attempt_id, _id(user))
    return gettext("The lead is connected and is not called again.")


def call_again(attempt_id: int, user: object) -> str:
    """A person found out that the two did not talk, or cannot find out: manual.call_now."""
    with transaction.atomic():
        attempt = _question(attempt_id)
        said = manual.call_now(attempt.lead_id, user)
    log.info("call again attempt=%s user=%s", attempt_id, _id(user))
    return said


def no_call_came(attempt_id: int, user: object) -> str:
    """A person says that no phone rang for a call whose answer was lost: its lead goes on.

    Returns a sentence, or raises CannotCall with one if a phone may still start to ring.
    """
    now = timezone.now()
    with transaction.atomic():
        attempt = CallAttempt.objects.select_for_update().filter(pk=attempt_id).first()
        if attempt is None or attempt.state != AttemptState.UNKNOWN:
            raise CannotCall(gettext("The outcome of that call is now known."))
        log_context.follow(attempt.lead_id)
        if now < begins_by(attempt):
            raise CannotCall(gettext("The phone may still ring. Wait half a minute."))
        if not attempt.disprove(now):
            raise CannotCall(gettext("The outcome of that call is now known."))
        apply(attempt, now)
    log.info("no call came attempt=%s user=%s", attempt_id, _id(user))
    return gettext("No call came: the phone is free, and the lead will be called again.")


def begins_by(attempt: CallAttempt) -> datetime:
    """When a call whose answer was lost has rung the salesperson, if it ever does."""
    return (attempt.sent_at or attempt.claimed_at) + BEGINS_WITHIN


def _question(attempt_id: int) -> UnknownOutcome:
    """The attempt, locked. Raises CannotCall if it no longer needs a decision."""
    attempt = UnknownOutcome.objects.select_for_update().filter(pk=attempt_id).first()
    if attempt and open_questions().filter(pk=attempt_id).exists():
        return attempt
    if attempt and attempt.state != AttemptState.ENDED:
        sentence = gettext("The outcome is now known: %(state)s. Nothing was changed.")
        raise CannotCall(sentence % {"state": attempt.get_state_display()})
    raise CannotCall(gettext("Somebody has already decided. Nothing was changed."))


def _id(user: object) -> object:
    return getattr(user, "pk", None)
