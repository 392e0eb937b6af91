"""HeldLead: a request that waits for a manager's decision."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.lead_status import OPEN_STATUSES, LeadStatus


def is_held() -> Q:
    """Selects the leads that a manager has to decide about: held leads, and requests that were held
    back when they joined another request of their number that is still open.
    """
    joined = Lead.objects.filter(
        status=LeadStatus.DUPLICATE, is_held_back=True, duplicate_of__status__in=OPEN_STATUSES
    )
    held = Lead.objects.filter(status=LeadStatus.HELD)
    # By id: the database finds the few of each kind by an index, instead of checking every lead.
    return Q(pk__in=held.order_by().values("pk").union(joined.order_by().values("pk"), all=True))


class HeldLead(Lead):
    """A lead in the list of held leads. Users who may see leads may see it."""

    class Meta:
        proxy = True
        verbose_name = _("held lead")
        verbose_name_plural = _("held leads")
        ordering = ["-submitted_at", "-pk"]
        default_permissions = ()
        permissions = [("judge_heldlead", "Can release and reject held leads")]

    def __str__(self) -> str:
        return f"Lead {self.pk}"
