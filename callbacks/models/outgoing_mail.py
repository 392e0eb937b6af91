"""OutgoingMail: a mail to one person, from when it is written until it is deleted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models import Lead


class MailState(models.TextChoices):
    """A mail's state."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class OutgoingMail(models.Model):
    """One mail to one address. docs/mail.md shows its states.

    `next_at`: for a waiting mail, the next try; for one being sent, when its sender must have
    died; NULL once it is sent or failed. `doubts`: how often it was handed to a server, or to a
    process that died, and the result is unknown.
    """

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(
        _("key"),
        max_length=200,
        null=True,
        unique=True,
        help_text=_("Only one mail can have this key, so the same mail is never written twice."),
    )
    to = models.EmailField(_("to"))
    lead = models.ForeignKey(
        Lead,
        verbose_name=_("lead"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Set for a mail to a visitor, which is erased with the lead."),
    )
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    headers = models.JSONField(_("headers"), default=dict, blank=True)
    message_id = models.CharField(_("message ID"), max_length=120)
    state = models.CharField(_("state"), max_length=8, choices=MailState, default=MailState.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    doubts = models.PositiveSmallIntegerField(_("tries without an answer"), default=0)
    next_at = models.DateTimeField(_("next try"), null=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("written at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mail")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("resend_outgoingmail", "Can send a failed mail again")]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="mail_by_time"),
            models.Index(
                fields=["next_at"], name="mail_due", condition=models.Q(next_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="mail_has_a_next_time_until_it_is_over",
                condition=models.Q(
                    state__in=(MailState.WAITING, MailState.SENDING), next_at__isnull=False
                )
                | models.Q(state__in=(MailState.SENT, MailState.FAILED), next_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class MailAttachment(models.Model):
    """A file attached to a mail."""

    mail = models.ForeignKey(
        OutgoingMail,
        verbose_name=_("mail"),
        on_delete=models.CASCADE,
        related_name="attachments",
    )
    name = models.CharField(_("name"), max_length=150)
    content_type = models.CharField(_("content type"), max_length=100)
    data = models.BinaryField(_("data"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
