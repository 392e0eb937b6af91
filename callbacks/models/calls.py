"""What was dialled and what became of it: CallAttempt, CallRecord."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from callbacks.models.routing import Extension
from leads.models import E164, Lead


class AttemptState(models.TextChoices):
    """Where an attempt stands. It only moves forward; drawn in docs/architecture.md."""

    DIALING = "dialing", "dialing"
    ACCEPTED = "accepted", "accepted"
    UNKNOWN = "unknown", "unknown"
    NOT_SENT = "not_sent", "not sent"
    REFUSED = "refused", "refused"
    BRIDGED = "bridged", "bridged"
    PLAYED = "played", "message played"
    AGENT_NO_ANSWER = "agent_no_answer", "salesperson did not answer"
    LEAD_NO_ANSWER = "lead_no_answer", "lead did not answer"
    ENDED = "ended", "ended, no record"
    NEVER_PLACED = "never_placed", "never placed"


# A live attempt keeps its lead, its extension and the dialled number to itself.
LIVE_STATES = (AttemptState.DIALING, AttemptState.ACCEPTED, AttemptState.UNKNOWN)

# Who dialled knows best what came of it, also when the sweep has given the answer up meanwhile.
_ASKED = (AttemptState.DIALING, AttemptState.UNKNOWN)


class AttemptKind(models.TextChoices):
    """What was asked of the provider."""

    CALL = "call", "call"
    MESSAGE = "message", "recorded message"


class CallAttempt(models.Model):
    """One click2call request: to bridge an Extension with a Lead, or to play a Lead a message.

    It is committed as `dialing` before anything is sent, with the numbers as they are then. The
    partial unique indexes over live attempts are what makes a second call impossible, whatever the
    code above them does.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="call_attempts")
    kind = models.CharField(max_length=7, choices=AttemptKind.choices, default=AttemptKind.CALL)
    extension = models.ForeignKey(
        Extension,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="call_attempts",
        help_text="None for a message: it is played to the lead alone.",
    )
    phone = models.CharField("lead's number", max_length=16, help_text="E.164, as dialled")
    extension_number = models.CharField(max_length=64, blank=True, help_text="As dialled")
    record_name = models.CharField(
        max_length=100, blank=True, help_text="The provider's name of the message that is played."
    )
    state = models.CharField(
        max_length=15, choices=AttemptState.choices, default=AttemptState.DIALING
    )

    claimed_at = models.DateTimeField(help_text="When it was decided and committed.")
    sent_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When somebody took it on to send it. Empty: nothing has been sent.",
    )
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="When the provider's answer was in, or was given up."
    )
    picked_up_at = models.DateTimeField(
        null=True, blank=True, help_text="When the salesperson picked up, if we were told live."
    )
    connected_at = models.DateTimeField(
        null=True, blank=True, help_text="When the lead's phone was answered."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(
        help_text="When the extension is freed at the latest, should no record come."
    )

    call_id = models.CharField("CALLID", max_length=64, blank=True)
    error_code = models.IntegerField("ERRORCODE", null=True, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    reason = models.CharField(
        max_length=50, blank=True, help_text="Our word for what went wrong, e.g. read_timeout."
    )
    talk_time = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    price = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of both legs, in hundredths of a shekel."
    )
    recording_url = models.URLField(max_length=2000, blank=True)

    class Meta:
        ordering = ["-claimed_at", "-id"]
        permissions = [("hang_up_call", "Can hang up a call that is on")]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state__in=LIVE_STATES),
                name="attempt_one_live_per_lead",
            ),
            models.UniqueConstraint(
                fields=["extension"],
                condition=Q(state__in=LIVE_STATES),
                name="attempt_one_live_per_extension",
            ),
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(state__in=LIVE_STATES),
                name="attempt_one_live_per_number",
            ),
            models.UniqueConstraint(
                fields=["call_id"], condition=~Q(call_id=""), name="attempt_call_id_once"
            ),
            models.CheckConstraint(condition=Q(phone__regex=E164), name="attempt_phone_e164"),
            models.CheckConstraint(
                condition=Q(kind=AttemptKind.CALL, extension__isnull=False)
                | Q(kind=AttemptKind.MESSAGE, extension__isnull=True),
                name="attempt_call_has_an_extension",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AttemptState.values), name="attempt_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=LIVE_STATES, ended_at__isnull=True)
                | (~Q(state__in=LIVE_STATES) & Q(ended_at__isnull=False)),
                name="attempt_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=AttemptState.ACCEPTED) | ~Q(call_id=""),
                name="attempt_accepted_has_a_call_id",
            ),
            models.CheckConstraint(
                condition=~Q(state=AttemptState.BRIDGED) | Q(connected_at__isnull=False),
                name="attempt_bridged_has_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["hold_until"], name="attempt_live_hold", condition=Q(state__in=LIVE_STATES)
            ),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.pk}"

    @property
    def is_live(self) -> bool:
        """Whether it holds its lead and its extension."""
        return self.state in LIVE_STATES

    def move(self, come_from: tuple[AttemptState, ...], to: AttemptState, **values: Any) -> bool:
        """Moves on in one conditional UPDATE; says whether we were the one who did it.

        Somebody else may have been first: the record of the call, the sweep, a manager. The loser
        changes nothing, and this object then keeps its old state.
        """
        values["state"] = to
        won = CallAttempt.objects.filter(pk=self.pk, state__in=come_from).update(**values)
        if won:
            for name, value in values.items():
                setattr(self, name, value)
        return bool(won)

    def take_on(self, at: datetime) -> bool:
        """Nobody has sent it yet -> it is ours to send. Whoever loses this must not dial."""
        won = CallAttempt.objects.filter(
            pk=self.pk, state=AttemptState.DIALING, sent_at__isnull=True
        ).update(sent_at=at)
        if won:
            self.sent_at = at
        return bool(won)

    def accept(self, call_id: str, message: str, at: datetime) -> bool:
        """dialing | unknown -> accepted: ERRORCODE 0 and a CALLID."""
        return self.move(
            _ASKED,
            AttemptState.ACCEPTED,
            call_id=call_id,
            error_code=0,
            error_message=message,
            answered_at=at,
        )

    def refuse(self, error_code: int | None, message: str, reason: str, at: datetime) -> bool:
        """dialing | unknown -> refused: ERRORCODE other than 0, or HTTP 401/403 (no code)."""
        return self.move(
            _ASKED,
            AttemptState.REFUSED,
            error_code=error_code,
            error_message=message,
            reason=reason,
            answered_at=at,
            ended_at=at,
        )

    def not_send(self, message: str, reason: str, at: datetime) -> bool:
        """dialing | unknown -> not_sent: it failed before a byte was sent."""
        return self.move(
            _ASKED,
            AttemptState.NOT_SENT,
            error_message=message,
            reason=reason,
            ended_at=at,
        )

    def lose_sight(self, message: str, reason: str, at: datetime, call_id: str = "") -> bool:
        """dialing -> unknown: it may have been placed. Stays live; nobody dials again."""
        return self.move(
            (AttemptState.DIALING,),
            AttemptState.UNKNOWN,
            call_id=call_id,
            error_message=message,
            reason=reason,
            answered_at=at,
        )

    def finish(self, to: AttemptState, at: datetime, connected_at: datetime | None = None) -> bool:
        """live -> bridged | played | agent_no_answer | lead_no_answer | ended: how it ended."""
        values: dict[str, Any] = {"ended_at": at}
        if connected_at:
            values["connected_at"] = connected_at
        return self.move(LIVE_STATES, to, **values)


class CallRecord(models.Model):
    """One CDR from the provider: one leg. A call has two, under the same CALLID."""

    call_id = models.CharField("CALLID", max_length=64)
    type = models.CharField(max_length=64, help_text="The provider's, e.g. Click2Call leg1.")
    leg = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.CharField(max_length=64, blank=True, help_text="The provider's word.")
    attempt = models.ForeignKey(
        CallAttempt, on_delete=models.CASCADE, null=True, blank=True, related_name="records"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    duration = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    talk_time = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    dial_time = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds of ringing.")
    price = models.PositiveIntegerField(null=True, blank=True, help_text="Hundredths of a shekel.")
    recording_url = models.URLField(max_length=2000, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    payload = models.JSONField(help_text="As it was received.")

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call_id", "type"], name="record_once_per_leg"),
        ]
        indexes = [
            # All calls of the account are posted to us; few of them are waiting for an attempt.
            models.Index(
                fields=["received_at"],
                name="record_without_attempt",
                condition=Q(attempt__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Record {self.pk}"
