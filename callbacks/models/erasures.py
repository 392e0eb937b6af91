"""Erasure: the erasure of a person, in progress or finished. A finished row is the receipt."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class ErasureWay(models.TextChoices):
    """Who or what asked for it."""

    PAGE = "page", _("a person, on the page")
    COMMAND = "command", _("the command line")
    RETENTION = "retention", _("the end of the source's retention period")


class Erasure(models.Model):
    """One erasure, from the moment it was asked for. The row is never deleted.

    `wanted`: what is searched for. It is emptied when nothing is left to erase; from then on the
    row says who erased, when and how much, but not whom. `digests`: keyed hashes (leads.erased) by
    which somebody with the number or address can find the receipt.
    """

    public_id = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    way = models.CharField(_("by"), max_length=9, choices=ErasureWay)
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("asked by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    username = models.CharField(
        _("user name"), max_length=150, blank=True, help_text=_("The name at that time.")
    )
    never_call = models.BooleanField(
        _("on the never-call list"),
        default=True,
        help_text=_("Whether the number was put on the never-call list (as a keyed hash)."),
    )
    wanted = models.JSONField(
        _("looked for"), default=dict, help_text=_("Cleared when the erasure finishes.")
    )
    place = models.PositiveSmallIntegerField(
        _("place"), default=0, help_text=_("How many places have been searched.")
    )
    row = models.BigIntegerField(
        _("row"), default=0, help_text=_("How much of the current place has been searched.")
    )
    digests = ArrayField(
        models.CharField(max_length=64), default=list, verbose_name=_("keyed hashes")
    )
    counts = models.JSONField(
        _("what was done"), default=dict, help_text=_("Number of rows in each place.")
    )
    kept = ArrayField(
        models.BigIntegerField(),
        default=list,
        verbose_name=_("kept"),
        help_text=_("Leads under a legal hold. They were left untouched."),
    )
    recordings = ArrayField(
        models.CharField(max_length=64),
        default=list,
        verbose_name=_("recordings"),
        help_text=_("The CALLIDs of the recordings that the provider must be asked to delete."),
    )
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-asked_at", "-pk"]
        default_permissions = ("view",)
        permissions = [
            ("see_person", "Can see and export all data about a person"),
            ("erase_person", "Can erase all data about a person"),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="erasure_under_way", condition=Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return gettext("Erasure %(number)s") % {"number": self.pk}
