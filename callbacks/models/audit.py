"""AuditEntry: who did what to which object, when, from where, and what the values were before.

Triggers write the entries (callbacks/audit/audit.sql), and the database refuses to change them.
They hold no visitor's values, so nothing has to be erased from them.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Act(models.TextChoices):
    """What was done."""

    ADDED = "added", _("Added")
    CHANGED = "changed", _("Changed")
    DELETED = "deleted", _("Deleted")
    DONE = "done", _("Done")
    SIGNED_IN = "signed_in", _("Signed in")
    SIGNED_OUT = "signed_out", _("Signed out")
    LOOKED_UP = "looked_up", _("Looked up a person")


class AuditEntry(models.Model):
    """One act. It names its user and object by ids, because it outlives both.

    `kind` is the object's table. `before` and `after` hold the columns that differ;
    {"hidden": true} replaces a value that is not kept. The history's sentence is not copied.
    """

    at = models.DateTimeField(_("at"), db_default=Now())
    user_id = models.BigIntegerField(_("user id"), null=True)
    username = models.CharField(
        _("user"),
        max_length=150,
        blank=True,
        db_default="",
        help_text=_("The name at that time. Empty: the program itself."),
    )
    address = models.GenericIPAddressField(_("address"), null=True)
    way = models.CharField(
        _("through"),
        max_length=40,
        blank=True,
        db_default="",
        help_text=_("The part of the product, or the command."),
    )
    act = models.CharField(_("act"), max_length=12, choices=Act)
    kind = models.CharField(_("kind of object"), max_length=100, blank=True, db_default="")
    thing_id = models.CharField(_("object id"), max_length=255, blank=True, db_default="")
    thing_name = models.CharField(
        _("object"),
        max_length=100,
        blank=True,
        db_default="",
        help_text=_("The name at that time."),
    )
    before = models.JSONField(_("before"), db_default={})
    after = models.JSONField(_("after"), db_default={})
    log_entry_id = models.BigIntegerField(
        _("id in the history"),
        null=True,
        help_text=_("The row of django_admin_log that describes the act."),
    )

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-pk"]
        default_permissions = ["view"]
        indexes = [
            models.Index(fields=["-at"], name="audit_by_time"),
            models.Index(fields=["user_id", "-at"], name="audit_by_user"),
            models.Index(fields=["kind", "thing_id", "-at"], name="audit_by_thing"),
        ]

    def __str__(self) -> str:
        return gettext("Entry %(number)s") % {"number": self.pk}
