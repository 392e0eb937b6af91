"""SeenCountry: the countries that calls were ever requested to."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SeenCountry(models.Model):
    """A country that a lead's number was from. Outlives its leads (callbacks.alerts.countries).

    `lead`: the first lead; empty for countries known before this was recorded.
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
