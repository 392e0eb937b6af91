"""BlockEntry: what holds or refuses a request. BlockDay: how many requests it refused that day."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class BlockKind(models.TextChoices):
    """What an entry is compared with."""

    NUMBER = "number", _("number or prefix")
    ADDRESS = "address", _("address or network")
    DOMAIN = "domain", _("mail domain")
    WORD = "word", _("word")


class BlockVerdict(models.TextChoices):
    """What happens to a request that an entry matches."""

    HOLD = "hold", _("hold the request for a manager")
    REFUSE = "refuse", _("refuse the request")


class BlockEntry(models.Model):
    """One entry of the block lists (leads.guard.blocks).

    `value` is in the form of leads.guard.block_values, so that entries are found by equality.
    """

    kind = models.CharField(_("kind"), max_length=7, choices=BlockKind)
    value = models.CharField(_("entry"), max_length=200)
    verdict = models.CharField(
        _("what happens"), max_length=6, choices=BlockVerdict, default=BlockVerdict.HOLD
    )
    reason = models.CharField(
        _("reason"),
        max_length=200,
        blank=True,
        help_text=_("Only managers see this, never visitors."),
    )
    until = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody deletes it.")
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("added by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    added_at = models.DateTimeField(_("added at"), default=timezone.now)

    class Meta:
        verbose_name = _("block list entry")
        verbose_name_plural = _("block list entries")
        ordering = ["-added_at", "-id"]
        permissions = [
            ("import_blockentry", "Can import block lists"),
            ("export_blockentry", "Can export block lists"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"],
                name="block_entry_once",
                violation_error_message=_("This entry is already on the list."),
            ),
            models.CheckConstraint(condition=Q(kind__in=BlockKind.values), name="block_kind_known"),
            models.CheckConstraint(
                condition=Q(verdict__in=BlockVerdict.values), name="block_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        # The admin's log keeps this text, even after somebody was erased.
        if self.kind == BlockKind.NUMBER:
            return gettext("Number or prefix of %(digits)s digits") % {
                "digits": len(self.value) - 1
            }
        if self.kind == BlockKind.ADDRESS:
            return gettext("Address or network")
        return self.value


class BlockDay(models.Model):
    """How many requests an entry refused on one day (leads.guard.block_counts)."""

    entry = models.ForeignKey(
        BlockEntry,
        verbose_name=_("block list entry"),
        on_delete=models.CASCADE,
        related_name="days",
        db_index=False,  # block_day_once begins with it
    )
    day = models.DateField(_("day"))
    refused = models.PositiveIntegerField(_("refused"), default=0)

    class Meta:
        verbose_name = _("day of a block list entry")
        verbose_name_plural = _("days of block list entries")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["entry", "day"], name="block_day_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.day}: {self.refused}"
