"""SetupVersion: the current configuration version, and how far waiting leads have followed it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SetupVersion(models.Model):
    """One row that gets a new version with every change of the configuration (leads.config_cache).

    Only database triggers write `version`, so that no way of changing the configuration is missed.
    The other columns say how far waiting leads have got new times after a change of hours
    (callbacks.calling.reschedule).
    """

    id = models.PositiveSmallIntegerField(_("id"), primary_key=True, default=1)
    version = models.UUIDField(_("version"))
    followed = models.UUIDField(
        _("followed"),
        null=True,
        help_text=_("The version that the times of waiting leads are based on."),
    )
    followed_to = models.BigIntegerField(
        _("updated up to"),
        null=True,
        help_text=_("The last lead that was updated. Empty: all are up to date."),
    )
    followed_since = models.DateTimeField(
        _("followed since"),
        null=True,
        help_text=_(
            "Since when leads are being updated to this version. Empty: no lead uses an older "
            "version."
        ),
    )

    class Meta:
        verbose_name = _("setup version")
        verbose_name_plural = _("setup versions")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="setup_version_is_one")]

    def __str__(self) -> str:
        return str(self.version)
