"""LateWait: how a wait was divided that went on after the lead's due time."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _part(name: "StrOrPromise") -> "models.DurationField[timedelta, timedelta]":
    return models.DurationField(name, db_default=timedelta(0))


class LateWait(models.Model):
    """One wait of a lead, starting at `began_at`: first for the chosen time, a spending limit or
    the gap between two calls, then while closed, then for an extension; or only for a manager.

    A lead's `waited_*` columns are sums, and do not say when each second passed. Triggers keep each
    wait that ends after the lead's due time (leads/migrations/late_waits_2.sql): these are few, and
    explain why a lead was late.
    """

    lead = models.ForeignKey(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="late_waits"
    )
    began_at = models.DateTimeField(_("began at"))
    at_rest = models.BooleanField(
        _("on hold or closed"),
        db_default=False,
        help_text=_("The lead was held or closed until a person had it called."),
    )
    call_after = models.DateTimeField(
        _("call after"),
        help_text=_("When the lead was to be called. Where others waited too, this is its turn."),
    )
    waited_chosen = _part(_("waited for the chosen time"))
    waited_retry = _part(_("waited between calls"))
    waited_closed = _part(_("waited while closed"))
    waited_extension = _part(_("waited for an extension"))
    waited_limit = _part(_("waited for a spending limit"))
    waited_held = _part(_("waited while held"))

    class Meta:
        verbose_name = _("late wait")
        verbose_name_plural = _("late waits")
        ordering = ["began_at", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("A wait of lead %(lead_id)s") % {"lead_id": self.lead_id}
