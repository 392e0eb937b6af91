"""What was dialled and what became of it: CallAttempt."""

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models import time_accounting
from callbacks.models.attempt_states import (
    DISPROVED_BY_A_TALK,
    ENDED_BY_LEG_1,
    LIVE_STATES,
    NOBODY_KNOWS,
    OUTCOME_OF,
    AttemptKind,
    AttemptOutcome,
    AttemptState,
)
from callbacks.models.extensions import Extension
from callbacks.models.time_accounting import LegRecord
from callbacks.policy.rules import Outcome
from leads import log_context
from leads.models import E164, Lead

log = logging.getLogger(__name__)


# Who dialled knows best what came of it, also when the sweep has given the answer up meanwhile.
_ASKED = (AttemptState.DIALING, AttemptState.UNKNOWN)


class CallAttempt(models.Model):
    """One click2call request: to bridge an Extension with a Lead, or to play a Lead a message.

    It is committed as `dialing` before anything is sent, with the numbers as they are then. The
    partial unique indexes over live attempts are what makes a second call impossible, whatever the
    code above them does.
    """

    public_id = models.UUIDField(_("public ID"), default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, related_name="call_attempts", verbose_name=_("lead")
    )
    kind = models.CharField(
        _("kind"), max_length=7, choices=AttemptKind.choices, default=AttemptKind.CALL
    )
    extension = models.ForeignKey(
        Extension,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # attempt_by_extension begins with it
        related_name="call_attempts",
        help_text=_("None for a message: it is played to the lead alone."),
        verbose_name=_("extension"),
    )
    # Whose phone it was at the claim, without asking the table of users with each.
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text=_("Whose phone it was: one person has one call at a time."),
        verbose_name=_("salesperson"),
    )
    phone = models.CharField(_("lead's number"), max_length=16, help_text=_("E.164, as dialled"))
    extension_number = models.CharField(
        _("extension number"), max_length=64, blank=True, help_text=_("As dialled")
    )
    record_name = models.CharField(
        _("record name"),
        max_length=100,
        blank=True,
        help_text=_("The provider's name of the message that is played."),
    )
    state = models.CharField(
        _("state"), max_length=15, choices=AttemptState.choices, default=AttemptState.DIALING
    )
    # The claim, an INSERT of its own, leaves it to the database.
    outcome = models.CharField(
        _("outcome"),
        max_length=15,
        choices=AttemptOutcome.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("How the call ended. Empty while it is live, and for a message."),
    )

    claimed_at = models.DateTimeField(
        _("claimed at"), help_text=_("When it was decided and committed.")
    )
    sent_at = models.DateTimeField(
        _("sent at"),
        null=True,
        blank=True,
        help_text=_("When somebody took it on to send it. Empty: nothing has been sent."),
    )
    stopped_at = models.DateTimeField(
        _("stopped at"),
        null=True,
        blank=True,
        help_text=_("When a manager stopped it: nobody is to blame, and nobody calls again."),
    )
    hang_up_wanted = models.BooleanField(
        _("hang up wanted"),
        default=False,
        db_default=False,
        help_text=_("Its visitor has taken the number back: the provider is asked to end it."),
    )
    answered_at = models.DateTimeField(
        _("answered at"),
        null=True,
        blank=True,
        help_text=_("When the provider's answer was in, or was given up."),
    )
    picked_up_at = models.DateTimeField(
        _("picked up at"),
        null=True,
        blank=True,
        help_text=_("When the salesperson picked up, if we were told live."),
    )
    hung_up_at = models.DateTimeField(
        _("hung up at"),
        null=True,
        blank=True,
        help_text=_("When the call ended, if we were told live."),
    )
    rejected_leg = models.PositiveSmallIntegerField(
        _("rejected leg"),
        null=True,
        blank=True,
        help_text=_("Whose phone rejected the call, if we were told live: 1 the salesperson's."),
    )
    rang_at = models.DateTimeField(
        _("rang at"), null=True, blank=True, help_text=_("When the lead's phone began to ring.")
    )
    connected_at = models.DateTimeField(
        _("connected at"), null=True, blank=True, help_text=_("When the lead's phone was answered.")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    hold_until = models.DateTimeField(
        _("hold until"),
        help_text=_("When the extension is freed at the latest, should no record come."),
    )
    # How the outcome is looked for (callbacks.reconciliation.lookup). The claim, an INSERT of its
    # own, leaves them to the database.
    next_lookup_at = models.DateTimeField(
        _("next lookup at"),
        null=True,
        blank=True,
        help_text=_("When the provider is asked next what became of it."),
    )
    lookup_count = models.SmallIntegerField(
        _("lookup count"), default=0, db_default=0, help_text=_("How often the provider was asked.")
    )
    missing_since = models.DateTimeField(
        _("missing since"),
        null=True,
        blank=True,
        help_text=_("Since when the provider's active calls have not shown it."),
    )

    routing_trace = models.JSONField(
        _("routing trace"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("Who was considered, who was not and why, and the rule that chose."),
    )
    # Where the time of its lead went while it was live (callbacks.models.time_accounting).
    provider_time = models.DurationField(_("provider time"), null=True, blank=True)
    leg1_time = models.DurationField(_("leg1 time"), null=True, blank=True)
    leg2_time = models.DurationField(_("leg2 time"), null=True, blank=True)
    unknown_time = models.DurationField(_("unknown time"), null=True, blank=True)

    call_id = models.CharField(_("CALLID"), max_length=64, blank=True)
    error_code = models.IntegerField(_("ERRORCODE"), null=True, blank=True)
    error_message = models.CharField(_("error message"), max_length=500, blank=True)
    failure_reason = models.CharField(
        _("failure reason"),
        max_length=50,
        blank=True,
        help_text=_("Our word for what went wrong, e.g. read_timeout."),
    )
    talk_time = models.PositiveIntegerField(
        _("talk time"), null=True, blank=True, help_text=_("Seconds.")
    )
    price = models.PositiveIntegerField(
        _("price"), null=True, blank=True, help_text=_("Of both legs, in hundredths of a shekel.")
    )
    recording_url = models.URLField(_("recording URL"), max_length=2000, blank=True)
    ai_data_erased_at = models.DateTimeField(
        _("AI data erased at"),
        null=True,
        blank=True,
        help_text=_("Since when none of this call is kept."),
    )

    class Meta:
        ordering = ["-claimed_at", "-id"]
        permissions = [("hang_up_call", "Can hang up a call that is on")]
        # The claim asks whether an extension is on a call, one extension after the other. When no
        # attempt is live, the planner takes reading any of these small indexes for as cheap as
        # looking one row up. The conditions IS NOT NULL on the others leave it only the index by
        # extension.
        constraints = [
            models.UniqueConstraint(
                fields=["extension"],
                condition=Q(state__in=LIVE_STATES),
                name="attempt_one_live_per_extension",
            ),
            models.UniqueConstraint(
                fields=["salesperson"],
                condition=Q(state__in=LIVE_STATES) & Q(salesperson__isnull=False),
                name="attempt_one_live_per_salesperson",
            ),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state__in=LIVE_STATES) & Q(lead__isnull=False),
                name="attempt_one_live_per_lead",
            ),
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(state__in=LIVE_STATES) & Q(phone__isnull=False),
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
                condition=Q(outcome="")
                | Q(outcome__in=AttemptOutcome.values, ended_at__isnull=False),
                name="attempt_outcome_when_ended",
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
                fields=["hold_until"],
                name="attempt_live_hold",
                condition=Q(state__in=LIVE_STATES) & Q(hold_until__isnull=False),
            ),
            # How often and how lately a number was rung is asked with every claim.
            models.Index(fields=["phone", "claimed_at"], name="attempt_by_number"),
            models.Index(fields=["extension", "claimed_at"], name="attempt_by_extension"),
            models.Index(
                fields=["next_lookup_at"],
                name="attempt_ended_look",
                condition=Q(state=AttemptState.ENDED, next_lookup_at__isnull=False),
            ),
            models.Index(
                fields=["ended_at"], name="attempt_outcome_unknown", condition=NOBODY_KNOWS
            ),
        ]
        verbose_name = _("call attempt")

    def __str__(self) -> str:
        return gettext("Attempt %(pk)s") % {"pk": self.pk}

    @property
    def is_live(self) -> bool:
        """Whether it holds its lead and its extension."""
        return self.state in LIVE_STATES

    def move(
        self,
        come_from: tuple[AttemptState, ...],
        to: AttemptState,
        records: Iterable[LegRecord] = (),
        **values: Any,
    ) -> bool:
        """Moves on in one conditional UPDATE; says whether we were the one who did it.

        Somebody else may have been first: the record of the call, the sweep, a manager. The loser
        changes nothing, and this object then keeps its old state. With the end of the attempt its
        time is divided, by what `records` tell too. A message keeps no `outcome`: nothing follows
        from it.
        """
        values["state"] = to
        if self.kind == AttemptKind.MESSAGE:
            values.pop("outcome", None)
        for name in values.keys() & {"ended_at", "connected_at"}:
            # The clock of who claimed may be ahead of ours.
            values[name] = max(values[name], self.claimed_at)
        if ended_at := values.get("ended_at"):
            # A talk that was too short to count is followed by another call: it is no end.
            until = values.get("connected_at") if to == AttemptState.BRIDGED else None
            values |= self.told_until(until or ended_at, records, **values)
        won = CallAttempt.objects.filter(pk=self.pk, state__in=come_from).update(**values)
        if won:
            for name, value in values.items():
                setattr(self, name, value)
            self._log_move()
        return bool(won)

    def time_until(
        self, at: datetime, records: Iterable[LegRecord] = (), **newer: Any
    ) -> dict[str, timedelta]:
        """Where the time from the claim to `at` went, for its columns; {} for a message, which
        takes none of its lead's. `newer` values hold before its own.
        """
        if self.kind == AttemptKind.MESSAGE:
            return {}
        facts = time_accounting.facts_of(self, records, **newer)
        return time_accounting.divide(facts, at).columns()

    def told_until(
        self, at: datetime, records: Iterable[LegRecord] = (), **newer: Any
    ) -> dict[str, Any]:
        """As `time_until`, and when the lead's phone rang."""
        if self.kind == AttemptKind.MESSAGE:
            return {}
        facts = time_accounting.facts_of(self, records, **newer)
        rang_at = time_accounting.lead_rang_at(facts, at)
        return {**time_accounting.divide(facts, at).columns(), "rang_at": rang_at}

    @property
    def accounted_until(self) -> datetime | None:
        """Until when its time is divided; None for a message, and before it has ended."""
        parts = (self.provider_time, self.leg1_time, self.leg2_time, self.unknown_time)
        known = [part for part in parts if part is not None]
        return self.claimed_at + sum(known, timedelta(0)) if known else None

    def _log_move(self) -> None:
        """Once for all transitions, under the lead's id: also those that the sweep makes."""
        lead = log_context.current() or Lead.objects.values_list("public_id", flat=True).get(
            pk=self.lead_id
        )
        with log_context.about(lead):
            log.info(
                "attempt=%s state=%s reason=%s", self.pk, self.state, self.failure_reason or "-"
            )

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

    def refuse(
        self, outcome: Outcome, error_code: int | None, message: str, reason: str, at: datetime
    ) -> bool:
        """dialing | unknown -> refused: ERRORCODE other than 0, or HTTP 401/403 (no code)."""
        return self.move(
            _ASKED,
            AttemptState.REFUSED,
            outcome=outcome.value,
            error_code=error_code,
            error_message=message,
            failure_reason=reason,
            answered_at=at,
            ended_at=at,
        )

    def not_send(self, message: str, reason: str, at: datetime) -> bool:
        """dialing | unknown -> not_sent: it failed before a byte was sent."""
        return self.move(
            _ASKED,
            AttemptState.NOT_SENT,
            outcome=Outcome.NOT_SENT.value,
            error_message=message,
            failure_reason=reason,
            ended_at=at,
        )

    def lose_sight(self, message: str, reason: str, at: datetime, call_id: str = "") -> bool:
        """dialing -> unknown: it may have been placed. Stays live; nobody dials again."""
        return self.move(
            (AttemptState.DIALING,),
            AttemptState.UNKNOWN,
            call_id=call_id,
            error_message=message,
            failure_reason=reason,
            answered_at=at,
        )

    def learn_call_id(self, call_id: str) -> bool:
        """Notes the CALLID that was found out by other ways than the provider's answer.

        False when it has one, or when another attempt has this one.
        """
        try:
            with transaction.atomic():
                won = CallAttempt.objects.filter(pk=self.pk, call_id="").update(call_id=call_id)
        except IntegrityError:
            return False
        if won:
            self.call_id = call_id
        return bool(won)

    def recognise(self, at: datetime) -> bool:
        """unknown -> accepted: it has been seen, under the CALLID that it has by now.

        `at`: when it was accepted, as far as that is known.
        """
        return self.move(
            (AttemptState.UNKNOWN,), AttemptState.ACCEPTED, error_code=0, answered_at=at
        )

    def finish(
        self,
        to: AttemptState,
        at: datetime,
        connected_at: datetime | None = None,
        next_lookup_at: datetime | None = None,
        records: Iterable[LegRecord] = (),
        *,
        is_unclear: bool = False,
    ) -> bool:
        """live -> bridged | played | ended | what else the records tell: how it ended.

        `next_lookup_at`: when to ask the provider once more, where nobody has said how.
        `is_unclear`: its records are here, and do not tell whether anybody was reached.
        """
        no_record = self.state == AttemptState.ACCEPTED and not is_unclear
        outcome = OUTCOME_OF.get(to, Outcome.NO_RECORD if no_record else Outcome.NEVER_KNOWN)
        values: dict[str, Any] = {
            "ended_at": at,
            "next_lookup_at": next_lookup_at,
            "outcome": outcome.value,
        }
        if connected_at:
            values["connected_at"] = connected_at
        return self.move(LIVE_STATES, to, records, **values)

    def disprove(self, at: datetime) -> bool:
        """unknown -> never_placed: shown not to have happened."""
        return self.move(
            (AttemptState.UNKNOWN,),
            AttemptState.NEVER_PLACED,
            outcome=Outcome.NOT_SENT.value,
            ended_at=at,
            next_lookup_at=None,
        )

    def give_back(self, at: datetime) -> bool:
        """dialing -> not_sent, as long as nobody has taken it on."""
        at = max(at, self.claimed_at)
        outcome = "" if self.kind == AttemptKind.MESSAGE else Outcome.NOT_SENT.value
        won = CallAttempt.objects.filter(
            pk=self.pk, state=AttemptState.DIALING, sent_at__isnull=True
        ).update(
            state=AttemptState.NOT_SENT,
            outcome=outcome,
            ended_at=at,
            failure_reason="not_taken_on",
            **self.time_until(at),
        )
        if won:
            self.state, self.outcome, self.ended_at = AttemptState.NOT_SENT, outcome, at
        return bool(won)

    def correct(self, to: AttemptState, connected_at: datetime | None = None) -> bool:
        """ended -> bridged, or what else the records tell: somebody could tell after all; and what
        a record has ended -> bridged: they talked; or -> what the lead's leg says: it has rung.
        """
        come_from = DISPROVED_BY_A_TALK if to == AttemptState.BRIDGED else ENDED_BY_LEG_1
        values: dict[str, Any] = {
            "error_code": 0,
            "next_lookup_at": None,
            "outcome": OUTCOME_OF[to].value,
        }
        if connected_at:
            values["connected_at"] = connected_at
        return self.move((AttemptState.ENDED, *come_from), to, **values)

    def hold_on(self, until: datetime) -> bool:
        """Keeps the extension longer; False when it is free, or kept as long already."""
        return bool(
            CallAttempt.objects.filter(
                pk=self.pk, state__in=LIVE_STATES, hold_until__lt=until
            ).update(hold_until=until)
        )

    def let_go(self, at: datetime, next_lookup_at: datetime | None = None) -> bool:
        """Frees the extension at `at` if it was to be kept longer: its call seems to be over.

        `next_lookup_at`: when to ask the provider what became of the call.
        """
        values = {"hold_until": at} | ({"next_lookup_at": next_lookup_at} if next_lookup_at else {})
        return bool(
            CallAttempt.objects.filter(pk=self.pk, state__in=LIVE_STATES, hold_until__gt=at).update(
                **values
            )
        )
