"""StoreHeartbeat: one row, written to check that the database can be written."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StoreHeartbeat(models.Model):
    """Written by `/readyz`, and never read (callbacks.monitoring.storing)."""

    ONLY = 1  # its key

    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("write check")
        verbose_name_plural = _("write checks")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="store_heartbeat_only_one")]

    def __str__(self) -> str:
        return f"{self.written_at}"
