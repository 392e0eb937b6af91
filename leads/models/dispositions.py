"""Disposition: what a salesperson says came of a talk, in the words that a manager has chosen."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DispositionEffect(models.TextChoices):
    """What follows for the calls of a lead (callbacks.calling.after_talk)."""

    NONE = "none", _("nothing: a lead that was not reached is called again as planned")
    STOP = "stop", _("no further call for this request")
    CALL_AGAIN = "call_again", _("a call at a time that the salesperson chooses")
    SPAM = "spam", _("no further call for this request: it was spam")
    NEVER_CALL = "never_call", _("never call this number again")


class Disposition(models.Model):
    """One of the buttons that salespeople have after a talk.

    Its name is shown as it stands, whatever the reader's language. One that is in use cannot be
    deleted: switched off, it is offered no more, and what was written with it stays.
    """

    name = models.CharField(_("name"), max_length=40, unique=True)
    effect = models.CharField(
        _("what follows"),
        max_length=10,
        choices=DispositionEffect.choices,
        default=DispositionEffect.STOP,
    )
    order = models.PositiveSmallIntegerField(
        _("order"), default=100, help_text=_("The buttons stand in this order.")
    )
    is_active = models.BooleanField(
        _("is active"),
        default=True,
        help_text=_("Off: not offered any more. What was written with it stays."),
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
