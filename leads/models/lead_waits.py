"""What a lead waits for, and how long it has waited: the columns of leads.wait_accounting."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _waited(
    name: "StrOrPromise", help_text: "StrOrPromise"
) -> "models.DurationField[timedelta, timedelta]":
    return models.DurationField(
        name, default=timedelta(0), db_default=timedelta(0), help_text=help_text
    )


class LeadWaits(models.Model):
    """The part of a lead that says when it is called next, and what it waited for."""

    call_after = models.DateTimeField(
        _("call after"),
        default=timezone.now,
        help_text=_(
            "The lead is not called before this time. After this time it waits for an extension."
        ),
    )
    # What the lead waits for, and how long it has waited so far (leads.wait_accounting).
    waiting_since = models.DateTimeField(
        _("waiting since"),
        default=timezone.now,
        db_default=Now(),
        help_text=_("When the current wait began."),
    )
    gap_until = models.DateTimeField(
        _("gap until"),
        null=True,
        blank=True,
        help_text=_("When the wait for the chosen time, or the gap between two calls, ends."),
    )
    limit_until = models.DateTimeField(
        _("limit until"),
        null=True,
        blank=True,
        help_text=_("A gap that ends at this time is a wait for a spending limit."),
    )
    closed_until = models.DateTimeField(
        _("closed until"),
        null=True,
        blank=True,
        help_text=_("When the wait for opening hours ends. This wait follows the gap."),
    )
    waited_chosen = _waited(
        _("waited for the chosen time"), _("Until the time that the visitor chose.")
    )
    waited_closed = _waited(_("waited while closed"), _("Outside opening hours."))
    waited_extension = _waited(_("waited for an extension"), _("For a free extension."))
    waited_retry = _waited(_("waited between calls"), _("Between two calls."))
    waited_limit = _waited(
        _("waited for a spending limit"), _("Until a spending limit allowed the call.")
    )
    waited_held = _waited(_("waited while held"), _("Until a manager let it be called."))
    counted_from = models.DateTimeField(
        _("counted from"),
        default=timezone.now,
        help_text=_(
            "Attempts before this time do not count, because a manager had the lead called again."
        ),
    )

    class Meta:
        abstract = True
