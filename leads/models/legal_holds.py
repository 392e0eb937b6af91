"""LegalHold: a lead that nobody may erase, and why."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class LegalHold(models.Model):
    """A lead that must be kept because of a law or a dispute: neither an erasure nor the end of its
    retention time touches it. Lifting the hold deletes the row.
    """

    lead = models.OneToOneField(
        Lead,
        verbose_name=_("lead"),
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="legal_hold",
    )
    reason = models.CharField(
        _("reason"),
        max_length=200,
        help_text=_("Which law or dispute requires keeping it. Do not enter names or numbers."),
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("placed by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    placed_at = models.DateTimeField(_("placed at"), default=timezone.now)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-placed_at"]
        default_permissions = ()
        permissions = [("hold_lead", "Can place and lift legal holds")]

    def __str__(self) -> str:
        return gettext("Legal hold on lead %(lead)s") % {"lead": self.lead_id}
