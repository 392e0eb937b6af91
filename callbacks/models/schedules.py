"""Opening hours: Schedule, its OpeningHours and ScheduleExceptions."""

import zoneinfo
from datetime import date

import holidays
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import span
from callbacks.opening_hours.calendar import Calendar, Hours

# Names in the zone database that are not places: the server's own zone, and none.
_NO_PLACE = {"localtime", "posixrules", "Factory"}


def time_zones() -> set[str]:
    """The IANA time zones that hours may be in."""
    return zoneinfo.available_timezones() - _NO_PLACE


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA time zone."""
    if name not in time_zones():
        raise ValidationError(
            "%(name)s is not a time zone. Use a name like Asia/Jerusalem.", params={"name": name}
        )


def validate_holiday_country(code: str) -> None:
    """Raises ValidationError unless the public holidays of `code` are known."""
    if code not in holidays.list_supported_countries(include_aliases=False):
        raise ValidationError(
            gettext(
                "The holidays of %(code)s are not known. Use a code like IL, or enter the "
                "holidays as exceptions."
            ),
            params={"code": code},
        )


class Schedule(models.Model):
    """Opening hours in a time zone: a week, the holidays of a country, exceptions by date."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Jerusalem", validators=[validate_time_zone]
    )
    holidays_of = models.CharField(
        _("closed on holidays of"),
        max_length=2,
        blank=True,
        validators=[validate_holiday_country],
        help_text=_(
            "Closed on the public holidays of this country, for example IL. Empty: open on "
            "holidays."
        ),
    )
    eve_closes_at = models.TimeField(
        _("closing time on the day before a holiday"),
        null=True,
        blank=True,
        help_text=_("Empty: the same as on other days."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("schedule")

    def __str__(self) -> str:
        return self.name

    def calendar(self) -> Calendar:
        """The hours as a value for the rules in callbacks.opening_hours.calendar.

        Prefetch `hours` and `exceptions` for many schedules.
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
    """One interval on one weekday. An interval past midnight ends on the next day."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, related_name="hours", verbose_name=_("schedule")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens_at = models.TimeField(_("opens at"))
    closes_at = models.TimeField(
        _("closes at"),
        help_text=_(
            "A time at or before the opening time is on the next day. 00:00 to 00:00 is the "
            "whole day."
        ),
    )

    class Meta:
        ordering = ["weekday", "opens_at"]
        verbose_name_plural = _("opening hours")
        constraints = [
            models.CheckConstraint(
                condition=~Q(closes_at=F("opens_at")) | Q(opens_at="00:00"),
                name="hours_are_not_empty",
                violation_error_message=_(
                    "The opening and closing times are the same. For the whole day, enter 00:00 "
                    "to 00:00."
                ),
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday_known"),
        ]
        verbose_name = _("opening hours")

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {span(self.opens_at, self.closes_at)}"


class ScheduleException(models.Model):
    """A day with its own hours, or closed, instead of the usual week."""

    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, related_name="exceptions", verbose_name=_("schedule")
    )
    date = models.DateField(_("date"))
    opens_at = models.TimeField(
        _("opens at"),
        null=True,
        blank=True,
        help_text=_("Leave both times empty to close that day."),
    )
    closes_at = models.TimeField(_("closes at"), null=True, blank=True)
    note = models.CharField(
        _("note"), max_length=100, blank=True, help_text=_("The reason, for your colleagues.")
    )

    class Meta:
        ordering = ["date", "opens_at"]
        verbose_name = _("exception")
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="exception_has_both_times_or_none",
                violation_error_message=_(
                    "Enter both times, or leave both empty for a closed day."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(closes_at=F("opens_at")) | Q(opens_at="00:00"),
                name="exception_hours_are_not_empty",
                violation_error_message=_(
                    "The opening and closing times are the same. For the whole day, enter 00:00 "
                    "to 00:00."
                ),
            ),
        ]

    def __str__(self) -> str:
        hours = (
            span(self.opens_at, self.closes_at) if self.opens_at and self.closes_at else "closed"
        )
        return f"{self.date:%d %b %Y} {hours}"
