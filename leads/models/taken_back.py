"""TakenBack: a request that its submitter took back on its page."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class WhyTakenBack(models.TextChoices):
    """The reason, from what the submitter did on the page."""

    CANCELLED = "cancelled", _("the visitor cancelled it")
    NOT_THEIRS = "not_theirs", _("the visitor said the number is not theirs")
    CORRECTED = "corrected", _("the visitor corrected the number")
    RETIMED = "retimed", _("the visitor chose another time while the phone rang")
    NEVER = "never", _("the visitor asked never to be called")


class TakenBack(models.Model):
    """A request that its submitter took back. From then on its page says so, whatever happens to
    the lead that it joined or to others that joined it.

    `was_called`: a call had begun when it was taken back, so a phone may have rung anyway.
    """

    lead = models.OneToOneField(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="taken_back"
    )
    why = models.CharField(_("why"), max_length=10, choices=WhyTakenBack.choices)
    at = models.DateTimeField(_("at"), default=timezone.now)
    was_called = models.BooleanField(_("was being called"), default=False)

    class Meta:
        verbose_name = _("request taken back")
        verbose_name_plural = _("requests taken back")
        default_permissions = ()

    def __str__(self) -> str:
        return f"Lead {self.lead_id}: {self.get_why_display()}"
