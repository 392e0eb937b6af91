"""Sends committed attempts to the provider and records its answers.

Between the two lies one HTTP request that spends money and rings people. A process that dies in
between leaves a row behind, which holds the lead, its number and the extension until the outcome is
known (callbacks.reconciliation.records). No attempt is sent twice: it belongs to the process that
claimed it, or to the one that took it on.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling import account_gate, spend_limits, visitor_clock
from callbacks.calling.apply_outcome import apply, show_on_lead
from callbacks.common import task_publisher
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.routing.claim import Claim
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.scheduling import calling_hours
from callbacks.spending import limits
from callbacks.telephony import account, account_refusals
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
from leads.models import Lead
from leads.phones import PhoneRefused

log = logging.getLogger(__name__)

_INVALID_CALL = "invalid_call"  # CallAttempt.failure_reason: our own check refused the call

_WAKE_UP_IS_LOST_AFTER = timedelta(seconds=3)

# A process that takes longer than this between taking on an attempt and sending it was asleep (a
# suspended machine, or one short of memory). What it knew may be outdated: others may have declared
# the attempt lost, freed its extension and called its lead again. They do that after
# account.answer_is_lost_after, which is much longer and leaves time for the request itself.
SEND_WITHIN = timedelta(seconds=5)

_REFUSED_AS = {
    1: Outcome.INVALID,
    2: Outcome.PROVIDER_ERROR,
    3: Outcome.OFFLINE,
    4: Outcome.BLOCKED,
}


def dial_call(
    client: Client, claim: Claim, lead: Lead, config: RoutingConfig, *, is_try: bool = False
) -> None:
    """Sends the call of a claim that this process made, and records the answer.

    `is_try`: the provider refuses the account, and this call tests whether it still does.
    """
    attempt = claim.attempt
    try:
        call = account.call_for(claim, lead, config)
    except InvalidCall as error:
        is_extensions = account.is_extensions(error.parameter, attempt.extension_id, config)
        _record_invalid(attempt, error, is_extensions=is_extensions)
        if is_try:
            account_gate.give_back(timezone.now())
        return
    _hold_for(attempt, call)
    _send(attempt, lambda: client.call(call), is_try=is_try)
    visitor_clock.note(attempt, lead, config)


def dial_committed(attempt_id: int) -> None:
    """Sends an attempt that another process committed, unless it was sent already."""
    client = account.client()
    attempt = (
        CallAttempt.objects.select_related("lead__source", "extension")
        .filter(pk=attempt_id)
        .first()
    )
    now = timezone.now()
    if attempt is None:
        return
    log_context.follow(attempt.lead_id)
    try:
        if not attempt.take_on(now):
            return
    except IntegrityError as error:
        if not limits.is_reached(error):
            raise
        _record_not_sent(attempt, NotSent(limits.reached(), reason="spending_limit"))
        return
    try:
        number_guard.check_before_dial(attempt.phone, attempt.lead.source)
    except PhoneRefused as refusal:
        _record_refusal(attempt, None, refusal.message, "number", Outcome.INVALID)
        return
    config = current_config()
    opening = calling_hours.next_by_hand(config, attempt.lead.source_id, attempt.phone, now)
    if opening is None or opening > now:
        # The calling window closed after the attempt was committed.
        message = gettext("It is now too late to call this number.")
        _record_not_sent(attempt, NotSent(message, reason="too_late"))
        return
    if attempt.extension:
        claim = Claim(attempt, attempt.extension.kind)
        # A person asked for this very call and sees its result.
        is_try = account_refusals.current() is not None
        dial_call(client, claim, attempt.lead, config, is_try=is_try)
        return
    if account_refusals.current() and not account_gate.may_try(now):
        message = gettext("The telephone provider does not accept the account.")
        _record_not_sent(attempt, NotSent(message, reason="account"))
        return
    try:
        recording = account.message_for(attempt, config)
    except InvalidCall as error:
        _record_invalid(attempt, error)
        account_gate.give_back(timezone.now())
        return
    _hold_for(attempt, recording)
    _send(attempt, lambda: client.message(recording), is_try=True)


def wake_unsent() -> int:
    """For the sweep: wakes a worker for each attempt whose wake-up was lost. Returns how many."""
    unsent = CallAttempt.objects.filter(
        state=AttemptState.DIALING,
        sent_at__isnull=True,
        claimed_at__lt=timezone.now() - _WAKE_UP_IS_LOST_AFTER,
    ).values_list("pk", flat=True)
    for attempt_id in unsent:
        task_publisher.publish(task_publisher.DIAL, attempt_id)
    return len(unsent)


def _hold_for(attempt: CallAttempt, call: Call | Message) -> None:
    """Holds the extension and the number for as long as this call may last.

    The claim knew neither the source's call parameters nor when a worker would take on the attempt.
    """
    hold_until = (attempt.sent_at or attempt.claimed_at) + account.hold_for(call)
    if hold_until != attempt.hold_until:
        CallAttempt.objects.filter(pk=attempt.pk).update(hold_until=hold_until)


def _send(attempt: CallAttempt, ask: Callable[[], Accepted], *, is_try: bool) -> None:
    """Sends one HTTP request and records its result in the attempt, whatever it is."""
    log.info("dialling kind=%s attempt=%s", attempt.kind, attempt.pk)
    try:
        if attempt.sent_at is None or timezone.now() - attempt.sent_at > SEND_WITHIN:
            raise NotSent(gettext("The call was not sent in time."), reason="too_late")
        answer = ask()
    except NotSent as error:
        _record_not_sent(attempt, error)
    except OutcomeUnknown as error:
        _record_unknown(attempt, error)
    except Refused as error:
        _record_answer_no(attempt, error)
        if is_try and account_refusals.shows_that_it_works(error):
            account_gate.works(timezone.now())
    else:
        _record_acceptance(attempt, answer)
        if is_try:
            account_gate.works(timezone.now())
    log.info(
        "dialled kind=%s attempt=%s extension=%s state=%s error_code=%s reason=%s call_id=%s",
        attempt.kind,
        attempt.pk,
        attempt.extension_id,
        attempt.state,
        attempt.error_code,
        attempt.failure_reason or "-",
        attempt.call_id or "-",
    )


def _record_answer_no(attempt: CallAttempt, error: Refused) -> None:
    refused_for = account_refusals.kind_of(error)
    if refused_for is None:
        outcome = _REFUSED_AS.get(error.error_code or 0, Outcome.PROVIDER_ERROR)
        _record_refusal(attempt, error.error_code, error.error_message, error.reason, outcome)
        return
    with transaction.atomic():
        stops_all = account_gate.note(refused_for, attempt, timezone.now())
        _record_refusal(
            attempt,
            error.error_code,
            error.error_message,
            refused_for.value if stops_all else error.reason,
            Outcome.PROVIDER_ERROR,
        )


def _record_invalid(
    attempt: CallAttempt, error: InvalidCall, *, is_extensions: bool = False
) -> None:
    """Our own check refused the call: the extension's number or a call parameter is invalid."""
    outcome = Outcome.MISCONFIGURED if is_extensions else Outcome.INVALID
    _record_refusal(attempt, None, str(error), _INVALID_CALL, outcome)


