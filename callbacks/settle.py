"""Carrying out what an outcome means: the lead, the extension, and who is woken for it.

The rules are in callbacks.outcomes; this is their one way into the database, for the provider's
answers (dispatch) and for its records (reconcile).
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from callbacks import matching, messages, wakeups
from callbacks.models import CallAttempt, Extension
from callbacks.models.calls import AttemptKind, AttemptState
from callbacks.outcomes import ExtensionStep, LeadStep, Outcome, Policy, Step, next_step
from leads.models import Lead, LeadStatus

POLICY = Policy()
INVALID_CALL = "invalid_call"  # CallAttempt.reason of Outcome.MISCONFIGURED

# Attempts that do not count towards MAX_ATTEMPTS: they ended with the extension.
_BLAMELESS = (
    Q(error_code__in=(3, 4)) | Q(state=AttemptState.AGENT_NO_ANSWER) | Q(reason=INVALID_CALL)
)
# How earlier attempts of the same outcome are recognised.
_SAME: dict[Outcome, Q] = {
    Outcome.INVALID: Q(state=AttemptState.REFUSED, error_code=1),
    Outcome.PROVIDER_ERROR: Q(state__in=(AttemptState.REFUSED, AttemptState.NOT_SENT))
    & ~Q(error_code__in=(1, 3, 4))
    & ~Q(reason=INVALID_CALL),
    Outcome.LEAD_NO_ANSWER: Q(state=AttemptState.LEAD_NO_ANSWER),
}
_SAME[Outcome.NOT_SENT] = _SAME[Outcome.PROVIDER_ERROR]

_CLOSED_AS = {
    LeadStep.CONNECTED: LeadStatus.CONNECTED,
    LeadStep.CALLED: LeadStatus.CALLED,
    LeadStep.UNREACHED: LeadStatus.UNREACHED,
    LeadStep.FAILED: LeadStatus.FAILED,
}


def settle(attempt: CallAttempt, outcome: Outcome, now: datetime) -> None:
    """Applies `outcome` to the lead and the extension of an attempt that has just ended.

    Call it in the transaction of the transition, and only when that was won. The wake-ups go out
    once it is committed.
    """
    if attempt.extension_id is None:
        return  # a message: played to a lead or not, it decides nothing about calling it
    step = _step(attempt, outcome)
    _settle_lead(attempt, step, now)
    _settle_extension(attempt, attempt.extension_id, step, outcome, now)


def mirror(attempt: CallAttempt) -> dict[str, Any]:
    """What a lead shows of its newest attempt."""
    return {
        "call_id": attempt.call_id,
        "error_code": attempt.error_code,
        "error_message": attempt.error_message,
    }


def _step(attempt: CallAttempt, outcome: Outcome) -> Step:
    if outcome is Outcome.BRIDGED:
        return next_step(outcome, 0, 1, POLICY)  # by far the most frequent; nothing to count
    others = CallAttempt.objects.filter(
        lead_id=attempt.lead_id,
        kind=AttemptKind.CALL,
        claimed_at__gte=F("lead__counted_from"),
    ).exclude(pk=attempt.pk)
    same_before = others.filter(_SAME[outcome]).count() if outcome in _SAME else 0
    attempts = others.exclude(_BLAMELESS).count() + 1
    return next_step(outcome, same_before, attempts, POLICY)


def _settle_lead(attempt: CallAttempt, step: Step, now: datetime) -> None:
    values = mirror(attempt)
    if step.message:
        values["error_message"] = step.message
    if step.lead is LeadStep.CALL_AGAIN:
        values |= {"status": LeadStatus.WAITING, "call_after": now + step.after}
    else:
        values |= {"status": _CLOSED_AS[step.lead], "closed_at": now}
    if step.lead is LeadStep.CONNECTED:
        values["connected_at"] = attempt.connected_at
    # Somebody may have taken the lead out of our hands (cancelled it): then it stays there.
    moved = Lead.objects.filter(pk=attempt.lead_id, status=LeadStatus.CALLING).update(**values)
    if moved and step.lead is LeadStep.CALL_AGAIN and not step.after:
        wakeups.call_lead_on_commit(attempt.lead_id)
    if moved and step.lead is LeadStep.UNREACHED:
        source_id = Lead.objects.values_list("source_id", flat=True).get(pk=attempt.lead_id)
        messages.play_when_given_up(attempt.lead_id, attempt.phone, source_id, now)


def _settle_extension(
    attempt: CallAttempt, extension_id: int, step: Step, outcome: Outcome, now: datetime
) -> None:
    extension = Extension.objects.filter(pk=extension_id)
    match step.extension:
        case ExtensionStep.OUT:
            extension.update(out_until=now + step.out_for, out_reason="offline")
        case ExtensionStep.BLOCKED:
            extension.update(is_blocked=True)
        case ExtensionStep.MISSED:
            extension.update(
                missed_in_a_row=F("missed_in_a_row") + 1,
                out_until=now + step.out_for,
                out_reason="did not answer",
            )
            extension.filter(missed_in_a_row__gte=POLICY.missed_in_a_row).update(is_paused=True)
        case ExtensionStep.PAUSED:
            extension.update(is_paused=True, out_reason=attempt.error_message[:100])
        case ExtensionStep.FREE:
            if outcome in (Outcome.BRIDGED, Outcome.LEAD_NO_ANSWER):
                extension.filter(missed_in_a_row__gt=0).update(missed_in_a_row=0)
            transaction.on_commit(partial(_wake_if_somebody_waits, extension_id), robust=True)


def _wake_if_somebody_waits(extension_id: int) -> None:
    """Asked after the commit: a lead that is stored later finds the extension free by itself."""
    team_id = matching.team_with_waiting_leads(extension_id, timezone.now())
    if team_id is not None:
        wakeups.publish(wakeups.WORK_TEAM, team_id)
