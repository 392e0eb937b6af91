"""ErasedNumber: a number was erased; the row does not hold the number."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class ErasedNumber(models.Model):
    """A keyed hash of a number whose owner had all their data erased (leads.erased).

    It identifies records about them that arrive late. Whether the number may be called is up to the
    never-call list, which has its own hash.
    """

    digest = models.CharField(_("keyed hash"), max_length=64, unique=True)
    erased_at = models.DateTimeField(_("erased at"))

    class Meta:
        verbose_name = _("erased number")
        verbose_name_plural = _("erased numbers")
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("Erased number %(pk)s") % {"pk": self.pk}
