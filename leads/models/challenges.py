"""Challenge: a proof of work for the browser that sent a held request."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class Challenge(models.Model):
    """A challenge was asked for, and perhaps solved (leads.guard.challenge). A lead has at most
    one.
    """

    lead = models.OneToOneField(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="challenge"
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    solved_at = models.DateTimeField(_("solved at"), null=True, blank=True)
    nonce = models.CharField(
        _("nonce"),
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        help_text=_("The value of the solved challenge. It is accepted once, for one lead."),
    )

    class Meta:
        verbose_name = _("challenge")
        verbose_name_plural = _("challenges")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="challenge_solved_with_nonce",
                condition=Q(nonce__isnull=True, solved_at__isnull=True)
                | Q(nonce__isnull=False, solved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Challenge of lead {self.lead_id}"
