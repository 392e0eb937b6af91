"""Pauses as they were: one row for each, from its beginning to its end.

The database writes them itself (migrations/pause_history.sql): whoever pauses an extension, by
whichever way, changes its row, and no way of changing it is missed. What they add up to, see
callbacks.reports.salespeople.
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
    """What people pause for most often; they may say something else, or more."""

    BREAK = "break", _("Break")
    LUNCH = "lunch", _("Lunch")
    MEETING = "meeting", _("Meeting")
    PAPERWORK = "paperwork", _("Paperwork")


class Pause(models.Model):
    """A time in which an extension was paused, always in the same way.

    A pause that is changed ends, and another begins; so it does where the phone is handed to
    another salesperson meanwhile. `kind` is empty where it is not known: a pause that was on when
    the history began.
    """

    extension = models.ForeignKey(
        Extension,
        on_delete=models.CASCADE,
        db_index=False,  # pause_one_at_a_time, pause_by_extension
        related_name="pauses",
        verbose_name=_("extension"),
    )
    # Whose phone it was, without asking the table of users each time.
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
            # A period has those that had not ended when it began.
            models.Index(fields=["ended_at"], name="pause_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.extension_id} {self.began_at:%Y-%m-%d %H:%M}"

    def over_at(self, now: datetime) -> datetime:
        """When it ended, as far as it has: of one that is on, `now`.

        One whose time is over holds nobody any more, whether a sweep has been here or not.
        """
        ends = self.ended_at or self.until or now
        return max(self.began_at, min(ends, now))


class HistoryStart(models.Model):
    """Since when something is kept: of earlier days nothing is known, which is not nothing."""

    PAUSES = "pauses"

    what = models.CharField(_("what"), max_length=20, primary_key=True)
    since = models.DateTimeField(_("since"))

    class Meta:
        default_permissions = ()
        verbose_name = _("start of a history")

    def __str__(self) -> str:
        return f"{self.what} {self.since:%Y-%m-%d}"
