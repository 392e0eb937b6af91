"""The provider's records of a call: CallRecord."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.calls import CallAttempt


class CallRecord(models.Model):
    """One CDR from the provider: one leg. A call has two, under the same CALLID."""

    call_id = models.CharField(_("CALLID"), max_length=64)
    type = models.CharField(
        _("type"), max_length=64, help_text=_("The provider's type, such as Click2Call leg1.")
    )
    leg = models.PositiveSmallIntegerField(_("leg"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=64, blank=True, help_text=_("The status in the provider's words.")
    )
    is_answered = models.BooleanField(
        _("is answered"),
        null=True,
        blank=True,
        help_text=_("What the provider adds to the status."),
    )
    attempt = models.ForeignKey(
        CallAttempt,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="records",
        verbose_name=_("attempt"),
    )
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    duration = models.PositiveIntegerField(
        _("duration"), null=True, blank=True, help_text=_("Seconds.")
    )
    talk_time = models.PositiveIntegerField(
        _("talk time"), null=True, blank=True, help_text=_("Seconds.")
    )
    dial_time = models.PositiveIntegerField(
        _("dial time"), null=True, blank=True, help_text=_("How long it rang, in seconds.")
    )
    price = models.PositiveIntegerField(
        _("price"), null=True, blank=True, help_text=_("In hundredths of a shekel.")
    )
    recording_url = models.URLField(_("recording URL"), max_length=2000, blank=True)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    payload = models.JSONField(_("payload"), help_text=_("As received."))

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call_id", "type"], name="record_once_per_leg"),
        ]
        indexes = [
            # The provider posts all calls of the account; few records wait for an attempt.
            models.Index(
                fields=["received_at"],
                name="record_without_attempt",
                condition=Q(attempt__isnull=True),
            ),
        ]
        verbose_name = _("call record")

    def __str__(self) -> str:
        return gettext("Record %(pk)s") % {"pk": self.pk}
