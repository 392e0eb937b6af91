"""What the provider tells while a call is on: it rings, the salesperson picked up, hung up.

The pop-up requests are hints and no records: they may be lost, repeated, late, or of another call.
They never end an attempt; its records do. What they know earlier is shown earlier.
"""

import uuid
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch
from django.db.models.functions import Coalesce
from django.utils import timezone

from callbacks.calling import visitor_clock
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.reconciliation import corrections
from callbacks.telephony import account
from callbacks.telephony.call_result import Leg
from callbacks.voicenter import PopUp, PopUpStatus
from leads.models import Lead

_SALES_LEG, _LEADS_LEG = 1, 2
# A manager listens to the call (PopUp.direction).
_LISTENING = "spy"
# Of one phone that has stopped ringing (PopUp.cause); the call may go on at another.
_ANSWERED_ELSEWHERE, _REJECTED = "answered elsewhere", "call rejected"
# What an answer and its notes need, out of four tables of a hundred and thirty columns.
_OF_A_REQUEST = ("duplicate_of", "submitted_at", "name", "phone_extension", "is_held_back")
_NEEDED = (
    "lead", "extension", "extension_number", "state", "claimed_at", "picked_up_at", "ended_at",
    "call_id", "error_code", "error_message", "lead__source__name",
    *(f"lead__{name}" for name in _OF_A_REQUEST), "extension__kind",
)  # fmt: skip
# The provider chooses, or knows, which extension it rings.
_UNNAMED = (Extension.Kind.SIP_TRUNK, Extension.Kind.LOGIN_CODE)


def follow(popup: PopUp) -> CallAttempt | None:
    """Notes what a pop-up request tells, and returns the attempt it is about, lead loaded.

    None when it is about none of our calls.
    """
    attempt = _attempt_of(popup)
    if attempt is None or not attempt.is_live or popup.direction.lower() == _LISTENING:
        return attempt
    if popup.leg != _LEADS_LEG and not _is_the_salespersons(popup, attempt):
        return attempt
    now = timezone.now()
    if attempt.state == AttemptState.UNKNOWN:
        # Somebody's phone rings for it, so it was placed after all.
        corrections.recognise(attempt, popup.call_id)
    if popup.status is PopUpStatus.HANGUP:
        if not _is_another_phones(popup, attempt):
            _hung_up(popup, attempt, now)
            corrections.call_is_over(attempt, now)
    elif popup.status is PopUpStatus.TALKING or popup.leg == _LEADS_LEG:
        # The lead's phone rings only once the salesperson has picked up.
        _picked_up(attempt, now)
        if popup.leg == _LEADS_LEG:
            _at_the_leads(popup, attempt, now)
    return attempt


def _is_another_phones(popup: PopUp, attempt: CallAttempt) -> bool:
    """Whether it only tells that one of several phones that rang has stopped ringing."""
    cause = popup.cause.casefold()
    return cause == _ANSWERED_ELSEWHERE or (
        cause == _REJECTED and popup.leg != _LEADS_LEG and attempt.picked_up_at is not None
    )


def _hung_up(popup: PopUp, attempt: CallAttempt, now: datetime) -> None:
    """Notes when the call ended, and whose phone rejected it."""
    leg = _LEADS_LEG if popup.leg == _LEADS_LEG else _SALES_LEG
    rejected = leg if popup.cause.casefold() == _REJECTED else None
    CallAttempt.objects.filter(pk=attempt.pk, state__in=LIVE_STATES).update(
        hung_up_at=Coalesce("hung_up_at", now), rejected_leg=Coalesce("rejected_leg", rejected)
    )


def legs_told(attempt: CallAttempt) -> dict[int | None, Leg]:
    """What pop-ups tell of the legs of a call that is over, for those without a record."""
    legs: dict[int | None, Leg] = {}
    picked_up_at = attempt.picked_up_at
    if picked_up_at and attempt.hung_up_at:
        on_the_phone = attempt.hung_up_at - picked_up_at
        legs[_SALES_LEG] = Leg("ANSWER", max(int(on_the_phone.total_seconds()), 0))
    elif attempt.rejected_leg == _SALES_LEG:
        legs[_SALES_LEG] = Leg("CANCEL")
    if answered_at := attempt.lead_answered_at:
        talk = attempt.hung_up_at - answered_at if attempt.hung_up_at else None
        seconds = max(int(talk.total_seconds()), 0) if talk is not None else None
        legs[_LEADS_LEG] = Leg("ANSWER", seconds)
    elif attempt.rejected_leg == _LEADS_LEG:
        legs[_LEADS_LEG] = Leg("CANCEL")
    return legs


def _is_the_salespersons(popup: PopUp, attempt: CallAttempt) -> bool:
    """Whether it is about the phone that was rung first.

    A trunk's or a login code's is not known by its number; leads are telephone numbers, for which
    nobody is asked, so what is asked about is the salesperson's.
    """
    if attempt.extension is not None and attempt.extension.kind in _UNNAMED:
        return True
    return popup.extension == attempt.extension_number


def _picked_up(attempt: CallAttempt, now: datetime) -> None:
    with transaction.atomic():
        noted = CallAttempt.objects.filter(
            pk=attempt.pk, state__in=LIVE_STATES, picked_up_at__isnull=True
        ).update(picked_up_at=now, rang_at=now)
        if noted:
            # One of its phones that stopped ringing had ended nothing.
            CallAttempt.objects.filter(pk=attempt.pk).update(hung_up_at=None, rejected_leg=None)
            attempt.hold_on(attempt.claimed_at + account.hold())
            # The lead's phone is rung next; a record may tell more exactly.
            visitor_clock.tell(attempt.lead_id)


def _at_the_leads(popup: PopUp, attempt: CallAttempt, now: datetime) -> None:
    """Notes that the lead's phone rings, or was answered."""
    told = {"lead_ringing_at": Coalesce("lead_ringing_at", now)}
    if popup.status is PopUpStatus.TALKING:
        told["lead_answered_at"] = Coalesce("lead_answered_at", now)
    CallAttempt.objects.filter(pk=attempt.pk, state__in=LIVE_STATES).update(**told)


def _attempt_of(popup: PopUp) -> CallAttempt | None:
    """By CALLID; else by our own variable: a leg may have an id of its own."""
    attempts = (
        CallAttempt.objects.select_related("lead__source", "extension")
        .only(*_NEEDED)
        .prefetch_related(Prefetch("lead__duplicates", Lead.objects.only(*_OF_A_REQUEST)))
    )
    with suppress(CallAttempt.DoesNotExist):
        return attempts.get(call_id=popup.call_id)
    with suppress(CallAttempt.DoesNotExist, ValueError):
        public_id = uuid.UUID(popup.custom.get("attempt", ""))
        return attempts.get(public_id=public_id)
    return None
