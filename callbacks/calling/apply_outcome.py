"""Applies the outcome of a call to the lead and the extension, and wakes the team if needed.

The rules are in callbacks.policy.rules. The provider's answers (callbacks.calling.dial) and its
records (callbacks.reconciliation.records) change leads and extensions only through this module.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import ngettext

from callbacks.calling import (
    account_gate,
    after_talk,
    earlier_calls,
    recorded_messages,
    visitor_clock,
    visitor_mail,
)
from callbacks.common import task_publisher
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptKind
from callbacks.models.extensions import PausedAs
from callbacks.policy.from_settings import policy
from callbacks.policy.rules import (
    FLAGGED_REASON,
    FLAGS,
    MAX_ATTEMPTS,
    UNREACHABLE_REASON,
    ExtensionStep,
    LeadStep,
    Outcome,
    Policy,
    Step,
    counted_together,
    counts_as_try,
    next_step,
    picked_up,
)
from callbacks.routing import config, number_limits, queue
from callbacks.routing.availability import paused_at
from callbacks.routing.rotation import after_call, after_correction
from callbacks.scheduling import call_times, pacing
from callbacks.scheduling.next_call import NextCall, next_call
from leads import appointments, leaving, transitions
from leads.models import Lead, LeadStatus

# Outcomes that do not count towards MAX_ATTEMPTS.
_UNCOUNTED = [it.value for it in Outcome if not counts_as_try(it)]

# Why a phone is not rung for a while; kept on its extension.
_NO_ANSWER, _NOT_REACHED = "did not answer", "busy or not reached"

_CLOSED_AS = {
    LeadStep.CONNECTED: LeadStatus.CONNECTED,
    LeadStep.CALLED: LeadStatus.CALLED,
    LeadStep.UNREACHED: LeadStatus.UNREACHED,
    LeadStep.FAILED: LeadStatus.FAILED,
    LeadStep.CANCELLED: LeadStatus.CANCELLED,
}


def apply(attempt: CallAttempt, now: datetime) -> None:
    """Applies the outcome of an attempt that has just ended to its lead and its extension.

    Call it in the transaction of the attempt's transition, and only if that transition was won.
    Workers are woken after the commit.
    """
    if attempt.extension_id is None:
        return  # a recorded message: played or not, it does not change when the lead is called
    outcome, rules = Outcome(attempt.outcome), policy()
    step = _step(attempt, attempt.extension_id, outcome, rules, now)
    if step.lead is LeadStep.CALL_AGAIN and _stopped_at(attempt):
        step = replace(step, lead=LeadStep.CANCELLED)
    after_talk.take_turns(attempt.lead_id)
    _settle_lead(attempt, step, now)
    after_talk.when_over(attempt.lead_id, now)
    visitor_clock.tell(attempt.lead_id)
    after_call(attempt.extension_id, outcome, now)
    _settle_extension(attempt, attempt.extension_id, step, outcome, rules, now)


def step_after(attempt: CallAttempt, now: datetime) -> Step | None:
    """The step that followed from an ended call; None for a recorded message."""
    if attempt.extension_id is None or not attempt.outcome:
        return None
    return _step(attempt, attempt.extension_id, Outcome(attempt.outcome), policy(), now)


def _stopped_at(attempt: CallAttempt) -> datetime | None:
    """Since when a manager wants no further call; the process that dialled may not know yet."""
    return CallAttempt.objects.values_list("stopped_at", flat=True).get(pk=attempt.pk)


def correct_extension(attempt: CallAttempt, was: Outcome, now: datetime) -> None:
    """Corrects an extension's turn, its calls of the day and its misses after an outcome changed.

    In the transaction of the correction. Misses are counted in a row up to now, so they are
    corrected only if the extension has had no newer call.
    """
    if attempt.extension_id is None:
        return
    outcome = Outcome(attempt.outcome)
    after_correction(attempt.extension_id, was, outcome, now)
    newer = CallAttempt.objects.filter(
        extension=OuterRef("pk"), kind=AttemptKind.CALL, claimed_at__gt=attempt.claimed_at
    )
    extension = Extension.objects.filter(~Exists(newer), pk=attempt.extension_id)
    if outcome is Outcome.AGENT_NO_ANSWER:
        _count_miss(extension, policy(), now)
    elif picked_up(outcome):
        if was in (Outcome.AGENT_NO_ANSWER, Outcome.AGENT_UNREACHED):
            _take_back(extension)
            _wake_its_team_on_commit(attempt.extension_id)
        _clear(extension)


def settle_again(attempt: CallAttempt, leads: QuerySet[Lead], now: datetime) -> bool:
    """Decides again about a lead that waits since a call whose outcome was corrected.

    In the transaction of the correction. `leads`: that lead, if nothing has happened to it since.
    Returns whether it was changed.
    """
    if attempt.extension_id is None or not leads.exists():
        return False
    step = _step(attempt, attempt.extension_id, Outcome(attempt.outcome), policy(), now)
    wait = _next_call(attempt, step, now) if step.lead is LeadStep.CALL_AGAIN else None
    if not leads.select_for_update(of=("self",)).exists():
        return False
    shown = mirror(attempt) | ({"error_message": step.message} if step.message else {})
    if wait:
        return transitions.put_off(
            attempt.lead_id,
            wait.call_after or now,
            now,
            gap_until=wait.gap_until,
            closed_until=wait.closed_until,
        )
    closed = transitions.close_waiting(leads, _CLOSED_AS[step.lead], now, **shown)
    if closed and step.lead is LeadStep.UNREACHED:
        source_id = _source_of(attempt.lead_id)
        recorded_messages.play_when_given_up(attempt.lead_id, attempt.phone, source_id, now)
        visitor_mail.not_reached_on_commit(attempt.lead_id)
    return closed


def mirror(attempt: CallAttempt) -> dict[str, Any]:
    """The columns in which a lead repeats its newest attempt."""
    return {
        "call_id": attempt.call_id,
        "error_code": attempt.error_code,
        "error_message": attempt.error_message,
    }


def show_on_lead(attempt: CallAttempt, dialed_at: datetime | None = None) -> None:
    """Has a lead that is being called repeat its newest attempt.

    `dialed_at`: when the provider accepted the call, if it did.
    """
    values = mirror(attempt)
    if dialed_at is not None:
        values["first_dialed_at"] = Coalesce("first_dialed_at", dialed_at)
    Lead.objects.filter(pk=attempt.lead_id, status=LeadStatus.CALLING).update(**values)


def _step(
    attempt: CallAttempt, extension_id: int, outcome: Outcome, rules: Policy, now: datetime
) -> Step:
    if outcome is Outcome.BRIDGED:
        return next_step(outcome, 0, 1, rules)  # by far the most frequent; the counts do not matter
    others = CallAttempt.objects.filter(
        lead_id=attempt.lead_id,
        kind=AttemptKind.CALL,
        claimed_at__gte=F("lead__counted_from"),
    ).exclude(pk=attempt.pk)
    same = Q(outcome__in=[it.value for it in counted_together(outcome)])
    if outcome is Outcome.BAD_NUMBER:
        same &= earlier_calls.since_it_rang(others)
    counted = others.aggregate(
        same_before=Count("pk", filter=same),
        attempts=Count("pk", filter=~Q(outcome__in=_UNCOUNTED)),
        talks=Count(
            "pk", filter=Q(outcome=Outcome.BRIDGED.value, claimed_at__lt=attempt.claimed_at)
        ),
    )
    is_invalid = outcome is Outcome.INVALID and attempt.error_code is not None
    has_many = counted["same_before"] >= MAX_ATTEMPTS
    step = next_step(
        outcome,
        counted["same_before"],
        counted["attempts"] + 1,
        rules,
        suspect=is_invalid and earlier_calls.is_suspect(attempt, extension_id, now),
        of_account=account_gate.waits_after(attempt.failure_reason),
        of_all=is_invalid and earlier_calls.are_all_refused(now, of_others=attempt.lead_id),
        faults=earlier_calls.faults_amid_calls(attempt) if has_many else 0,
    )
    if counted["talks"] and earlier_calls.talked_before(attempt):
        return Step(LeadStep.CONNECTED, step.extension, out_for=step.out_for)
    if step.lead is LeadStep.UNREACHED and (at := _appointment(attempt, now)):
        return replace(step, lead=LeadStep.CALL_AGAIN, after=at - now)
    return step


def _appointment(attempt: CallAttempt, now: datetime) -> datetime | None:
    """A future time that somebody chose before this call."""
    return appointments.ahead(attempt.lead_id, now, sent_before=attempt.claimed_at)


def _settle_lead(attempt: CallAttempt, step: Step, now: datetime) -> None:
    shown = mirror(attempt)
    if step.message:
        shown["error_message"] = step.message
    shown["claimed_at"] = attempt.claimed_at
    # The lead's next wait begins when its attempt ended.
    ended_at = attempt.ended_at or now
    if leaving.is_to_follow(attempt.lead_id, attempt.claimed_at):
        pacing.take_turns()
    # If a transition below is not won, somebody else moved the lead, and it stays as they left it.
    if step.lead is LeadStep.CALL_AGAIN:
        wait = _next_call(attempt, step, now)
        again = transitions.wait_again(
            attempt.lead_id,
            wait.call_after,
            ended_at,
            gap_until=wait.gap_until,
            closed_until=wait.closed_until,
            **shown,
        )
        if again and wait.call_after is None:
            task_publisher.call_lead_on_commit(attempt.lead_id)
        if again:
            leaving.follow(attempt.lead_id, attempt.claimed_at, now)
        return
    if step.lead is LeadStep.CONNECTED:
        shown["connected_at"] = attempt.connected_at
        if attempt.outcome != Outcome.BRIDGED.value:
            shown |= {"connected_at": earlier_calls.talked_before(attempt), "error_message": ""}
            shown["waiting_since"] = ended_at  # the call's time is separate: leads.wait_accounting
    closed = transitions.close(attempt.lead_id, _CLOSED_AS[step.lead], ended_at, **shown)
    if closed:
        leaving.release(attempt.lead_id, _asks_anew_from(attempt, step, ended_at), now)
    if closed and step.lead is LeadStep.UNREACHED:
        source_id = _source_of(attempt.lead_id)
        recorded_messages.play_when_given_up(attempt.lead_id, attempt.phone, source_id, now)
        visitor_mail.not_reached_on_commit(attempt.lead_id)


def _next_call(attempt: CallAttempt, step: Step, now: datetime) -> NextCall:
    """Takes the lead's turn at an opening, so call it before the lead is locked."""
    if not step.after:
        return NextCall(None)
    source_id = _source_of(attempt.lead_id)
    times = call_times.reserving(config.current(), source_id, attempt.phone, waits=True)
    limited_until = number_limits.number_limited_until(attempt.phone, source_id, now)
    found = next_call(times, now, step=step, limited_until=limited_until)
    if chosen_at := _appointment(attempt, now):
        chosen = next_call(times, now, chosen_at=chosen_at, limited_until=limited_until)
        if chosen.opens_at and (found.opens_at is None or chosen.opens_at < found.opens_at):
            return chosen
    return found


