"""The stored columns of a call attempt, and the constraints on them."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Reverse, Upper
from django.utils.translation import gettext_lazy as _

from callbacks.models.attempt_states import (
    LIVE_STATES,
    NOBODY_KNOWS,
    AttemptKind,
    AttemptOutcome,
    AttemptState,
)
from callbacks.models.extensions import Extension
from leads.models import E164, NO_NUMBER, Lead


class StoredAttempt(models.Model):
    """The columns, constraints and indexes of CallAttempt."""

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
        help_text=_("Empty for a message, which is played to the lead alone."),
        verbose_name=_("extension"),
    )
    # Whose phone it was at the claim. No constraint, so that claims do not read the table of users.
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text=_("Whose phone it was. A person has one call at a time."),
        verbose_name=_("salesperson"),
    )
    phone = models.CharField(
        _("lead's number"), max_length=16, help_text=_("In E.164, as dialled.")
    )
    extension_number = models.CharField(
        _("extension number"), max_length=64, blank=True, help_text=_("As dialled.")
    )
    record_name = models.CharField(
        _("recording name"),
        max_length=100,
        blank=True,
        help_text=_("The provider's name for the message that is played."),
    )
    state = models.CharField(
        _("state"), max_length=15, choices=AttemptState.choices, default=AttemptState.DIALING
    )
    # The claim has its own INSERT, which leaves this to the database.
    outcome = models.CharField(
        _("outcome"),
        max_length=15,
        choices=AttemptOutcome.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("How the call ended. Empty while it is live and for messages."),
    )

    claimed_at = models.DateTimeField(_("claimed at"), help_text=_("When the claim was committed."))
    sent_at = models.DateTimeField(
        _("sent at"),
        null=True,
        blank=True,
        help_text=_("When a worker picked it up for sending. Empty: nothing was sent."),
    )
    stopped_at = models.DateTimeField(
        _("stopped at"),
        null=True,
        blank=True,
        help_text=_(
            "When a manager stopped it. It counts against nobody, and the lead is not called again."
        ),
    )
    hang_up_wanted = models.BooleanField(
        _("hang up wanted"),
        default=False,
        db_default=False,
        help_text=_("The visitor took the request back, so the provider is asked to end the call."),
    )
    answered_at = models.DateTimeField(
        _("answered at"),
        null=True,
        blank=True,
        help_text=_("When the provider answered, or when we stopped waiting for the answer."),
    )
    picked_up_at = models.DateTimeField(
        _("picked up at"),
        null=True,
        blank=True,
        help_text=_("When the salesperson picked up, if the provider reported it live."),
    )
    hung_up_at = models.DateTimeField(
        _("hung up at"),
        null=True,
        blank=True,
        help_text=_("When the call ended, if the provider reported it live."),
    )
    lead_ringing_at = models.DateTimeField(
        _("lead ringing at"),
        null=True,
        blank=True,
        help_text=_("When the lead's phone began to ring, if the provider reported it live."),
    )
    lead_answered_at = models.DateTimeField(
        _("lead answered at"),
        null=True,
        blank=True,
        help_text=_("When the lead picked up, if the provider reported it live."),
    )
    rejected_leg = models.PositiveSmallIntegerField(
        _("rejected leg"),
        null=True,
        blank=True,
        help_text=_(
            "Which phone rejected the call, if the provider reported it live: 1 is the "
            "salesperson's, 2 the lead's."
        ),
    )
    rang_at = models.DateTimeField(
        _("rang at"), null=True, blank=True, help_text=_("When the lead's phone began to ring.")
    )
    connected_at = models.DateTimeField(
        _("connected at"), null=True, blank=True, help_text=_("When the lead's phone was answered.")
    )
    clock_at_call = models.DurationField(
        _("SLA clock at the call"),
        null=True,
        blank=True,
        help_text=_(
            "What the lead's SLA clock showed at the claim, if it runs in opening hours only."
        ),
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    hold_until = models.DateTimeField(
        _("hold until"),
        help_text=_("When the extension is freed at the latest if no record comes."),
    )
    # How the outcome is looked up (callbacks.reconciliation.lookup). The claim's INSERT leaves
    # these to the database.
    next_lookup_at = models.DateTimeField(
        _("next lookup at"),
        null=True,
        blank=True,
        help_text=_("When the provider is next asked how the call ended."),
    )
    lookup_count = models.SmallIntegerField(
        _("lookup count"), default=0, db_default=0, help_text=_("How often the provider was asked.")
    )
    missing_since = models.DateTimeField(
        _("missing since"),
        null=True,
        blank=True,
        help_text=_("Since when the call is missing from the provider's active calls."),
    )

    routing_trace = models.JSONField(
        _("routing trace"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("Who was considered, who was not and why, and which rule decided."),
    )
    # Where the lead's time went while the attempt was live (callbacks.models.time_accounting).
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
        help_text=_("Our word for what went wrong, such as read_timeout."),
    )
    talk_time = models.PositiveIntegerField(
        _("talk time"), null=True, blank=True, help_text=_("Seconds.")
    )
    counted_minutes = models.PositiveIntegerField(
        _("counted minutes"),
        null=True,
        blank=True,
        editable=False,
        help_text=_(
            "The minutes from the call's record, for the spending limits. Empty: the limits "
            "count the assumed length of a call."
        ),
    )
    # How the spending limits count it. Only the SQL in callbacks/spending writes these, once it is
    # sent; the claim's INSERT leaves them to the database.
    counted_limits = ArrayField(
        models.BigIntegerField(), verbose_name=_("counted by"), null=True, editable=False
    )
    counted_set_up = models.DecimalField(
        _("counted for the call"), max_digits=9, decimal_places=4, null=True, editable=False
    )
    counted_per_minute = models.DecimalField(
        _("counted for each minute"), max_digits=9, decimal_places=4, null=True, editable=False
    )
    is_uncounted = models.BooleanField(
        _("uncounted"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("The call was not made, so the spending limits no longer count it."),
    )
    price = models.PositiveIntegerField(
        _("price"), null=True, blank=True, help_text=_("For both legs, in hundredths of a shekel.")
    )
    recording_url = models.URLField(_("recording URL"), max_length=2000, blank=True)
    ai_data_erased_at = models.DateTimeField(
        _("AI data erased at"),
        null=True,
        blank=True,
        help_text=_("When the AI data of this call was erased."),
    )

    class Meta:
        abstract = True
        ordering = ["-claimed_at", "-id"]
        permissions = [("hang_up_call", "Can hang up a call")]
        # The claim checks one extension after the other for a live call. While no attempt is live,
        # the planner considers any of these small indexes as cheap as looking up one row. Because
        # of the IS NOT NULL conditions on the others, it can use only the index by extension.
        constraints = [
            models.UniqueConstraint(
                fields=["extension"],
                condition=Q(state__in=LIVE_STATES),
                name="attempt_one_live_per_extension",
            ),
            models.UniqueConstraint(
                fields=["salesperson"],
                # Live, in terms that no other index has: see availability._PERSON_IS_ON_CALL.
                condition=Q(ended_at__isnull=True) & Q(salesperson__isnull=False),
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
            models.CheckConstraint(
                condition=Q(phone__regex=E164) | Q(phone__regex=NO_NUMBER, ended_at__isnull=False),
                name="attempt_phone_or_erased",
            ),
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
            # Lists show the end of a CALLID, so people search for it (callbacks.admin.search).
            models.Index(
                OpClass(Reverse(Upper("call_id")), name="text_pattern_ops"),
                name="attempt_call_id_end",
                condition=~Q(call_id=""),
            ),
            models.Index(
                fields=["hold_until"],
                name="attempt_live_hold",
                condition=Q(state__in=LIVE_STATES) & Q(hold_until__isnull=False),
            ),
            # Each claim asks how often and how recently a number was rung.
            models.Index(fields=["phone", "claimed_at"], name="attempt_by_number"),
            models.Index(fields=["extension", "claimed_at"], name="attempt_by_extension"),
            # Lists by day. Attempts are stored in the order they were made, so an index of a few
            # kilobytes finds the pages of a day, and costs almost nothing to write.
            BrinIndex(
                fields=["claimed_at"], name="attempt_by_day", pages_per_range=32, autosummarize=True
            ),
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
