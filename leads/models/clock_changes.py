"""ClockChange: the history of a lead's due time."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class ClockChange(models.Model):
    """A lead's due time moved because opening hours changed: when, from what, to what."""

    lead = models.ForeignKey(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="clock_changes"
    )
    changed_at = models.DateTimeField(_("changed at"))
    started_before = models.DateTimeField(
        _("previous start"), null=True, help_text=_("When the clock started before the change.")
    )
    due_before = models.DateTimeField(_("previous due time"))
    due_since = models.DateTimeField(_("new due time"))

    class Meta:
        verbose_name = _("clock change")
        verbose_name_plural = _("clock changes")
        ordering = ["changed_at", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("New due time of lead %(lead_id)s") % {"lead_id": self.lead_id}