def _asks_anew_from(attempt: CallAttempt, step: Step, ended_at: datetime) -> datetime:
    """From which moment on a new request of the lead asks for another call.

    A request that came during the talk is dealt with in the talk. A request from before a manager
    stopped the call is stopped with it.
    """
    if attempt.outcome == Outcome.BRIDGED.value:
        return _talked_until(attempt, ended_at)
    stopped_at = _stopped_at(attempt) if step.lead is LeadStep.CANCELLED else None
    return stopped_at or attempt.claimed_at


def _talked_until(attempt: CallAttempt, known_at: datetime) -> datetime:
    """When a talk ended, by its record; if the record does not say, when it became known."""
    if attempt.talk_time is None or attempt.connected_at is None:
        return known_at
    return min(attempt.connected_at + timedelta(seconds=attempt.talk_time), known_at)


def _source_of(lead_id: int) -> int:
    return Lead.objects.values_list("source_id", flat=True).get(pk=lead_id)


def _settle_extension(
    attempt: CallAttempt,
    extension_id: int,
    step: Step,
    outcome: Outcome,
    rules: Policy,
    now: datetime,
) -> None:
    extension = Extension.objects.filter(pk=extension_id)
    match step.extension:
        case ExtensionStep.OUT:
            reason = "offline" if outcome is Outcome.OFFLINE else _NOT_REACHED
            if outcome is Outcome.AGENT_UNREACHED and earlier_calls.is_no_phone(extension_id):
                reason = UNREACHABLE_REASON
            _keep_out(extension, now + step.out_for, reason)
        case ExtensionStep.BLOCKED:
            extension.update(is_blocked=True)
        case ExtensionStep.MISSED:
            _keep_out(extension, now + step.out_for, _NO_ANSWER)
            _count_miss(extension, rules, now)
        case ExtensionStep.PAUSED:
            extension.filter(~paused_at(now)).update(
                is_paused=True,
                paused_until=now + step.out_for,
                pause_reason=attempt.error_message[:100],
                paused_as=PausedAs.FAULT,
                paused_by=None,
            )
        case ExtensionStep.FLAGGED:
            extension.update(unavailable_reason=FLAGGED_REASON)
            _wake_its_team_on_commit(extension_id)
        case ExtensionStep.FREE:
            if picked_up(outcome):
                _clear(extension)
            _wake_its_team_on_commit(extension_id)


