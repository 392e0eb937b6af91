"""LeadSource and Lead: who asked to be called back, through which form, and what came of it."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from leads import languages

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

E164 = r"^\+[1-9][0-9]{6,14}$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$"


def default_countries() -> list[str]:
    """The countries that a new source accepts numbers of."""
    return ["IL"]


def validate_country(code: str) -> None:
    """Raises ValidationError unless `code` is an ISO 3166 country with telephone numbers."""
    if code not in SUPPORTED_REGIONS:
        raise ValidationError(
            _("%(code)s is not a country code. Use two capital letters, for example IL."),
            params={"code": code},
        )


class SlaClock(models.TextChoices):
    """When the SLA clock of a source's leads runs."""

    ALWAYS = "always", _("round the clock")
    OPEN = "open", _("in opening hours only")


class LeadSource(models.Model):
    """Where leads come from: a website form, a landing page, an API client."""

    slug = models.SlugField(
        _("slug"), max_length=50, unique=True, help_text=_("Part of the form's address.")
    )
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(
        _("is active"),
        default=True,
        help_text=_("A source that is off answers like one that does not exist."),
    )
    default_country = models.CharField(
        _("default country"),
        max_length=2,
        default="IL",
        validators=[validate_country],
        help_text=_(
            "The country of numbers that are typed without a country code, for example IL."
        ),
    )
    allowed_countries = ArrayField(
        models.CharField(max_length=2, validators=[validate_country]),
        verbose_name=_("allowed countries"),
        default=default_countries,
        help_text=_(
            "Country codes separated by commas. Numbers of other countries are never dialled."
        ),
    )
    language = models.CharField(
        _("language"),
        max_length=8,
        default="en",
        validators=[RegexValidator(LANGUAGE, _("For example: en, he, ru."))],
    )
    sla_target = models.PositiveIntegerField(
        _("SLA target"), default=60, help_text=_("Seconds within which a lead is to be called.")
    )
    sla_clock = models.CharField(
        _("SLA clock"),
        max_length=6,
        choices=SlaClock.choices,
        default=SlaClock.ALWAYS,
        help_text=_("When the seconds of the target are counted."),
    )
    least_talk = models.PositiveSmallIntegerField(
        _("least talk (seconds)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
        help_text=_(
            "For how long the two must have talked for the lead to count as reached. "
            "A shorter call is made again. Empty: as the settings say."
        ),
    )
    priority = models.PositiveSmallIntegerField(
        _("priority (minutes)"),
        default=0,
        help_text=_(
            "Leads of this source are called as if they had waited so many minutes longer. "
            "With 10, a new lead comes before other sources' leads that are overdue by less "
            "than 10 minutes, and after those that are overdue by more."
        ),
    )
    call_from = models.TimeField(
        _("call not before"),
        null=True,
        blank=True,
        help_text=_(
            "In the time zone of the lead's number. Leave both times empty to call at any hour."
        ),
    )
    call_until = models.TimeField(_("call not after"), null=True, blank=True)
    offers_times = models.BooleanField(
        _("offers times"), default=True, help_text=_("Visitors may choose when they are called.")
    )
    allowed_origins = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("allowed origins"),
        default=list,
        blank=True,
        help_text=_("Websites that may embed the form, for example https://www.example.com."),
    )

    class Meta:
        verbose_name = _("lead source")
        verbose_name_plural = _("lead sources")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(call_from__isnull=True, call_until__isnull=True)
                | Q(
                    call_from__isnull=False, call_until__isnull=False, call_from__lt=F("call_until")
                ),
                name="source_calls_in_a_window",
                violation_error_message=_(
                    "Enter both times of the calling window, the earlier one first, or none."
                ),
            ),
            models.CheckConstraint(
                condition=Q(allowed_countries__len__gt=0), name="source_allows_a_country"
            ),
            models.CheckConstraint(condition=Q(sla_target__gt=0), name="source_target_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The default country must be an allowed one, or no local number would be accepted."""
        self.language = languages.todays(self.language or "")
        if self.default_country not in (self.allowed_countries or []):
            sentence = gettext("Include the default country, %(country)s.")
            raise ValidationError(
                {"allowed_countries": sentence % {"country": self.default_country}}
            )


class SetupVersion(models.Model):
    """One row that gets a new version with every change of the configuration (leads.config_cache).

    Only triggers of the database write `version`, so that no way of changing the configuration is
    missed. The other columns say how far waiting leads have got their times by a change of hours
    (callbacks.calling.reschedule).
    """

    id = models.PositiveSmallIntegerField(_("id"), primary_key=True, default=1)
    version = models.UUIDField(_("version"))
    followed = models.UUIDField(
        _("followed"), null=True, help_text=_("The version that waiting leads got their times by.")
    )
    followed_to = models.BigIntegerField(
        _("followed to"), null=True, help_text=_("The last lead looked at; empty: all were.")
    )
    followed_since = models.DateTimeField(
        _("followed since"),
        null=True,
        help_text=_("Since when this version is followed; empty: nobody goes by an older one."),
    )

    class Meta:
        verbose_name = _("setup version")
        verbose_name_plural = _("setup versions")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="setup_version_is_one")]

    def __str__(self) -> str:
        return str(self.version)


