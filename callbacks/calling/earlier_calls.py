"""What the other calls of a lead, or of its extension, say about a call that has ended."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from callbacks.common import sql
from callbacks.models import CallAttempt, CallRecord
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.policy.rules import A_DAY, FAULTS, UNREACHABLE_CALLS, Outcome, rang_the_lead
from callbacks.voicenter.values.leg_outcome import OUTCOMES, LegOutcome
from leads import wishes
from leads.models import Lead

_FAULTS = [it.value for it in FAULTS]
# A lead fails after two such calls, so these are from three leads or more.
_NEWEST, _LATELY = 5, timedelta(hours=1)
# The provider's words for a phone that does not exist.
_NO_PHONE = [word for word, it in OUTCOMES.items() if it is LegOutcome.UNREACHABLE]
_GOT_THROUGH = [it.value for it in Outcome if rang_the_lead(it)]

# Faults of a lead with a successful call of another lead before its next call: an outage uses up no
# tries. By primary key, which is the order of calls: there is no index on their time.
_FAULTS_AMID_CALLS = """
    SELECT count(*) AS faults FROM (
        SELECT id, outcome, lead(id) OVER (ORDER BY id) AS next_id FROM callbacks_callattempt
        WHERE lead_id = %(lead)s AND kind = 'call' AND claimed_at >= %(since)s
    ) own
    WHERE own.outcome = ANY(%(faults)s) AND EXISTS (
        SELECT FROM callbacks_callattempt other
        WHERE other.id > own.id AND other.id < own.next_id AND other.lead_id <> %(lead)s
            AND other.outcome = ANY(%(got_through)s)
    )
"""


def talked_before(attempt: CallAttempt) -> datetime | None:
    """When the lead talked in an earlier call whose record arrived during this one.

    None if it did not talk, or asked for a call again since.
    """
    talks = CallAttempt.objects.filter(
        lead_id=attempt.lead_id,
        outcome=Outcome.BRIDGED.value,
        claimed_at__gte=F("lead__counted_from"),
        claimed_at__lt=attempt.claimed_at,
    )
    talk = talks.order_by("-claimed_at").first()
    if talk is None or wishes.has_asked_since(attempt.lead_id, talk.claimed_at):
        return None
    return talk.connected_at


def faults_amid_calls(attempt: CallAttempt) -> int:
    since = Lead.objects.values_list("counted_from", flat=True).get(pk=attempt.lead_id)
    values = {"lead": attempt.lead_id, "since": since}
    values |= {"faults": _FAULTS, "got_through": _GOT_THROUGH}
    return sum(row["faults"] for row in sql.rows(_FAULTS_AMID_CALLS, values))


def is_suspect(attempt: CallAttempt, extension_id: int, now: datetime) -> bool:
    """Whether the extension had "invalid parameters" with another lead within a day.

    Only by the provider's answer (error 1). If our own check refuses a call, the fault is in the
    lead's number or its source's parameters.
    """
    if attempt.error_code is None:
        return False
    return (
        CallAttempt.objects.filter(
            outcome=Outcome.INVALID.value,
            error_code__isnull=False,
            extension_id=extension_id,
            claimed_at__gte=now - A_DAY,
        )
        .exclude(lead_id=attempt.lead_id)
        .exists()
    )


def are_all_refused(now: datetime, of_others: int | None = None) -> bool:
    """Whether all of the newest calls of the last hour had invalid parameters (error 1).

    `of_others`: a lead whose own calls do not count. The calls must be from three leads, or from
    two others.
    """
    answered = CallAttempt.objects.filter(kind=AttemptKind.CALL, claimed_at__gte=now - _LATELY)
    newest = answered.exclude(state=AttemptState.DIALING)
    if of_others is not None:
        newest = newest.exclude(lead_id=of_others)
    told = newest.order_by("-pk").values_list("lead_id", "outcome", "error_code")[:_NEWEST]
    leads = {
        lead
        for lead, outcome, code in told
        if outcome == Outcome.INVALID.value and code is not None
    }
    others = any(outcome != Outcome.INVALID.value or code is None for _, outcome, code in told)
    return not others and len(leads) >= (3 if of_others is None else 2)


def since_it_rang(others: QuerySet[CallAttempt]) -> Q:
    """Selects a lead's calls since its phone last rang: a number that rings is not wrong.

    A phone that is out of coverage for a while cannot be reached either.
    """
    rang = others.filter(outcome__in=_GOT_THROUGH).order_by("-pk").values_list("pk", flat=True)
    return Q(pk__gt=rang.first() or 0)


def is_no_phone(extension_id: int) -> bool:
    """Whether the provider called the extension's phone wrong or unreachable in all its last calls.

    A network fault or a busy line says nothing about the phone.
    """
    calls = CallAttempt.objects.filter(
        extension_id=extension_id, kind=AttemptKind.CALL, ended_at__isnull=False
    )
    last = list(calls.order_by("-claimed_at").values_list("pk", flat=True)[:UNREACHABLE_CALLS])
    told = CallRecord.objects.filter(attempt__in=last, leg=1, status__in=_NO_PHONE)
    return told.values("attempt").distinct().count() == UNREACHABLE_CALLS
