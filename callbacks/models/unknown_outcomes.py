"""UnknownOutcome: attempts whose outcome a person has to find out, as a list of their own."""

from django.utils.translation import gettext_lazy as _

from callbacks.models.calls import CallAttempt


class UnknownOutcome(CallAttempt):
    """An attempt whose outcome nobody knows: a person has to find out.

    A proxy, for a list of its own. callbacks.reconciliation.manual_resolution says which attempts
    are in it.
    """

    class Meta:
        proxy = True
        verbose_name = _("unknown outcome")
        default_permissions = ()
        permissions = [("settle_outcome", "Can decide how a call with an unknown outcome ended")]
