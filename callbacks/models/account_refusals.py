"""AccountRefusal: one row while the provider refuses our account, none otherwise."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RefusedFor(models.TextChoices):
    """What the provider refuses; also the failure_reason of such an attempt."""

    CODE = "account_code", _("The account's code")
    ADDRESS = "account_address", _("This server's address")
    ACCOUNT = "account_blocked", _("The account")
    RIGHT = "account_right", _("The account's right to make calls")


class AccountRefusal(models.Model):
    """While the row exists, nothing is dialled except for a test call now and then
    (callbacks.calling.account_gate).
    """

    ONLY = 1  # its key

    refused_for = models.CharField(_("what is refused"), max_length=20, choices=RefusedFor)
    since = models.DateTimeField(_("since"))
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"))
    # Of the settings tried so far. A process with other settings tries at once.
    marks = ArrayField(models.CharField(max_length=16), verbose_name=_("marks"), default=list)

    class Meta:
        verbose_name = _("account refusal")
        verbose_name_plural = _("account refusals")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="account_refusal_only_one")]

    def __str__(self) -> str:
        return self.refused_for
