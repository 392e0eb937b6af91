"""Attempts whose outcome a person has to find out: UnknownOutcome, a list of its own."""

from django.utils.translation import gettext_lazy as _

from callbacks.models.calls import CallAttempt


class UnknownOutcome(CallAttempt):
    """An attempt whose outcome nobody knows: a person has to find out.

    The rows of one table in a list of their own; which ones, says
    callbacks.reconciliation.manual_resolution.
    """

    class Meta:
        proxy = True
        verbose_name = _("unknown outcome")
        default_permissions = ()
        permissions = [("settle_outcome", "Can decide how a call with an unknown outcome ended")]
