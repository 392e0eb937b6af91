"""AiData: what the provider's AI found in a call."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.models.records import CallRecord


class AiDataLoss(models.TextChoices):
    """What is missing from the AI data (callbacks.voicenter.events.ai_data.AiData)."""

    NOTHING = "", _("nothing")
    CUT = "cut", _("the end")
    TOO_LARGE = "too_large", _("everything: too large")
    NESTED = "nested", _("everything: nested too deeply")
    UNREADABLE = "unreadable", _("everything: unreadable")


class AiData(models.Model):
    """The AI data of one record. It has its own table because it is large, holds what people said,
    and few may read it. Kept and erased by callbacks.reconciliation.ai_data.
    """

    record = models.OneToOneField(
        CallRecord,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="ai_data",
        verbose_name=_("record"),
    )
    data = models.JSONField(_("data"), null=True, help_text=_("As received."))
    loss = models.CharField(
        _("loss"),
        max_length=10,
        blank=True,
        choices=AiDataLoss.choices,
        help_text=_("What is missing from the data."),
    )
    # What lists and exports need, extracted once, because `data` may be megabytes.
    summary = models.TextField(_("summary"), blank=True, db_default="")
    answers = models.JSONField(
        _("answers"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text=_("Pairs of a question and its answer."),
    )
    mood = models.CharField(
        _("mood"),
        max_length=20,
        blank=True,
        db_default="",
        help_text=_("The mood of most sentences, such as positive."),
    )
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["mood", "-record"], name="ai_data_by_mood", condition=~models.Q(mood="")
            )
        ]
        verbose_name = verbose_name_plural = _("AI data")

    def __str__(self) -> str:
        return gettext("AI data of record %(pk)s") % {"pk": self.pk}
