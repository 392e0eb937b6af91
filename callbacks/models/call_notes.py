"""CallNote: what a salesperson or manager wrote about a call."""

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.calls import CallAttempt
from leads.models import Disposition, Lead

LONGEST_NOTE = 1000


class CallNote(models.Model):
    """One entry about one call: a disposition, a note, or both.

    A later change is another row: the newest row of a call stands, the others are its history.
    The lead repeats the disposition of its newest call that has one (`Lead.disposition`).
    """

    attempt = models.ForeignKey(
        CallAttempt,
        verbose_name=_("attempt"),
        on_delete=models.CASCADE,
        related_name="notes",
        db_index=False,  # call_note_of_attempt begins with it
    )
    lead = models.ForeignKey(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="call_notes"
    )
    disposition = models.ForeignKey(
        Disposition,
        verbose_name=_("disposition"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    note = models.TextField(_("note"), max_length=LONGEST_NOTE, blank=True)
    call_again_at = models.DateTimeField(
        _("call again at"), null=True, blank=True, help_text=_("The time agreed on.")
    )
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("written by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    written_at = models.DateTimeField(_("written at"))
    stands = models.BooleanField(
        _("is current"), default=True, help_text=_("This is the newest note on its call.")
    )
    # What it did to the lead's calls (callbacks.calling.after_talk).
    is_pending = models.BooleanField(
        _("is pending"),
        default=False,
        help_text=_("The note takes effect once the current call is over."),
    )
    has_stopped = models.BooleanField(
        _("stopped the calls"),
        default=False,
        help_text=_("The note took the lead out of the queue."),
    )
    has_listed = models.BooleanField(
        _("put on the list"),
        default=False,
        help_text=_("The note put the number on the never-call list."),
    )
    follow_up = models.ForeignKey(
        Lead,
        verbose_name=_("follow-up"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_("The lead that is called at the agreed time."),
    )

    class Meta:
        verbose_name = _("call note")
        verbose_name_plural = _("call notes")
        ordering = ["written_at", "id"]
        default_permissions = ("add", "view")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"], condition=Q(stands=True), name="call_note_one_stands"
            ),
        ]
        indexes = [
            models.Index(fields=["attempt"], name="call_note_of_attempt"),
            models.Index(fields=["lead"], name="call_note_pending", condition=Q(is_pending=True)),
        ]

    def __str__(self) -> str:
        return gettext("Note on attempt %(attempt)s") % {"attempt": self.attempt_id}


def standing_notes() -> "Prefetch[str]":
    """Loads the current note of each attempt along with it, for `note_of`."""
    found = CallNote.objects.filter(stands=True).select_related("disposition", "follow_up")
    return Prefetch("notes", found, to_attr="standing_notes")


def note_of(attempt: CallAttempt) -> CallNote | None:
    """The current note on a call, as loaded by `standing_notes`."""
    loaded: list[CallNote] = getattr(attempt, "standing_notes", [])
    return loaded[0] if loaded else None
