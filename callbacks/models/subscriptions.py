"""ReportSubscription: a person gets a saved view by mail."""

import uuid

from django.conf import settings
from django.core import signing
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from callbacks.models.saved_views import SavedView
from callbacks.models.schedules import OpeningHours, Schedule, validate_time_zone


class Rhythm(models.TextChoices):
    """How often the mail is sent."""

    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")


class NotSent(models.TextChoices):
    """Why the last due mail was not written."""

    LOGIN_OFF = "login_off", _("The login is switched off.")
    NO_RIGHT = (
        "no_right",
        _("This person may no longer see this report, or no longer get reports by mail."),
    )
    NO_ADDRESS = "no_address", _("The login has no e-mail address.")
    NOT_SHARED = "not_shared", _("The view is no longer shared.")
    ONLY_OWN = "only_own", _("This person may no longer see other people's views.")
    BROKEN = "broken", _("The view can no longer be shown. Open it to see why.")
    FAILED = "failed", _("The report could not be created. It will be tried again.")


def _signer() -> signing.Signer:
    return signing.Signer(salt="callbacks.subscription", sep=".")


class ReportSubscription(models.Model):
    """One view for one person.

    `next_at`: when to look at it next; NULL while it is off. `decided_until`: everything due until
    then was sent or skipped. `link_id`: stands, signed, in the address that unsubscribes.
    """

    view = models.ForeignKey(
        SavedView, on_delete=models.CASCADE, related_name="subscriptions", verbose_name=_("view")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="report_subscriptions",
        verbose_name=_("for"),
    )
    is_on = models.BooleanField(
        _("on"), default=True, help_text=_("If off, nothing is sent until you switch it on again.")
    )
    rhythm = models.CharField(_("how often"), max_length=7, choices=Rhythm, default=Rhythm.WEEKLY)
    weekday = models.PositiveSmallIntegerField(
        _("on"), choices=OpeningHours.Weekday, default=OpeningHours.Weekday.SUNDAY,
        help_text=_("For a weekly report."),
    )  # fmt: skip
    day_of_month = models.PositiveSmallIntegerField(
        _("day of the month"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("For a monthly report. In a shorter month it is sent on the last day."),
    )
    hour = models.PositiveSmallIntegerField(_("at"), default=8, validators=[MaxValueValidator(23)])
    zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    only_working_days = models.BooleanField(
        _("only on working days"),
        default=False,
        help_text=_(
            "A daily report is skipped on other days. A weekly or monthly report is sent on the "
            "next working day."
        ),
    )
    calendar = models.ForeignKey(
        Schedule,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("working days from"),
    )
    link_id = models.UUIDField(_("link ID"), default=uuid.uuid4, unique=True, editable=False)
    next_at = models.DateTimeField(_("next mail"), null=True, editable=False)
    decided_until = models.DateTimeField(
        _("decided until"),
        editable=False,
        help_text=_("Reports due up to this time were sent or skipped."),
    )
    last_sent_at = models.DateTimeField(_("last mail"), null=True, editable=False)
    not_sent = models.CharField(
        _("why nothing was sent"), max_length=10, choices=NotSent, blank=True, editable=False
    )
    ended_by_link_at = models.DateTimeField(_("unsubscribed at"), null=True, editable=False)

    class Meta:
        verbose_name = _("report by mail")
        verbose_name_plural = _("reports by mail")
        ordering = ["view__name", "pk"]
        default_permissions = ()
        permissions = [("subscribe_reports", "Can get reports by mail")]
        constraints = [
            models.UniqueConstraint(
                fields=["view", "user"],
                name="subscription_once",
                violation_error_message=_("You already get this view by mail."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="subscription_due",
                condition=models.Q(next_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.view)

    @property
    def token(self) -> str:
        """The part of the unsubscribe address that names it: `link_id` and a signature."""
        return _signer().sign(self.link_id.hex)


def subscription_of(token: str) -> ReportSubscription | None:
    """The subscription of a token; None if we did not sign the token, or the row is gone."""
    try:
        link_id = uuid.UUID(_signer().unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return ReportSubscription.objects.filter(link_id=link_id).select_related("view").first()
