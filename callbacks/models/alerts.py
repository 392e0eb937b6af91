"""Alerts: who gets which (AlertReceiver), what happened (Alert), and what was sent about it
(AlertMessage, AlertTelling).
"""

import base64
import uuid
from datetime import time

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.outgoing_mail import OutgoingMail
from callbacks.models.schedules import Schedule, validate_time_zone
from callbacks.models.teams import Team
from leads.models import Lead, LeadSource

_A_DAY = 24 * 60  # minutes


class AlertChannel(models.TextChoices):
    """How a receiver gets alerts."""

    MAIL = "mail", _("Mail")
    WEBHOOK = "webhook", _("Webhook")


class AlertTiming(models.TextChoices):
    """When a receiver gets alerts."""

    AT_ONCE = "at_once", _("At once")
    EVERY = "every", _("As a digest, every few minutes")
    DAILY = "daily", _("As a digest, once a day")


class AlertReceiver(models.Model):
    """A person or program that gets alerts.

    `thresholds`: the number N of each kind, by the kind's name (callbacks.alerts.kinds); a missing
    kind is not sent. A webhook's secret is made from `secret_id` and the secret key, so a copy of
    the database is not enough to sign.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(_("is active"), default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("login"),
        help_text=_(
            "The person who gets these alerts. While this login is switched off, nothing is "
            "sent. Mail goes to the login's address unless you enter another one."
        ),
    )
    channel = models.CharField(
        _("sent by"), max_length=7, choices=AlertChannel, default=AlertChannel.MAIL
    )
    address = models.EmailField(_("mail address"), blank=True)
    url = models.CharField(
        _("webhook address"),
        max_length=500,
        blank=True,
        help_text=_("An https address that accepts JSON by POST."),
    )

    thresholds = models.JSONField(_("kinds"), default=dict, blank=True)
    sources = models.ManyToManyField(
        LeadSource,
        verbose_name=_("lead sources"),
        blank=True,
        related_name="+",
        help_text=_(
            "Only alerts about these sources and their teams. Choose neither sources nor teams to "
            "get all alerts."
        ),
    )
    teams = models.ManyToManyField(
        Team,
        verbose_name=_("teams"),
        blank=True,
        related_name="+",
        help_text=_(
            "Only alerts about these teams and their sources. Choose neither sources nor teams to "
            "get all alerts."
        ),
    )
    tells_end = models.BooleanField(
        _("say when an alert is over"),
        default=True,
        help_text=_("This includes alerts that began and ended outside the hours below."),
    )

    timing = models.CharField(
        _("when"), max_length=7, choices=AlertTiming, default=AlertTiming.AT_ONCE
    )
    digest_minutes = models.PositiveSmallIntegerField(
        _("minutes between digests"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(_A_DAY)],
    )
    digest_at = models.TimeField(_("time of the daily digest"), default=time(8))
    least_gap = models.PositiveSmallIntegerField(
        _("minimum minutes between two messages of one kind"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(_A_DAY)],
        help_text=_("Alerts that come in between are sent together afterwards."),
    )
    hours = models.TextField(
        _("hours"),
        max_length=500,
        blank=True,
        help_text=_(
            'When messages may be sent, in lines like "Sun-Thu 08-18". Empty: at any hour.'
        ),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="Asia/Jerusalem",
        validators=[validate_time_zone],
        help_text=_("For the hours, the daily digest and the times in messages."),
    )
    schedule = models.ForeignKey(
        Schedule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("or the hours of this schedule"),
    )

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # An alert that ended before this is not sent any more, unless its beginning was.
    settled_until = models.DateTimeField(
        _("nothing owed before"), default=timezone.now, editable=False
    )
    secret_id = models.UUIDField(_("secret ID"), default=uuid.uuid4, editable=False)
    secret_shown_at = models.DateTimeField(
        _("secret shown at"), null=True, blank=True, editable=False
    )
    failures = models.PositiveIntegerField(
        _("failures in a row"),
        default=0,
        editable=False,
        help_text=_("Counts requests, not messages."),
    )
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True, editable=False)
    stopped_because = models.CharField(
        _("why it was stopped"), max_length=300, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("alert receiver")
        verbose_name_plural = _("alert receivers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """The secret that its requests are signed with, as written in Standard Webhooks."""
        key = salted_hmac("callbacks.alerts", self.secret_id.hex, algorithm="sha256").digest()
        return f"whsec_{base64.b64encode(key).decode()}"

    @property
    def mail_to(self) -> str:
        """Its mail address, or else its login's; "" if there is none."""
        return self.address or (self.owner.email if self.owner else "")


