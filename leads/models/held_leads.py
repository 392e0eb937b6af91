"""HeldLead: a request that waits for a manager's decision."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.lead_status import OPEN_STATUSES, LeadStatus


def is_held() -> Q:
    """Which leads a manager is to decide about: those that are held, and those that were held back
    as they joined another request of their number, while that one is open.
    """
    joined = Lead.objects.filter(
        status=LeadStatus.DUPLICATE, is_held_back=True, duplicate_of__status__in=OPEN_STATUSES
    )
    held = Lead.objects.filter(status=LeadStatus.HELD)
    # By their numbers: the database finds the few of each by an index, not all leads one by one.
    return Q(pk__in=held.order_by().values("pk").union(joined.order_by().values("pk"), all=True))


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