class LeadStatus(models.TextChoices):
    """How a lead stands. docs/architecture.md draws the transitions."""

    HELD = "held", _("held")
    WAITING = "waiting", _("waiting")
    CALLING = "calling", _("calling")
    CONNECTED = "connected", _("connected")
    CALLED = "called", _("called")
    UNREACHED = "unreached", _("unreached")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    DUPLICATE = "duplicate", _("duplicate")


def _waited(
    name: "StrOrPromise", help_text: "StrOrPromise"
) -> "models.DurationField[timedelta, timedelta]":
    return models.DurationField(
        name, default=timedelta(0), db_default=timedelta(0), help_text=help_text
    )


# These leads still need something done; a number has at most one of them.
OPEN_STATUSES = (LeadStatus.HELD, LeadStatus.WAITING, LeadStatus.CALLING)


class Lead(models.Model):
    """One person's request to be called back, from one submission.

    The lead repeats the result of its newest attempt (`call_id`, `error_code`, ...), so that a list
    of leads needs no other table.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(
        LeadSource, verbose_name=_("source"), on_delete=models.PROTECT, related_name="leads"
    )
    submission_key = models.UUIDField(
        _("submission key"),
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text=_("A submission keeps its key, however often it arrives."),
    )
    submission_fingerprint = models.CharField(
        _("submission fingerprint"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("Of what the API was sent with an Idempotency-Key."),
    )

    submitter = models.UUIDField(
        _("submitter"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Requests with the same one come from the same person, as far as is known."),
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
        help_text=_("Typed behind the number. Nobody dials it: the salesperson asks for it."),
    )
    email = models.EmailField(_("email"), blank=True)
    message = models.TextField(_("message"), max_length=2000, blank=True)
    language = models.CharField(
        _("language"),
        max_length=8,
        blank=True,
        db_default="",
        help_text=_("The language that the lead speaks; empty where it is not known."),
    )
    chosen_at = models.DateTimeField(
        _("chosen at"), null=True, blank=True, help_text=_("When the visitor asked to be called.")
    )
    # The lead's own wish, where a later request of its number has changed how it is called.
    first_source = models.ForeignKey(
        LeadSource,
        verbose_name=_("first source"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_("Where it came in, if a later request of the number moved or timed it anew."),
    )
    first_chosen_at = models.DateTimeField(
        _("first chosen at"),
        null=True,
        blank=True,
        help_text=_("The time that was chosen with it, if a later request timed it anew."),
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
    submitted_at = models.DateTimeField(_("submitted at"), default=timezone.now, db_index=True)
    clock_started_at = models.DateTimeField(
        _("clock started at"), default=timezone.now, help_text=_("When the SLA clock starts.")
    )
    due_at = models.DateTimeField(
        _("due at"), help_text=_("The start of the SLA clock plus the source's target.")
    )
    call_after = models.DateTimeField(
        _("call after"),
        default=timezone.now,
        help_text=_(
            "The lead is not called before this time. If the time is past, the lead waits for an "
            "extension."
        ),
    )
    # What the lead waits for, and how long it has waited so far (leads.wait_accounting).
    waiting_since = models.DateTimeField(
        _("waiting since"),
        default=timezone.now,
        db_default=Now(),
        help_text=_("When the present wait began."),
    )
    gap_until = models.DateTimeField(
        _("gap until"),
        null=True,
        blank=True,
        help_text=_("The wait for the chosen time, or for the gap before another call, ends then."),
    )
    closed_until = models.DateTimeField(
        _("closed until"),
        null=True,
        blank=True,
        help_text=_("The wait for opening hours, which follows the gap, ends then."),
    )
    waited_chosen = _waited(
        _("waited for the chosen time"), _("Until the time that the visitor chose.")
    )
    waited_closed = _waited(_("waited while closed"), _("Outside opening hours."))
    waited_extension = _waited(_("waited for an extension"), _("For a free extension."))
    waited_retry = _waited(_("waited between calls"), _("Between two calls."))
    counted_from = models.DateTimeField(
        _("counted from"),
        default=timezone.now,
        help_text=_("Attempts before this time do not count: a manager had the lead called again."),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    call_id = models.CharField(_("CALLID"), max_length=64, blank=True)
    error_code = models.IntegerField(
        _("ERRORCODE"),
        null=True,
        blank=True,
        help_text=_("The provider's error code; 0 means accepted."),
    )
    error_message = models.CharField(_("error message"), max_length=500, blank=True)
    attempts = models.IntegerField(_("attempts"), default=0)
    first_dialed_at = models.DateTimeField(
        _("first dialed at"),
        null=True,
        blank=True,
        help_text=_("When the provider first accepted a call to this lead."),
    )
    picked_up_at = models.DateTimeField(
        _("picked up at"),
        null=True,
        blank=True,
        help_text=_("When the salesperson picked up in the present call."),
    )
    rang_at = models.DateTimeField(
        _("rang at"),
        null=True,
        blank=True,
        help_text=_("When the lead's phone first rang. The visitor's clock stops then."),
    )
    connected_at = models.DateTimeField(
        _("connected at"), null=True, blank=True, help_text=_("When the lead's phone was answered.")
    )
    # What the clock of its source showed then (callbacks.calling.visitor_clock).
    time_to_ring = models.DurationField(
        _("time to ring"),
        null=True,
        blank=True,
        help_text=_("What the SLA clock showed when the lead's phone first rang."),
    )
    time_to_talk = models.DurationField(
        _("time to talk"),
        null=True,
        blank=True,
        help_text=_("What the SLA clock showed when they first talked."),
    )
    # Whose lead it is in reports: of the first call in which they talked, else of the last one
    # that has ended (callbacks.calling.visitor_clock). Ids, since leads knows nothing of callbacks;
    # here, so that a report of millions of leads reads no other table.
    by_extension = models.BigIntegerField(
        _("by extension"), null=True, blank=True, help_text=_("The id of the extension.")
    )
    by_user = models.BigIntegerField(
        _("by user"), null=True, blank=True, help_text=_("The id of the salesperson's login.")
    )
    by_team = models.BigIntegerField(
        _("by team"), null=True, blank=True, help_text=_("The id of the extension's team then.")
    )

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-submitted_at"]
        permissions = [("call_lead", "Can have a lead called now")]
        indexes = [
            # callbacks.routing.claim asks for the due leads of a source, the most urgent first.
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
            models.Index(fields=["submitter"], name="lead_submitter"),
            models.Index(
                fields=["duplicate_of"],
                name="lead_duplicates",
                condition=Q(duplicate_of__isnull=False),
            ),
            models.Index(fields=["call_id"], name="lead_call_id", condition=~Q(call_id="")),
            # callbacks.calling.visitor_clock.make_up; empty but after an upgrade.
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
            models.CheckConstraint(condition=Q(phone__regex=E164), name="lead_phone_e164"),
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

    def newest_request(self) -> "Lead":
        """The newest request that this lead stands for: its own, or one that has joined it.

        What a salesperson is shown of a person is this one's. Reads `duplicates`.
        """
        return self.requests_by_age()[-1]

    def requests_by_age(self) -> "list[Lead]":
        """The lead and those that have joined it, in the order in which they came."""
        return sorted([self, *self.duplicates.all()], key=lambda it: (it.submitted_at, it.pk))

    def extension_to_ask_for(self) -> str:
        """The one that was typed last, also where the newest request names none; or ""."""
        typed = [it.phone_extension for it in self.requests_by_age() if it.phone_extension]
        return typed[-1] if typed else ""


class ClockChange(models.Model):
    """A lead's due time was moved, since opening hours had changed: when, from what, to what."""

    lead = models.ForeignKey(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="clock_changes"
    )
    changed_at = models.DateTimeField(_("changed at"))
    due_before = models.DateTimeField(_("due before"))
    due_since = models.DateTimeField(_("due since"))

    class Meta:
        verbose_name = _("clock change")
        verbose_name_plural = _("clock changes")
        ordering = ["changed_at", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("Lead %(lead_id)s is due at another time") % {"lead_id": self.lead_id}


class EarlierPlan(models.Model):
    """How an open lead was to be called before a later request of its number changed it.

    Should that request be taken back, the lead is called as before (leads.joining).
    """

    request = models.OneToOneField(
        Lead, verbose_name=_("request"), on_delete=models.CASCADE, related_name="earlier_plan"
    )
    lead = models.ForeignKey(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="earlier_plans"
    )
    source = models.ForeignKey(
        LeadSource, verbose_name=_("source"), on_delete=models.PROTECT, related_name="+"
    )
    language = models.CharField(_("language"), max_length=8, blank=True)
    chosen_at = models.DateTimeField(_("chosen at"), null=True)
    call_after = models.DateTimeField(_("call after"))
    clock_started_at = models.DateTimeField(_("clock started at"))
    due_at = models.DateTimeField(_("due at"))
    gap_until = models.DateTimeField(_("gap until"), null=True)
    closed_until = models.DateTimeField(_("closed until"), null=True)

    class Meta:
        verbose_name = _("earlier plan")
        verbose_name_plural = _("earlier plans")
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("Lead %(lead_id)s before request %(request_id)s") % {
            "lead_id": self.lead_id,
            "request_id": self.request_id,
        }
