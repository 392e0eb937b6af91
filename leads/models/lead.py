"""Lead: who asked for a call back, and what happened."""

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.api_clients import ApiClient
from leads.models.dispositions import Disposition
from leads.models.lead_status import E164, NO_NUMBER, OPEN_STATUSES, CameBy, LeadStatus
from leads.models.lead_times import LeadTimes
from leads.models.lead_waits import LeadWaits
from leads.models.sources import LeadSource, SlaClock


class Lead(LeadTimes, LeadWaits):
    """One person's request for a call back, from one submission.

    The lead repeats the result of its newest attempt (`call_id`, `error_code`, ...), so that a list
    of leads needs no other table.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(
        LeadSource,
        verbose_name=_("source"),
        on_delete=models.PROTECT,
        db_index=False,  # lead_by_source begins with it
        related_name="leads",
    )
    submission_key = models.UUIDField(
        _("submission key"),
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text=_("A submission that is sent again has the same key."),
    )
    submission_fingerprint = models.CharField(
        _("submission fingerprint"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("The fingerprint of an API request that had an Idempotency-Key."),
    )

    submitter = models.UUIDField(
        _("submitter"),
        null=True,
        blank=True,
        editable=False,
        help_text=_(
            "Requests with the same submitter come from the same person, as far as we know."
        ),
    )

    submitted_from = models.GenericIPAddressField(
        _("submitted from"),
        null=True,
        blank=True,
        unpack_ipv4=True,
        help_text=_("The IP address that sent the request. Empty if unknown."),
    )
    came_by = models.CharField(
        _("came by"),
        max_length=4,
        choices=CameBy.choices,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_(
            "Empty for leads created here, such as follow-ups, and for leads from older releases."
        ),
    )
    api_client = models.ForeignKey(
        ApiClient,
        verbose_name=_("API client"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        editable=False,
        related_name="+",
        help_text=_("The API client whose key was used."),
    )

    name = models.CharField(_("name"), max_length=120)
    phone = models.CharField(
        _("phone"),
        max_length=16,
        help_text=_("E.164"),
        validators=[RegexValidator(E164, _("For example +9725..."))],
    )
    phone_extension = models.CharField(
        _("extension"),
        max_length=7,
        blank=True,
        db_default="",
        default="",
        help_text=_(
            "The extension typed after the number. It is not dialled: the salesperson asks for it."
        ),
    )
    email = models.EmailField(_("email"), blank=True)
    message = models.TextField(_("message"), max_length=2000, blank=True)
    language = models.CharField(
        _("language"),
        max_length=8,
        blank=True,
        db_default="",
        help_text=_("The language the lead speaks. Empty if unknown."),
    )
    chosen_at = models.DateTimeField(
        _("chosen at"),
        null=True,
        blank=True,
        help_text=_("The time for which the visitor asked to be called."),
    )
    # The lead's own wish, if a later request for its number changed how it is called.
    first_source = models.ForeignKey(
        LeadSource,
        verbose_name=_("first source"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_(
            "The original source, if a later request from this number changed the source or the "
            "time."
        ),
    )
    first_chosen_at = models.DateTimeField(
        _("first chosen at"),
        null=True,
        blank=True,
        help_text=_("The time originally chosen, if a later request from this number changed it."),
    )

    status = models.CharField(
        _("status"), max_length=10, choices=LeadStatus.choices, default=LeadStatus.WAITING
    )
    duplicate_of = models.ForeignKey(
        "self",
        verbose_name=_("duplicate of"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # lead_duplicates covers duplicates only, which keeps claims cheap
        related_name="duplicates",
    )
    follow_up_of = models.ForeignKey(
        "self",
        verbose_name=_("follow-up of"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # lead_follow_ups covers follow-ups only
        related_name="follow_ups",
        help_text=_("The lead whose talk led a salesperson to plan this call."),
    )
    disposition = models.ForeignKey(
        Disposition,
        verbose_name=_("disposition"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # lead_by_disposition begins with it
        related_name="leads",
        help_text=_("The result of the last talk, as the salesperson recorded it."),
    )
    submitted_at = models.DateTimeField(_("submitted at"), default=timezone.now, db_index=True)
    clock_started_at = models.DateTimeField(
        _("clock started at"), default=timezone.now, help_text=_("When the SLA clock starts.")
    )
    due_at = models.DateTimeField(
        _("due at"), help_text=_("The start of the SLA clock plus the SLA target.")
    )
    # The promise when the lead came: changing the source later changes no promise. Empty in leads
    # from a process of the previous release: the source's current values apply.
    sla_target = models.PositiveIntegerField(
        _("SLA target"),
        null=True,
        blank=True,
        help_text=_("Seconds until the phone should ring. Taken from the source at the time."),
    )
    sla_clock = models.CharField(
        _("SLA clock"),
        max_length=6,
        choices=SlaClock.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("When the target's seconds count. Taken from the source at the time."),
    )
    sla_source = models.ForeignKey(
        LeadSource,
        verbose_name=_("promised by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_(
            "The source whose SLA applies, if a later request moved the lead to another source."
        ),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    erased_at = models.DateTimeField(
        _("erased at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the personal data was erased (callbacks.privacy)."),
    )
    cancelled_while_held = models.BooleanField(
        _("cancelled while held"),
        default=False,
        db_default=False,
        help_text=_("The lead was not to be called yet, so nothing was missed."),
    )

    call_id = models.CharField(_("CALLID"), max_length=64, blank=True)
    error_code = models.IntegerField(
        _("ERRORCODE"),
        null=True,
        blank=True,
        help_text=_("The provider's error code; 0 means accepted."),
    )
    error_message = models.CharField(_("error message"), max_length=500, blank=True)
    is_held_back = models.BooleanField(
        _("held back"),
        default=False,
        db_default=False,
        help_text=_("A check holds this request. It has no effect until a manager releases it."),
    )
    attempts = models.IntegerField(_("attempts"), default=0)

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-submitted_at"]
        permissions = [("call_lead", "Can have a lead called now")]
        indexes = [
            # callbacks.routing.claim asks for a source's due leads, most urgent first.
            models.Index(
                F("source"),
                Greatest("due_at", "call_after"),
                F("id"),
                name="lead_waiting_by_promise",
                condition=Q(status=LeadStatus.WAITING),
            ),
            models.Index(
                fields=["source", "call_after"],
                name="lead_waiting_by_time",
                condition=Q(status=LeadStatus.WAITING),
            ),
            models.Index(fields=["phone"], name="lead_phone"),
            # For the managers' list, newest first, of one status or one source.
            models.Index(fields=["status", "-submitted_at"], name="lead_by_status"),
            models.Index(fields=["source", "-submitted_at"], name="lead_by_source"),
            models.Index(fields=["submitter"], name="lead_submitter"),
            # Today's failed leads, among all leads ever.
            models.Index(
                fields=["closed_at"], name="lead_failed", condition=Q(status=LeadStatus.FAILED)
            ),
            models.Index(
                fields=["duplicate_of"],
                name="lead_duplicates",
                condition=Q(duplicate_of__isnull=False),
            ),
            # The few that a manager has to decide about, among all that ever joined another
            # request.
            models.Index(
                fields=["duplicate_of"], name="lead_held_back", condition=Q(is_held_back=True)
            ),
            models.Index(
                fields=["follow_up_of"],
                name="lead_follow_ups",
                condition=Q(follow_up_of__isnull=False),
            ),
            models.Index(
                fields=["disposition", "-submitted_at"],
                name="lead_by_disposition",
                condition=Q(disposition__isnull=False),
            ),
            # For the managers' list of one salesperson, and for the leads waiting on their desk.
            models.Index(
                fields=["assigned_to", "-submitted_at"],
                name="lead_assigned",
                condition=Q(assigned_to__isnull=False),
            ),
            models.Index(
                fields=["assigned_to", "call_after"],
                name="lead_assigned_and_open",
                condition=Q(assigned_to__isnull=False, status__in=OPEN_STATUSES),
            ),
            # For the managers' list of visitors who said whether the call helped.
            models.Index(
                fields=["helped", "-submitted_at"],
                name="lead_by_helped",
                condition=Q(helped__isnull=False),
            ),
            models.Index(fields=["call_id"], name="lead_call_id", condition=~Q(call_id="")),
            # callbacks.privacy.retention asks for the oldest leads that are still kept.
            models.Index(
                fields=["source", "closed_at"],
                name="lead_kept",
                condition=Q(closed_at__isnull=False, erased_at__isnull=True),
            ),
            # For callbacks.calling.visitor_clock.make_up; empty except after an upgrade.
            models.Index(
                fields=["id"],
                name="lead_ring_to_make_up",
                condition=Q(rang_at__isnull=False, time_to_ring__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(status__in=OPEN_STATUSES),
                name="lead_one_open_per_number",
            ),
            models.CheckConstraint(
                condition=Q(phone__regex=E164)
                | Q(phone__regex=NO_NUMBER, closed_at__isnull=False, erased_at__isnull=False),
                name="lead_phone_or_erased",
            ),
            models.CheckConstraint(
                condition=Q(status=LeadStatus.DUPLICATE, duplicate_of__isnull=False)
                | (~Q(status=LeadStatus.DUPLICATE) & Q(duplicate_of__isnull=True)),
                name="lead_duplicate_names_the_first",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STATUSES, closed_at__isnull=True)
                | (~Q(status__in=OPEN_STATUSES) & Q(closed_at__isnull=False)),
                name="lead_closed_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=LeadStatus.CONNECTED) | Q(connected_at__isnull=False),
                name="lead_connected_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("clock_started_at")), name="lead_due_after_clock_start"
            ),
            models.CheckConstraint(
                condition=Q(status__in=LeadStatus.values), name="lead_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Lead {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether the lead still needs something done."""
        return self.status in OPEN_STATUSES

    @property
    def has_owner(self) -> bool:
        """Whether the lead belongs to one salesperson in every team: assigned to them, or a
        follow-up planned by the person who last talked with its number. callbacks.routing.queue
        asks the same in SQL.
        """
        return self.assigned_to_id is not None or self.follow_up_of_id is not None

    @property
    def came_through(self) -> int:
        """The source that the lead came through, even if another source calls it
        (`first_source`).
        """
        return self.first_source_id or self.source_id

    def newest_request(self) -> "Lead":
        """The newest request that this lead stands for: its own, or one that joined it.

        A salesperson sees the personal data of this request. Reads `duplicates`.
        """
        return self.requests_by_age()[-1]

    def requests_by_age(self) -> "list[Lead]":
        """The lead and the requests that joined it, oldest first. Leaves out requests that are held
        back: a stranger may have sent them.
        """
        joined = [it for it in self.duplicates.all() if not it.is_held_back]
        return sorted([self, *joined], key=lambda it: (it.submitted_at, it.pk))

    def extension_to_ask_for(self) -> str:
        """The extension typed last, even if the newest request names none; or ""."""
        typed = [it.phone_extension for it in self.requests_by_age() if it.phone_extension]
        return typed[-1] if typed else ""
