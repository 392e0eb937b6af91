"""Disposition: how a salesperson says a talk ended, in words that a manager chose."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DispositionEffect(models.TextChoices):
    """What follows for the lead's calls (callbacks.calling.after_talk)."""

    NONE = "none", _("nothing: an unreached lead is called again as planned")
    STOP = "stop", _("no further call for this request")
    CALL_AGAIN = "call_again", _("another call at a time that the salesperson chooses")
    SPAM = "spam", _("no further call for this request, because it was spam")
    NEVER_CALL = "never_call", _("never call this number again")


class Disposition(models.Model):
    """One of the buttons that salespeople get after a talk.

    The name is shown as it is, in every language. A disposition in use cannot be deleted: switched
    off, it is no longer offered, and leads that have it keep it.
    """

    name = models.CharField(_("name"), max_length=40, unique=True)
    effect = models.CharField(
        _("what follows"),
        max_length=10,
        choices=DispositionEffect.choices,
        default=DispositionEffect.STOP,
    )
    order = models.PositiveSmallIntegerField(
        _("order"), default=100, help_text=_("The order of the buttons, lowest number first.")
    )
    is_active = models.BooleanField(
        _("is active"),
        default=True,
        help_text=_("If off, it is no longer offered. Notes that use it stay."),
    )

    class Meta:
        verbose_name = _("disposition")
        verbose_name_plural = _("dispositions")
        ordering = ["order", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(effect__in=DispositionEffect.values), name="disposition_effect_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name
