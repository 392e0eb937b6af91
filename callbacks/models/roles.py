"""RoleGroup: the group of each role."""

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class RoleGroup(models.Model):
    """The group whose members have a role (callbacks.access.roles). Its name may be anything."""

    role = models.CharField(_("role"), max_length=20, unique=True)
    group = models.OneToOneField(
        Group, on_delete=models.CASCADE, related_name="role_group", verbose_name=_("group")
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        default_permissions = ()
        permissions = [
            ("view_figures", "Can see reports, without names"),
            ("only_own_teams", "Sees only the data of teams that they lead"),
        ]

    def __str__(self) -> str:
        return self.role
