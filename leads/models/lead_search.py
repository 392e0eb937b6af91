"""LeadSearch: the text that a search for leads looks in."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class LeadSearch(models.Model):
    """The text that a lead is found by: its name, e-mail, number and message, in lower case.

    Only database triggers write it (leads/migrations/lead_search.sql, with its index), so that no
    way of storing a lead is missed. It is a separate table because it is written once: beside the
    lead's other columns, each step of the lead would index the text again.
    """

    lead = models.OneToOneField(
        Lead,
        verbose_name=_("lead"),
        primary_key=True,
        db_constraint=False,  # the triggers maintain it, without locking the lead
        on_delete=models.DO_NOTHING,
        related_name="+",
    )
    words = models.TextField(_("words"))

    class Meta:
        verbose_name = _("search words of a lead")
        verbose_name_plural = _("search words of leads")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.lead_id)
