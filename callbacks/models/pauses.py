"""The history of pauses: one row for each, from its beginning to its end.

Database triggers write it (migrations/pause_history.sql), so no way of changing an extension is
missed. callbacks.reports.salespeople adds the pauses up.
"""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from callbacks.models.extensions import Extension


class PauseKind(models.TextChoices):
    """Who or what made a pause."""

    OWN = "own", _("The salesperson")
    MANAGER = "manager", _("Somebody else")
    MISSED = "missed", _("After missed calls")
    FAULT = "fault", _("Set up wrongly")
    LOGIN = "login", _("Login switched off")


class PauseReason(models.TextChoices):
    """The most common reasons; people may write something else, or add to them."""

    BREAK = "break", _("Break")
    LUNCH = "lunch", _("Lunch")
    MEETING = "meeting", _("Meeting")
    PAPERWORK = "paperwork", _("Paperwork")


class Pause(models.Model):
    """A time in which an extension was paused in one way.

    If the pause is changed, or the phone is given to another salesperson, this row ends and another
    begins. `kind` is empty if unknown: the pause was on when the history began.
    """

    extension = models.ForeignKey(
        Extension,
        on_delete=models.CASCADE,
        db_index=False,  # pause_one_at_a_time, pause_by_extension
        related_name="pauses",
        verbose_name=_("extension"),
    )
    # Whose phone it was. No constraint, so that the table of users is not read each time.
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        help_text=_("The salesperson this phone belonged to."),
        verbose_name=_("salesperson"),
    )
    kind = models.CharField(_("paused by"), max_length=7, choices=PauseKind.choices, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("login"),
    )
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    began_at = models.DateTimeField(_("began"))
    until = models.DateTimeField(
        _("until"),
        null=True,
        blank=True,
        help_text=_("When it ends automatically. Empty: it lasts until somebody ends it."),
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["-began_at", "-pk"]
        default_permissions = ()
        permissions = [("view_people_report", "Can see the people report")]
        constraints = [
            models.UniqueConstraint(
                fields=["extension"],
                condition=Q(ended_at__isnull=True),
                name="pause_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")),
                name="pause_ends_after_it_began",
            ),
        ]
        indexes = [
            models.Index(fields=["extension", "began_at"], name="pause_by_extension"),
            # A period includes the pauses that had not ended when it began.
            models.Index(fields=["ended_at"], name="pause_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.extension_id} {self.began_at:%Y-%m-%d %H:%M}"

    def over_at(self, now: datetime) -> datetime:
        """When it ended, or `now` if it is on.

        A pause whose time is over has ended, whether or not a sweep has noticed.
        """
        ends = self.ended_at or self.until or now
        return max(self.began_at, min(ends, now))


class HistoryStart(models.Model):
    """Since when something is recorded. Earlier days are unknown, which does not mean empty."""

    PAUSES = "pauses"

    what = models.CharField(_("what"), max_length=20, primary_key=True)
    since = models.DateTimeField(_("since"))

    class Meta:
        default_permissions = ()
        verbose_name = _("start of a history")

    def __str__(self) -> str:
        return f"{self.what} {self.since:%Y-%m-%d}"