def _keep_out(extension: QuerySet[Extension], until: datetime, reason: str) -> None:
    """Keeps the phone from being rung until then. A later end stays, such as a conference's."""
    shorter = Q(unavailable_until__isnull=True) | Q(unavailable_until__lt=until)
    extension.filter(shorter).update(unavailable_until=until, unavailable_reason=reason)


def _count_miss(extension: QuerySet[Extension], rules: Policy, now: datetime) -> None:
    """Counts a missed call; too many in a row pause the extension."""
    extension.update(missed_in_a_row=F("missed_in_a_row") + 1)
    # A pause that a person set lasts as long as that person chose. Ours ends by itself; one more
    # missed call after that starts the next.
    extension.filter(~paused_at(now), missed_in_a_row__gte=rules.missed_in_a_row).update(
        is_paused=True,
        paused_until=now + rules.missed_pause,
        pause_reason=_missed_in_a_row(rules.missed_in_a_row),
        paused_as=PausedAs.MISSED,
        paused_by=None,
    )


def _take_back(extension: QuerySet[Extension]) -> None:
    """The call was not missed after all: ends what keeps the phone from being rung because of it.

    A pause that a person set stays.
    """
    for_calls = (_NO_ANSWER, _NOT_REACHED, UNREACHABLE_REASON)
    extension.filter(unavailable_reason__in=for_calls).update(
        unavailable_until=None, unavailable_reason=""
    )
    ours = Q(pause_reason=_missed_in_a_row(policy().missed_in_a_row))
    extension.filter(ours, is_paused=True, paused_until__isnull=False).update(
        is_paused=False, paused_until=None, pause_reason="", paused_as="", paused_by=None
    )


def _missed_in_a_row(calls: int) -> str:
    sentence = ngettext("missed %(calls)d call in a row", "missed %(calls)d calls in a row", calls)
    return sentence % {"calls": calls}


def _clear(extension: QuerySet[Extension]) -> None:
    """A salesperson picked up: clears the extension's missed calls and its flag."""
    is_flagged = Q(unavailable_reason__in=FLAGS)
    extension.filter(Q(missed_in_a_row__gt=0) | is_flagged).update(
        missed_in_a_row=0,
        unavailable_reason=Case(When(is_flagged, then=Value("")), default=F("unavailable_reason")),
    )


def _wake_its_team_on_commit(extension_id: int) -> None:
    transaction.on_commit(partial(_wake_if_somebody_waits, extension_id), robust=True)


def _wake_if_somebody_waits(extension_id: int) -> None:
    """Runs after the commit: a lead that is stored later finds the free extension itself."""
    team_id = queue.team_with_waiting_leads(extension_id, timezone.now())
    if team_id is not None:
        task_publisher.publish(task_publisher.WORK_TEAM, team_id)