class Alert(models.Model):
    """Something that needs attention, from when it began until it is over. Opened once.

    `kind` and `subject` say what it is ("lead_overdue", "lead:12"). `facts`: what its sentence is
    made from: names of sources, teams and phones, nothing about visitors. `lead` has no constraint
    in the database, because the lead's row would be locked while a claim looks for it.
    """

    kind = models.CharField(_("kind"), max_length=40)
    subject = models.CharField(_("subject"), max_length=80, blank=True)
    lead = models.ForeignKey(
        Lead,
        on_delete=models.CASCADE,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("lead"),
    )
    source = models.ForeignKey(
        LeadSource,
        on_delete=models.CASCADE,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("lead source"),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("team"),
    )
    facts = models.JSONField(_("facts"), default=dict)
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-began_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(ended_at__isnull=True),
                name="alert_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-began_at", "-id"], name="alert_by_time"),
            models.Index(
                fields=["ended_at"], name="alert_by_end", condition=Q(ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return gettext("Alert %(number)s") % {"number": self.pk}


class AlertMessageState(models.TextChoices):
    """How far a message has come."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class AlertMessage(models.Model):
    """One message to one receiver. What happened to a mail after it was handed over is in the
    outgoing mail.
    """

    public_id = models.UUIDField(_("ID"), default=uuid.uuid4, unique=True, editable=False)
    receiver = models.ForeignKey(
        AlertReceiver,
        on_delete=models.SET_NULL,
        null=True,
        related_name="messages",
        db_index=False,  # alert_message_by_receiver begins with it
        verbose_name=_("receiver"),
    )
    receiver_name = models.CharField(_("receiver"), max_length=100)
    channel = models.CharField(_("by"), max_length=7, choices=AlertChannel)
    to = models.CharField(_("to"), max_length=500)
    mail = models.ForeignKey(
        OutgoingMail,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("mail"),
        help_text=_("The mail that carried the message. It is deleted sooner than the message."),
    )
    is_test = models.BooleanField(_("is a test"), default=False)
    kinds = ArrayField(models.CharField(max_length=40), default=list, verbose_name=_("kinds"))
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    payload = models.JSONField(_("payload"), null=True)
    made_at = models.DateTimeField(_("created at"), default=timezone.now)
    state = models.CharField(
        _("state"), max_length=7, choices=AlertMessageState, default=AlertMessageState.WAITING
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(
        _("last answer"), null=True, blank=True, help_text=_("HTTP status of the last answer.")
    )
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert message")
        verbose_name_plural = _("alert messages")
        ordering = ["-made_at", "-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["receiver", "-made_at"], name="alert_message_by_receiver"),
            models.Index(fields=["-made_at", "-id"], name="alert_message_by_time"),
            models.Index(
                fields=["next_try_at"],
                name="alert_message_to_try",
                condition=Q(next_try_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class AlertTelling(models.Model):
    """Records that a receiver was told of an alert, and of its end. Each is told once."""

    receiver = models.ForeignKey(
        AlertReceiver,
        verbose_name=_("receiver"),
        on_delete=models.CASCADE,
        related_name="tellings",
    )
    alert = models.ForeignKey(
        Alert, verbose_name=_("alert"), on_delete=models.CASCADE, related_name="tellings"
    )
    message = models.ForeignKey(
        AlertMessage, verbose_name=_("message"), on_delete=models.CASCADE, related_name="tellings"
    )
    over_message = models.ForeignKey(
        AlertMessage,
        verbose_name=_("message about the end"),
        on_delete=models.CASCADE,
        null=True,
        related_name="over_tellings",
    )

    class Meta:
        verbose_name = _("sent alert")
        verbose_name_plural = _("sent alerts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["alert", "receiver"], name="alert_told_once"),
        ]

    def __str__(self) -> str:
        return f"{self.receiver_id}: {self.alert_id}"


class AlertWatch(models.Model):
    """One row: when alerts were last looked for."""

    watched_at = models.DateTimeField(_("checked at"))

    class Meta:
        verbose_name = _("check for alerts")
        verbose_name_plural = _("checks for alerts")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.watched_at}"
