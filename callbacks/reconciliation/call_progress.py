"""What the provider reports during a call: a phone rings, the salesperson picked up, hung up.

Pop-up requests are hints, not records: they may be lost, repeated, late, or about another call.
They never end an attempt; its records do. They only show progress earlier.
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
# A manager is listening to the call (PopUp.direction).
_LISTENING = "spy"
# One phone has stopped ringing (PopUp.cause); the call may go on at another.
_ANSWERED_ELSEWHERE, _REJECTED = "answered elsewhere", "call rejected"
# Only the columns for an answer and its notes, out of 130 columns in four tables.
_OF_A_REQUEST = ("duplicate_of", "submitted_at", "name", "phone_extension", "is_held_back")
_NEEDED = (
    "lead", "extension", "extension_number", "state", "claimed_at", "picked_up_at", "ended_at",
    "call_id", "error_code", "error_message", "lead__source__name",
    *(f"lead__{name}" for name in _OF_A_REQUEST), "extension__kind",
)  # fmt: skip
# The provider chooses, or knows, which phone it rings.
_UNNAMED = (Extension.Kind.SIP_TRUNK, Extension.Kind.LOGIN_CODE)


def follow(popup: PopUp) -> CallAttempt | None:
    """Notes what a pop-up request reports; returns its attempt with the lead loaded.

    None if it is not about one of our calls.
    """
    attempt = _attempt_of(popup)
    if attempt is None or not attempt.is_live or popup.direction.lower() == _LISTENING:
        return attempt
    if popup.leg != _LEADS_LEG and not _is_the_salespersons(popup, attempt):
        return attempt
    now = timezone.now()
    if attempt.state == AttemptState.UNKNOWN:
        # A phone rings for this call, so it was placed after all.
        corrections.recognise(attempt, popup.call_id)
    if popup.status is PopUpStatus.HANGUP:
        if not _is_another_phones(popup, attempt):
            _hung_up(popup, attempt, now)
            corrections.call_is_over(attempt, now)
    elif popup.status is PopUpStatus.TALKING or popup.leg == _LEADS_LEG:
        # The lead's phone rings only after the salesperson has picked up.
        _picked_up(attempt, now)
        if popup.leg == _LEADS_LEG:
            _at_the_leads(popup, attempt, now)
    return attempt


def _is_another_phones(popup: PopUp, attempt: CallAttempt) -> bool:
    """Whether the pop-up only says that one of several ringing phones has stopped."""
    cause = popup.cause.casefold()
    return cause == _ANSWERED_ELSEWHERE or (
        cause == _REJECTED and popup.leg != _LEADS_LEG and attempt.picked_up_at is not None
    )


def _hung_up(popup: PopUp, attempt: CallAttempt, now: datetime) -> None:
    """Notes when the call ended, and which phone rejected it."""
    leg = _LEADS_LEG if popup.leg == _LEADS_LEG else _SALES_LEG
    rejected = leg if popup.cause.casefold() == _REJECTED else None
    CallAttempt.objects.filter(pk=attempt.pk, state__in=LIVE_STATES).update(
        hung_up_at=Coalesce("hung_up_at", now), rejected_leg=Coalesce("rejected_leg", rejected)
    )


def legs_told(attempt: CallAttempt) -> dict[int | None, Leg]:
    """What pop-ups said about the legs of a call that is over, for legs without a record."""
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
    """Whether the pop-up is about the phone that was rung first.

    The phone of a trunk or a login code cannot be recognised by its number. But pop-ups are about
    extensions, and a lead's phone is none, so the pop-up is about the salesperson's phone.
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
            # A phone of the extension that stopped ringing did not end the call.
            CallAttempt.objects.filter(pk=attempt.pk).update(hung_up_at=None, rejected_leg=None)
            attempt.hold_on(attempt.claimed_at + account.hold())
            # The lead's phone rings next; a record may give a more exact time.
            visitor_clock.tell(attempt.lead_id)


def _at_the_leads(popup: PopUp, attempt: CallAttempt, now: datetime) -> None:
    """Notes that the lead's phone rings, or was answered."""
    told = {"lead_ringing_at": Coalesce("lead_ringing_at", now)}
    if popup.status is PopUpStatus.TALKING:
        told["lead_answered_at"] = Coalesce("lead_answered_at", now)
    CallAttempt.objects.filter(pk=attempt.pk, state__in=LIVE_STATES).update(**told)


def _attempt_of(popup: PopUp) -> CallAttempt | None:
    """The attempt, by CALLID or else by our own variable: a leg may have a different id."""
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
