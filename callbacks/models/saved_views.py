"""SavedView: a named view of a report."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_QUERY = 1000


class ReportKind(models.TextChoices):
    """The report that a view is of."""

    CALLBACK_TIMES = "callback_times", _("Callback times")
    PEOPLE = "people", _("People")


class SavedView(models.Model):
    """The part of a report's address behind "?", for one person or for all.

    `version` grows with every change. Somebody who saves an older version is told that it was
    changed meanwhile.
    """

    report = models.CharField(
        _("report"), max_length=20, choices=ReportKind, default=ReportKind.CALLBACK_TIMES
    )
    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("saved by"),
        on_delete=models.CASCADE,
        related_name="saved_views",
    )
    is_shared = models.BooleanField(
        _("shared"),
        default=False,
        help_text=_(
            "Everybody who can see the report can see this view, change it and get it by mail. "
            "If off, only you can."
        ),
    )
    query = models.TextField(_("what it shows"), max_length=LONGEST_QUERY)
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "report", "name"],
                name="saved_view_name_once",
                violation_error_message=_("You already have a saved view with this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
