"""Study: a result that takes a while to calculate, kept with the time that it describes."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class StudyKind(models.TextChoices):
    """What is calculated."""

    LATENESS = "lateness", _("Why leads were late")
    REPLAY = "replay", _("Replay")


class Study(models.Model):
    """What was asked for, the progress, and the result.

    A worker starts it with a conditional UPDATE (callbacks.lateness.studies). `result`: what the
    page shows. `problem`: why there is no result.
    """

    public_id = models.UUIDField(_("public ID"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=StudyKind)
    asked = models.TextField(_("asked for"), help_text=_("As in the page's address."))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked at"))
    started_at = models.DateTimeField(
        _("started at"), null=True, help_text=_("The result describes this moment.")
    )
    told_at = models.DateTimeField(_("last progress at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    done = models.IntegerField(_("done"), default=0)
    of = models.IntegerField(_("of"), default=0)
    result = models.JSONField(_("result"), null=True)
    problem = models.TextField(_("problem"), blank=True)

    class Meta:
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        ordering = ["-asked_at", "-id"]
        default_permissions = ()
        permissions = [("run_replay", "Can replay leads with a changed team")]
        indexes = [models.Index(fields=["kind", "-asked_at"], name="study_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.asked_at:%Y-%m-%d %H:%M}"
