"""EarlierPlan: the plan of a lead's call before a later request for its number."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.sources import LeadSource


class EarlierPlan(models.Model):
    """The plan of an open lead's call before a later request for its number changed it.

    If that request is taken back, the lead is called as before (leads.leaving).
    """

    request = models.OneToOneField(
        Lead, verbose_name=_("request"), on_delete=models.CASCADE, related_name="earlier_plan"
    )
    lead = models.ForeignKey(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="earlier_plans"
    )
    source = models.ForeignKey(
        LeadSource, verbose_name=_("source"), on_delete=models.PROTECT, related_name="+"
    )
    language = models.CharField(_("language"), max_length=8, blank=True)
    chosen_at = models.DateTimeField(_("chosen at"), null=True)
    call_after = models.DateTimeField(_("call after"))
    clock_started_at = models.DateTimeField(_("clock started at"))
    due_at = models.DateTimeField(_("due at"))
    sla_target = models.PositiveIntegerField(_("SLA target"), null=True)
    sla_clock = models.CharField(_("SLA clock"), max_length=6, blank=True, default="")
    sla_source = models.ForeignKey(
        LeadSource,
        verbose_name=_("promised by"),
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    gap_until = models.DateTimeField(_("gap until"), null=True)
    closed_until = models.DateTimeField(_("closed until"), null=True)

    class Meta:
        verbose_name = _("earlier plan")
        verbose_name_plural = _("earlier plans")
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("Lead %(lead_id)s before request %(request_id)s") % {
            "lead_id": self.lead_id,
            "request_id": self.request_id,
        }
