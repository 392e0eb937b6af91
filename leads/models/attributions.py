"""Attribution: where the sender of a request came from."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.visits import MOST_MARK

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _mark(name: "StrOrPromise") -> "models.CharField[str, str]":
    return models.CharField(name, max_length=MOST_MARK, blank=True, default="", db_default="")


class Attribution(models.Model):
    """The pages that a visitor came by. Requests without any known page have no row.

    `first` and `last` are Visits (leads.visits) and always belong to the request itself. The three
    columns, which reports count and lists filter by, belong to the lead: they come from the newest
    page with any marks, including those of requests that joined the lead (leads.attribution).
    """

    lead = models.OneToOneField(
        Lead,
        verbose_name=_("lead"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="attribution",
    )
    first = models.JSONField(_("first page"), default=dict)
    last = models.JSONField(_("last page"), default=dict)
    utm_source = _mark(_("campaign source"))
    utm_medium = _mark(_("medium"))
    utm_campaign = _mark(_("campaign"))

    class Meta:
        verbose_name = _("where they came from")
        verbose_name_plural = _("where they came from")
        default_permissions = ()
        indexes = [
            models.Index(fields=[name, "lead"], name=f"came_by_{name}", condition=~Q(**{name: ""}))
            for name in ("utm_source", "utm_medium", "utm_campaign")
        ]

    def __str__(self) -> str:
        return f"Lead {self.lead_id}"
