"""Who answers: Schedule, Team, Extension."""

import zoneinfo
from collections.abc import Collection
from datetime import date
from typing import Any

import holidays
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from callbacks.schedule import Calendar, Hours
from callbacks.voicenter import Call, InvalidCall, to_e164, to_provider
from callbacks.voicenter.parameters import LOGIN_CODE, SIP_TRUNK
from leads.models import LeadSource

# Digits, or a SIP code; its case is significant and never changed (VOICENTER.md, Click2Call).
NUMBER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
# A phone number stands in one spelling only, or it would not be recognised as one of our own.
PHONE_NUMBER = r"^[1-9][0-9]{6,14}$"


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            "%(name)s is not a time zone. Use a name like Asia/Jerusalem.", params={"name": name}
        )


def validate_holiday_country(code: str) -> None:
    """Raises ValidationError unless the public holidays of `code` are known."""
    if code not in holidays.list_supported_countries(include_aliases=False):
        raise ValidationError(
            "The holidays of %(code)s are not known. Use a code like IL, or enter them as "
            "exceptions.",
            params={"code": code},
        )


class Schedule(models.Model):
    """Opening hours in a time zone: a week, the holidays of a country, exceptions by date."""

    name = models.CharField(max_length=100, unique=True)
    time_zone = models.CharField(
        max_length=64, default="Asia/Jerusalem", validators=[validate_time_zone]
    )
    holidays_of = models.CharField(
        "closed on holidays of",
        max_length=2,
        blank=True,
        validators=[validate_holiday_country],
        help_text="Country whose public holidays are closed, for example IL. Empty: none.",
    )
    eve_closes_at = models.TimeField(
        "the day before a holiday closes at",
        null=True,
        blank=True,
        help_text="Empty: as on other days.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def calendar(self) -> Calendar:
        """As a value for the rules in callbacks.schedule.

        Prefetch `hours` and `exceptions` when there are many.
        """
        week: dict[int, list[Hours]] = {}
        for row in self.hours.all():
            week.setdefault(row.weekday, []).append(Hours(row.opens_at, row.closes_at))
        exceptions: dict[date, list[Hours]] = {}
        for day in self.exceptions.all():
            hours = exceptions.setdefault(day.date, [])
            if day.opens_at is not None and day.closes_at is not None:
                hours.append(Hours(day.opens_at, day.closes_at))
        return Calendar(self.time_zone, week, exceptions, self.holidays_of, self.eve_closes_at)


class OpeningHours(models.Model):
    """One interval of one weekday. Past midnight it ends on the next day."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens_at = models.TimeField()
    closes_at = models.TimeField(
        help_text="At or before the opening time: on the next day. 00:00 to 00:00: the whole day."
    )

    class Meta:
        ordering = ["weekday", "opens_at"]
        verbose_name_plural = "opening hours"
        constraints = [
            models.CheckConstraint(
                condition=~Q(closes_at=F("opens_at")) | Q(opens_at="00:00"),
                name="hours_are_not_empty",
                violation_error_message="It closes as it opens. For the whole day: 00:00 to 00:00.",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M}-{self.closes_at:%H:%M}"


class ScheduleException(models.Model):
    """A day on which other hours hold than in any other week, or none."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="exceptions")
    date = models.DateField()
    opens_at = models.TimeField(null=True, blank=True, help_text="Both empty: closed that day.")
    closes_at = models.TimeField(null=True, blank=True)
    note = models.CharField(max_length=100, blank=True, help_text="Why, for your colleagues.")

    class Meta:
        ordering = ["date", "opens_at"]
        verbose_name = "exception"
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="exception_has_both_times_or_none",
                violation_error_message="Enter both times, or none for a closed day.",
            ),
            models.CheckConstraint(
                condition=~Q(closes_at=F("opens_at")) | Q(opens_at="00:00"),
                name="exception_hours_are_not_empty",
                violation_error_message="It closes as it opens. For the whole day: 00:00 to 00:00.",
            ),
        ]

    def __str__(self) -> str:
        hours = f"{self.opens_at:%H:%M}-{self.closes_at:%H:%M}" if self.opens_at else "closed"
        return f"{self.date:%d %b %Y} {hours}"


class Team(models.Model):
    """The extensions that answer some sources."""

    name = models.CharField(max_length=100, unique=True)
    is_active = models.BooleanField(default=True)
    sources = models.ManyToManyField(LeadSource, related_name="teams", blank=True)
    schedule = models.ForeignKey(
        Schedule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="teams",
        help_text="Empty: open round the clock.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Extension(models.Model):
    """A phone that can be rung first. It belongs to a salesperson."""

    class Kind(models.TextChoices):
        SIP = "sip", "Voicenter extension (SIP code)"
        PHONE = "phone", "phone number"
        SIP_TRUNK = "siptrunk", "SIP trunk"
        LOGIN_CODE = "logincode", "login code"

    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.SIP)
    number = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(NUMBER, "Letters, digits and . _ - only.")],
        help_text="SIP code as the provider writes it, phone number (972...), or login code.",
    )
    name = models.CharField(max_length=100, blank=True, help_text="Whose phone it is.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="extensions",
        verbose_name="salesperson",
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="extensions")
    schedule = models.ForeignKey(
        Schedule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="extensions",
        help_text="When this phone is on shift, within the hours of its team. Empty: always.",
    )
    is_active = models.BooleanField(default=True, help_text="Off: never rung.")
    is_paused = models.BooleanField(default=False, help_text="Not rung until un-paused.")
    is_blocked = models.BooleanField(
        default=False,
        help_text="The provider blocks this extension for Click2Call (error 4). "
        "Ask them to allow it, then clear this.",
    )
    out_until = models.DateTimeField(
        null=True, blank=True, help_text="Not rung before: it was offline or nobody answered."
    )
    out_reason = models.CharField(max_length=100, blank=True)
    missed_in_a_row = models.PositiveSmallIntegerField(default=0)
    last_called_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last got a call; the longest idle is rung first."
    )

    class Meta:
        ordering = ["number"]
        permissions = [
            ("pause_extension", "Can pause an extension"),
            ("use_conference", "Can call an extension into the conference room"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=NUMBER), name="extension_number_form"),
            models.CheckConstraint(
                condition=~Q(kind="phone") | Q(number__regex=PHONE_NUMBER),
                name="extension_phone_spelling",
            ),
        ]
        indexes = [
            models.Index(
                F("last_called_at").asc(nulls_first=True),
                "id",
                name="extension_longest_idle",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Brings a phone number, however it is spelled, into the one form that is stored."""
        if self.kind == self.Kind.PHONE and (e164 := to_e164(self.number)):
            self.number = to_provider(e164)
        super().clean_fields(exclude)

    def clean(self) -> None:
        """What the provider would refuse is refused here, where somebody can mend it."""
        if self.kind == self.Kind.PHONE and not to_e164(self.number):
            raise ValidationError({"number": "This is no full phone number, like 972505550142."})
        try:
            Call(**first_leg(self.kind, self.number), target="972505550100")
        except InvalidCall as problem:
            raise ValidationError({"number": f"The provider cannot ring this: {problem}"}) from None


def first_leg(kind: str, number: str) -> dict[str, Any]:
    """How a call is told to ring an extension first: arguments of `Call` (vendor's page 1.2)."""
    match kind:
        case Extension.Kind.LOGIN_CODE:
            return {"phone": LOGIN_CODE, "phone_login_code": number}
        case Extension.Kind.SIP_TRUNK:
            return {"phone": SIP_TRUNK}
        case _:
            return {"phone": number}
