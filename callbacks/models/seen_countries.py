"""SeenCountry: to which countries calls have ever been asked for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SeenCountry(models.Model):
    """A country of which a lead's number was. Kept without its leads (callbacks.alerts.countries).

    `lead`: the first one; empty where the country was known before anybody looked.
    """

    country = models.CharField(_("country"), max_length=2, unique=True)
    first_seen_at = models.DateTimeField(_("first seen at"))
    lead = models.BigIntegerField(_("lead"), null=True)

    class Meta:
        verbose_name = _("country called before")
        verbose_name_plural = _("countries called before")
        default_permissions = ()

    def __str__(self) -> str:
        return self.country
