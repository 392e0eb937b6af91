"""Feedback: what a visitor said about the call, on the request's page."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead

BEST = 5
MAX_WORDS = 500


class Feedback(models.Model):
    """How much the call helped, from 1 to 5, and the visitor's own words.

    The score is also on the lead (`Lead.helped`), for reports and lists.
    """

    lead = models.OneToOneField(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="feedback"
    )
    score = models.PositiveSmallIntegerField(_("helped (1 to 5)"))
    words = models.CharField(_("in their words"), max_length=MAX_WORDS, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=1, score__lte=BEST), name="feedback_score_from_1_to_5"
            )
        ]

    def __str__(self) -> str:
        return f"Lead {self.lead_id}: {self.score}"
