"""LeadSource and Lead: who asked to be called back, where, and what has come of it."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.db.models.lookups import Exact, IsNull, Lookup, Regex
from django.utils import timezone
from phonenumbers import SUPPORTED_REGIONS

E164 = r"^\+[1-9][0-9]{6,14}$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$"


def default_countries() -> list[str]:
    """Allowed countries of a new source."""
    return ["IL"]


def validate_country(code: str) -> None:
    """Raises ValidationError unless `code` is an ISO 3166 country with telephone numbers."""
    if code not in SUPPORTED_REGIONS:
        raise ValidationError(
            "%(code)s is not a country code. Use two capital letters, for example IL.",
            params={"code": code},
        )


class SlaClock(models.TextChoices):
    """When the seconds of a source's target count."""

    ALWAYS = "always", "round the clock"
    OPEN = "open", "in opening hours only"


class LeadSource(models.Model):
    """Where leads come from: a website form, a landing page, an API client."""

    slug = models.SlugField(max_length=50, unique=True, help_text="Part of the form's address.")
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(
        default=True, help_text="A source that is off answers like one that does not exist."
    )
    default_country = models.CharField(
        max_length=2,
        default="IL",
        validators=[validate_country],
        help_text="The country of numbers typed without one, for example IL.",
    )
    allowed_countries = ArrayField(
        models.CharField(max_length=2, validators=[validate_country]),
        default=default_countries,
        help_text="Numbers of other countries are never dialled. Separated by commas.",
    )
    language = models.CharField(
        max_length=8,
        default="en",
        validators=[RegexValidator(LANGUAGE, "For example: en, he, ru.")],
    )
    sla_target = models.PositiveIntegerField(
        "SLA target", default=60, help_text="Seconds within which a lead is to be called."
    )
    sla_clock = models.CharField(
        "SLA clock",
        max_length=6,
        choices=SlaClock.choices,
        default=SlaClock.ALWAYS,
        help_text="When the seconds of the target count.",
    )
    priority = models.PositiveSmallIntegerField(
        default=0,
        help_text="Of leads that are due at the same moment, those of the higher number are "
        "called first.",
    )
    call_from = models.TimeField(
        "call not before",
        null=True,
        blank=True,
        help_text="In the lead's own time zone, as its number tells it. Both empty: at any hour.",
    )
    call_until = models.TimeField("call not after", null=True, blank=True)
    offers_times = models.BooleanField(
        default=True, help_text="Visitors may choose when they are called."
    )
    allowed_origins = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="Websites that may embed the form, for example https://www.example.com.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(call_from__isnull=True, call_until__isnull=True)
                | Q(
                    call_from__isnull=False, call_until__isnull=False, call_from__lt=F("call_until")
                ),
                name="source_calls_in_a_window",
                violation_error_message="Enter both times of the calling window, the earlier one "
                "first, or none.",
            ),
            models.CheckConstraint(
                condition=Q(allowed_countries__len__gt=0), name="source_allows_a_country"
            ),
            models.CheckConstraint(condition=Q(sla_target__gt=0), name="source_target_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The default country is one of the allowed ones, or no local number would be accepted."""
        if self.default_country not in (self.allowed_countries or []):
            raise ValidationError(
                {"allowed_countries": f"Include the default country, {self.default_country}."}
            )


class SetupVersion(models.Model):
    """One row: another version with every change of what managers set up (leads.config_cache).

    Written by triggers of the database alone, so that no way of changing something is forgotten.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField()

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="setup_version_is_one")]

    def __str__(self) -> str:
        return str(self.version)


class LeadStatus(models.TextChoices):
    """Where a lead stands. The transitions are drawn in docs/architecture.md."""

    HELD = "held", "held"
    WAITING = "waiting", "waiting"
    CALLING = "calling", "calling"
    CONNECTED = "connected", "connected"
    CALLED = "called", "called"
    UNREACHED = "unreached", "unreached"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"
    DUPLICATE = "duplicate", "duplicate"


def _waited(help_text: str) -> "models.DurationField[timedelta, timedelta]":
    return models.DurationField(default=timedelta(0), db_default=timedelta(0), help_text=help_text)


# Somebody still has to do something for these; a number has at most one of them.
OPEN_STATUSES = (LeadStatus.HELD, LeadStatus.WAITING, LeadStatus.CALLING)


def one_of(values: Iterable[str]) -> str:
    """A pattern for exactly these words, for a check constraint.

    PostgreSQL reads each constraint anew for every row that it writes, and a list of many values
    takes it many times as long as a pattern.
    """
    return f"^({'|'.join(values)})$"


def together(one: "Lookup[Any]", other: "Lookup[Any]") -> "Exact[Any]":
    """For a check constraint: both conditions hold, or neither does.

    Half of what PostgreSQL would have to read of `one AND other OR NOT one AND NOT other`.
    """
    return Exact(one, other)


class Lead(models.Model):
    """One person's request to be called back, from one submission.

    It mirrors its newest attempt (`call_id`, `error_code`, ...), so that a list of leads needs no
    other table.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(LeadSource, on_delete=models.PROTECT, related_name="leads")
    submission_key = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="One submission, however often it arrives, has one key.",
    )

    name = models.CharField(max_length=120)
    phone = models.CharField(
        max_length=16, help_text="E.164", validators=[RegexValidator(E164, "For example +9725...")]
    )
    email = models.EmailField(blank=True)
    message = models.TextField(max_length=2000, blank=True)
    language = models.CharField(
        max_length=8, blank=True, db_default="", help_text="The lead's; empty: not known."
    )
    chosen_at = models.DateTimeField(
        null=True, blank=True, help_text="When the visitor asked to be called."
    )

    status = models.CharField(max_length=10, choices=LeadStatus.choices, default=LeadStatus.WAITING)
    duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # lead_duplicates: most leads are none, and each claim writes the lead
        related_name="duplicates",
    )
    submitted_at = models.DateTimeField(default=timezone.now, db_index=True)
    clock_started_at = models.DateTimeField(
        default=timezone.now, help_text="When the SLA clock starts."
    )
    due_at = models.DateTimeField(help_text="Clock start plus the source's target.")
    call_after = models.DateTimeField(
        default=timezone.now, help_text="Not called before; in the past: waits for an extension."
    )
    # Where its time goes (leads.wait_accounting): what it waits for, and what it has waited so far.
    waiting_since = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="Since when it has waited this time."
    )
    gap_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until then for its chosen time, or for the gap before another try.",
    )
    closed_until = models.DateTimeField(
        null=True, blank=True, help_text="From then on, and until this, for opening hours."
    )
    waited_chosen = _waited("Until the time that the visitor chose.")
    waited_closed = _waited("Outside opening hours.")
    waited_extension = _waited("For a free extension.")
    waited_retry = _waited("Between two tries.")
    counted_from = models.DateTimeField(
        default=timezone.now,
        help_text="Earlier attempts do not count as tries: a manager had it called again.",
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    call_id = models.CharField("CALLID", max_length=64, blank=True)
    error_code = models.IntegerField(
        "ERRORCODE", null=True, blank=True, help_text="The provider's; 0 is accepted."
    )
    error_message = models.CharField(max_length=500, blank=True)
    attempts = models.IntegerField(default=0)
    first_dialed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the provider first accepted a call to this lead."
    )
    picked_up_at = models.DateTimeField(
        null=True, blank=True, help_text="When the salesperson of the call that is on picked up."
    )
    connected_at = models.DateTimeField(
        null=True, blank=True, help_text="When the lead's phone was answered."
    )

    class Meta:
        ordering = ["-submitted_at"]
        permissions = [("call_lead", "Can have a lead called now")]
        indexes = [
            # What is due is asked for by source (callbacks.routing.claim): most urgent first, and
            # all.
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
            models.Index(
                fields=["duplicate_of"],
                name="lead_duplicates",
                condition=Q(duplicate_of__isnull=False),
            ),
            models.Index(fields=["call_id"], name="lead_call_id", condition=~Q(call_id="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(status__in=OPEN_STATUSES),
                name="lead_one_open_per_number",
            ),
            models.CheckConstraint(condition=Q(phone__regex=E164), name="lead_phone_e164"),
            models.CheckConstraint(
                condition=together(
                    Exact(F("status"), LeadStatus.DUPLICATE), IsNull(F("duplicate_of"), False)
                ),
                name="lead_duplicate_names_the_first",
            ),
            models.CheckConstraint(
                condition=together(
                    Regex(F("status"), one_of(OPEN_STATUSES)), IsNull(F("closed_at"), True)
                ),
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
                condition=Q(status__regex=one_of(LeadStatus.values)), name="lead_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Lead {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something for it."""
        return self.status in OPEN_STATUSES
