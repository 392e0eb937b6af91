"""Sending what has been committed, and recording what the provider said.

Between the two lies one HTTP request that spends money and rings people. Whatever dies in between
leaves a row behind that keeps the lead, its number and the extension until somebody knows what
happened (callbacks.reconciliation.records). Nothing here sends an attempt twice: it belongs to who
claimed it, or to the one who took it on.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from callbacks.calling.apply_outcome import INVALID_CALL, apply, mirror
from callbacks.common import task_publisher
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.routing.claim import Claim
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_setup
from callbacks.scheduling import calling_hours
from callbacks.telephony import account
from callbacks.voicenter import (
    Accepted,
    Call,
    Client,
    InvalidCall,
    Message,
    NotSent,
    OutcomeUnknown,
    Refused,
)
from leads import log_context, number_guard
from leads.models import Lead, LeadStatus
from leads.phones import PhoneRefused

log = logging.getLogger(__name__)

_WAKE_UP_IS_LOST_AFTER = timedelta(seconds=3)

# Whoever takes longer from taking an attempt on to sending it was asleep (a suspended machine, one
# without memory) and must not trust what it knew: others may have found the attempt lost, freed its
# extension and called its lead again. Far below the least time after which they do
# (account.answer_is_lost_after), so that sending itself has its time too.
SEND_WITHIN = timedelta(seconds=5)

_REFUSED_AS = {
    1: Outcome.INVALID,
    2: Outcome.PROVIDER_ERROR,
    3: Outcome.OFFLINE,
    4: Outcome.BLOCKED,
}


def dial_call(client: Client, claim: Claim, lead: Lead, setup: RoutingConfig) -> None:
    """Sends the call of a claim whose attempt is ours to send, and records what came of it."""
    attempt = claim.attempt
    try:
        call = account.call_for(claim, lead, setup)
    except InvalidCall as error:
        _record_invalid(attempt, error)
        return
    _hold_for(attempt, call)
    _send(attempt, lambda: client.call(call))


def dial_committed(attempt_id: int) -> None:
    """Sends an attempt that was committed by somebody else, unless somebody else has sent it."""
    client = account.client()
    attempt = (
        CallAttempt.objects.select_related("lead__source", "extension")
        .filter(pk=attempt_id)
        .first()
    )
    now = timezone.now()
    if attempt is None or not attempt.take_on(now):
        return
    log_context.follow(attempt.lead.public_id)
    try:
        number_guard.check_before_dial(attempt.phone, attempt.lead.source)
    except PhoneRefused as refusal:
        _record_refusal(attempt, None, refusal.message, "number", Outcome.INVALID)
        return
    setup = current_setup()
    if not calling_hours.in_window(setup, attempt.lead.source_id, attempt.phone, now):
        # It was in time when it was committed.
        _record_not_sent(attempt, NotSent("It has become too late to ring.", reason="too_late"))
        return
    if attempt.extension:
        claim = Claim(attempt, attempt.extension.kind)
        dial_call(client, claim, attempt.lead, setup)
        return
    try:
        message = account.message_for(attempt, setup)
    except InvalidCall as error:
        _record_invalid(attempt, error)
        return
    _hold_for(attempt, message)
    _send(attempt, lambda: client.message(message))


def wake_unsent() -> int:
    """For the sweep: committed attempts whose wake-up was lost. Returns how many."""
    unsent = CallAttempt.objects.filter(
        state=AttemptState.DIALING,
        sent_at__isnull=True,
        claimed_at__lt=timezone.now() - _WAKE_UP_IS_LOST_AFTER,
    ).values_list("pk", flat=True)
    for attempt_id in unsent:
        task_publisher.publish(task_publisher.DIAL, attempt_id)
    return len(unsent)


def _hold_for(attempt: CallAttempt, call: Call | Message) -> None:
    """As long as this call may last: the claim did not know what its source wants, nor when a
    worker would take on what it committed for one.
    """
    hold_until = (attempt.sent_at or attempt.claimed_at) + account.hold_for(call)
    if hold_until != attempt.hold_until:
        CallAttempt.objects.filter(pk=attempt.pk).update(hold_until=hold_until)


def _send(attempt: CallAttempt, ask: Callable[[], Accepted]) -> None:
    """One HTTP request; whatever it ends in has its place in the attempt."""
    log.info("dialling kind=%s attempt=%s", attempt.kind, attempt.pk)
    try:
        if attempt.sent_at is None or timezone.now() - attempt.sent_at > SEND_WITHIN:
            raise NotSent("It was not sent in time.", reason="too_late")
        answer = ask()
    except NotSent as error:
        _record_not_sent(attempt, error)
    except OutcomeUnknown as error:
        _record_unknown(attempt, error)
    except Refused as error:
        outcome = _REFUSED_AS.get(error.error_code or 0, Outcome.PROVIDER_ERROR)
        _record_refusal(attempt, error.error_code, error.error_message, error.reason, outcome)
    else:
        _record_acceptance(attempt, answer)
    log.info(
        "dialled kind=%s attempt=%s extension=%s state=%s error_code=%s reason=%s call_id=%s",
        attempt.kind,
        attempt.pk,
        attempt.extension_id,
        attempt.state,
        attempt.error_code,
        attempt.reason or "-",
        attempt.call_id or "-",
    )


def _record_invalid(attempt: CallAttempt, error: InvalidCall) -> None:
    """Refused by our own check of the call: the extension's number, or a source's parameters."""
    is_extension = error.parameter in {"phone", "phone_login_code"} and attempt.extension_id
    outcome = Outcome.MISCONFIGURED if is_extension else Outcome.INVALID
    _record_refusal(attempt, None, str(error), INVALID_CALL, outcome)


def _record_acceptance(attempt: CallAttempt, answer: Accepted) -> None:
    now = timezone.now()
    try:
        with transaction.atomic():
            # Not won: a record of the call was here before its answer, and has told more.
            if attempt.accept(answer.call_id, answer.error_message, now):
                Lead.objects.filter(pk=attempt.lead_id, status=LeadStatus.CALLING).update(
                    **mirror(attempt), first_dialed_at=Coalesce("first_dialed_at", now)
                )
    except IntegrityError:
        # The CALLID of another call of ours: this answer contradicts itself.
        attempt.refresh_from_db()
        _lose_sight(attempt, "The provider answered with the CALLID of another call.", "call_id")


def _record_refusal(
    attempt: CallAttempt, error_code: int | None, message: str, reason: str, outcome: Outcome
) -> None:
    now = timezone.now()
    with transaction.atomic():
        if attempt.refuse(error_code, message[:500], reason, now):
            apply(attempt, outcome, now)


def _record_not_sent(attempt: CallAttempt, error: NotSent) -> None:
    now = timezone.now()
    with transaction.atomic():
        if attempt.not_send(str(error)[:500], error.reason, now):
            apply(attempt, Outcome.NOT_SENT, now)


def _record_unknown(attempt: CallAttempt, error: OutcomeUnknown) -> None:
    try:
        with transaction.atomic():
            _lose_sight(attempt, str(error), error.reason, error.call_id)
    except IntegrityError:
        _lose_sight(attempt, str(error), error.reason)


def _lose_sight(attempt: CallAttempt, message: str, reason: str, call_id: str = "") -> None:
    with transaction.atomic():
        if attempt.lose_sight(message[:500], reason, timezone.now(), call_id):
            Lead.objects.filter(pk=attempt.lead_id, status=LeadStatus.CALLING).update(
                **mirror(attempt)
            )
