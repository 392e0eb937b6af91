"""ErasedNumber: that a number was erased, without the number."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class ErasedNumber(models.Model):
    """A keyed hash of a number whose owner had everything about them erased (leads.erased).

    By it a record that comes late is known to be about them. Whether the number may be called, the
    never-call list says, which keeps a hash of its own.
    """

    digest = models.CharField(_("keyed hash"), max_length=64, unique=True)
    erased_at = models.DateTimeField(_("erased at"))

    class Meta:
        verbose_name = _("erased number")
        verbose_name_plural = _("erased numbers")
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("Erased number %(pk)s") % {"pk": self.pk}
