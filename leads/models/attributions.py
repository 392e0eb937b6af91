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
    """The pages that a visitor came by. Requests of which nothing is known have no row.

    `first` and `last` are Visits (leads.visits), and the request's own for good. What reports count
    and lists are narrowed by, the three columns, is the lead's: that of the newest page that had
    any marks, also of requests that have joined it (leads.attribution).
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
