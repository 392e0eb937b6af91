"""ExportRecord: who exported which leads or figures, and when."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

# An export without progress for so long has lost its process.
_SILENT_FOR = timedelta(minutes=5)


class ExportWhat(models.TextChoices):
    """What was exported."""

    CALLBACK_TIMES = "callback_times", _("Callback times")
    LEADS = "leads", _("Leads")
    PEOPLE = "people", _("People")
    PERSON = "person", _("A person's data")
    BLOCKS = "blocks", _("Block list")
    NEVER_CALL = "never_call", _("Never-call list")


class ExportFormat(models.TextChoices):
    """The kind of file."""

    CSV = "csv", _("CSV")
    XLSX = "xlsx", _("XLSX")
    JSON = "json", _("JSON")
    HTML = "html", _("HTML")


class ExportState(models.TextChoices):
    """How far the export has come."""

    UNDER_WAY = "under_way", _("Under way")
    COMPLETE = "complete", _("Complete")
    BROKEN_OFF = "broken_off", _("Interrupted")


class ExportRecord(models.Model):
    """One export. Kept when the login is deleted; nobody changes or deletes it in the admin.

    `complete`: the whole file was handed to the connection.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    username = models.CharField(
        _("user name"),
        max_length=150,
        help_text=_("The name at that time. It is kept when the login is deleted."),
    )
    what = models.CharField(_("what"), max_length=20, choices=ExportWhat)
    file_format = models.CharField(_("format"), max_length=4, choices=ExportFormat)
    asked = models.TextField(
        _("asked for"), blank=True, help_text=_("The filters, as in the page's address.")
    )
    ticket = models.CharField(
        _("ticket"),
        max_length=32,
        blank=True,
        help_text=_("The waiting page uses this to ask for the progress."),
    )
    rows = models.PositiveIntegerField(_("rows"), help_text=_("How many rows there are to write."))
    rows_written = models.PositiveIntegerField(_("rows written"), default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=ExportState, default=ExportState.UNDER_WAY
    )
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    told_at = models.DateTimeField(
        _("last progress at"), auto_now_add=True, help_text=_("When progress was last recorded.")
    )

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-started_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("export_leads", "Can export reports and leads")]
        indexes = [models.Index(fields=["-started_at", "-id"], name="export_by_time")]

    def __str__(self) -> str:
        return f"{self.get_what_display()}, {self.get_file_format_display()}"

    def state_at(self, now: datetime) -> ExportState:
        """The state, or BROKEN_OFF if the process ended without recording one."""
        state = ExportState(self.state)
        if state is ExportState.UNDER_WAY and now - self.told_at > _SILENT_FOR:
            return ExportState.BROKEN_OFF
        return state
