"""HeldLead: a lead that waits for a manager's decision."""

from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class HeldLead(Lead):
    """A lead in the list of those that are held. Who may see leads sees it."""

    class Meta:
        proxy = True
        verbose_name = _("held lead")
        verbose_name_plural = _("held leads")
        ordering = ["-submitted_at", "-pk"]
        default_permissions = ()
        permissions = [("judge_heldlead", "Can release and reject held leads")]

    def __str__(self) -> str:
        return f"Lead {self.pk}"
