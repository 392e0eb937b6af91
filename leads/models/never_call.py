"""NeverCallNumber: numbers that nobody dials."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models.lead_status import E164


class ListedBy(models.TextChoices):
    """Who asked that a number is never called."""

    MANAGER = "manager", _("a manager")
    SALESPERSON = "salesperson", _("a salesperson, after a talk")
    VISITOR = "visitor", _("the visitor, on the request page")
    ERASURE = "erasure", _("an erasure")


class NeverCallNumber(models.Model):
    """A number on the never-call list (leads.never_call). Taking it off the list deletes the row.

    For a person who was erased, `number_hash` replaces `phone`.
    """

    phone = models.CharField(
        _("phone"),
        max_length=16,
        unique=True,
        null=True,
        help_text=_("E.164"),
        validators=[RegexValidator(E164, _("For example +9725..."))],
    )
    number_hash = models.CharField(
        _("hash of the number"), max_length=64, unique=True, null=True, editable=False
    )
    asked_by = models.CharField(
        _("asked by"),
        max_length=11,
        choices=ListedBy,
        default=ListedBy.MANAGER,
        db_default=ListedBy.MANAGER.value,
        editable=False,
    )
    reason = models.CharField(
        _("reason"), max_length=200, blank=True, help_text=_("Why nobody may call this number.")
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
    lead = models.ForeignKey(
        "leads.Lead",
        verbose_name=_("request"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("The request on whose page the visitor asked for it."),
    )

    class Meta:
        verbose_name = _("never-call number")
        verbose_name_plural = _("never-call numbers")
        ordering = ["-added_at", "-id"]
        permissions = [
            ("import_nevercallnumber", "Can import never-call numbers"),
            ("export_nevercallnumber", "Can export never-call numbers"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(phone__regex=E164), name="never_call_phone_e164"),
            models.CheckConstraint(
                condition=Q(phone__isnull=False, number_hash__isnull=True)
                | Q(phone__isnull=True, number_hash__isnull=False),
                name="never_call_number_or_hash",
            ),
        ]

    def __str__(self) -> str:
        if self.phone is None:
            return gettext("Number of an erased person")
        # The admin's log keeps this text, even after the number was taken off the list.
        return gettext("Number ending in %(digits)s") % {"digits": self.phone[-4:]}
