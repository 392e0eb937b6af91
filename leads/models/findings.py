"""Finding: what a check found against a submission."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class Finding(models.Model):
    """Why a lead was held: one row for each check that did not accept it (leads.guard)."""

    lead = models.ForeignKey(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="findings"
    )
    asked = models.CharField(_("check"), max_length=32, help_text=_("The name of the check."))
    verdict = models.CharField(
        _("verdict"), max_length=8, help_text=_("The result of the check: hold.")
    )
    reason = models.CharField(
        _("reason"), max_length=500, help_text=_("The reason, as a sentence for managers.")
    )
    is_unanswered = models.BooleanField(
        _("unanswered"),
        default=False,
        db_default=False,
        help_text=_("The check could not get an answer and is repeated."),
    )
    is_mild = models.BooleanField(
        _("mild"),
        default=False,
        db_default=False,
        help_text=_("Settled once the visitor's browser solves a challenge."),
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["at", "id"]
        default_permissions = ()
        indexes = [
            # leads.guard.held asks for these in each sweep.
            models.Index(
                fields=["lead"], name="finding_unanswered", condition=Q(is_unanswered=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked}: {self.verdict}"
