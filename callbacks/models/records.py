"""What the provider's records say of a call: CallRecord."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.calls import CallAttempt


class CallRecord(models.Model):
    """One CDR from the provider: one leg. A call has two, under the same CALLID."""

    call_id = models.CharField("CALLID", max_length=64)
    type = models.CharField(max_length=64, help_text=_("The provider's, e.g. Click2Call leg1."))
    leg = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.CharField(max_length=64, blank=True, help_text=_("The provider's word."))
    attempt = models.ForeignKey(
        CallAttempt, on_delete=models.CASCADE, null=True, blank=True, related_name="records"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    duration = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    talk_time = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    dial_time = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Seconds of ringing.")
    )
    price = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Hundredths of a shekel.")
    )
    recording_url = models.URLField(max_length=2000, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    payload = models.JSONField(help_text=_("As it was received."))

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call_id", "type"], name="record_once_per_leg"),
        ]
        indexes = [
            # All calls of the account are posted to us; few of them are waiting for an attempt.
            models.Index(
                fields=["received_at"],
                name="record_without_attempt",
                condition=Q(attempt__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return gettext("Record %(pk)s") % {"pk": self.pk}