def _record_acceptance(attempt: CallAttempt, answer: Accepted) -> None:
    now = timezone.now()
    try:
        with transaction.atomic():
            # If this is not won, a record of the call came before the answer, and it says more.
            if attempt.accept(answer.call_id, answer.error_message, now):
                show_on_lead(attempt, now)
    except IntegrityError:
        # The CALLID belongs to another call of ours, so the answer cannot be trusted.
        attempt.refresh_from_db()
        sentence = gettext("The provider answered with the CALLID of another call.")
        _lose_sight(attempt, sentence, "call_id")


def _record_refusal(
    attempt: CallAttempt, error_code: int | None, message: str, reason: str, outcome: Outcome
) -> None:
    now = timezone.now()
    with transaction.atomic():
        if attempt.refuse(outcome, error_code, message[:500], reason, now):
            apply(attempt, now)
            spend_limits.uncount_on_commit(attempt)


def _record_not_sent(attempt: CallAttempt, error: NotSent) -> None:
    now = timezone.now()
    with transaction.atomic():
        if attempt.not_send(str(error)[:500], error.reason, now):
            apply(attempt, now)
            spend_limits.uncount_on_commit(attempt)


def _record_unknown(attempt: CallAttempt, error: OutcomeUnknown) -> None:
    try:
        with transaction.atomic():
            _lose_sight(attempt, str(error), error.reason, error.call_id)
    except IntegrityError:
        _lose_sight(attempt, str(error), error.reason)


def _lose_sight(attempt: CallAttempt, message: str, reason: str, call_id: str = "") -> None:
    now = timezone.now()
    with transaction.atomic():
        if attempt.lose_sight(message[:500], reason, now, call_id):
            attempt.hold_on(account.told_by(attempt, now))
            show_on_lead(attempt)
