"""When things happened to a lead, and who it counts for: what reports read."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LeadTimes(models.Model):
    """The part of a lead that its calls write and reports read."""

    first_dialed_at = models.DateTimeField(
        _("first dialed at"),
        null=True,
        blank=True,
        help_text=_("When the provider first accepted a call to this lead."),
    )
    # Unused. Kept while the previous release, which writes it, may still run beside this one; the
    # next release drops it.
    picked_up_at = models.DateTimeField(
        _("picked up at"),
        null=True,
        blank=True,
        help_text=_("When the salesperson picked up in the current call."),
    )
    rang_at = models.DateTimeField(
        _("rang at"),
        null=True,
        blank=True,
        help_text=_("When the lead's phone first rang. This stops the visitor's clock."),
    )
    connected_at = models.DateTimeField(
        _("connected at"), null=True, blank=True, help_text=_("When the lead's phone was answered.")
    )
    # What the lead's clock showed then (callbacks.calling.visitor_clock).
    time_to_ring = models.DurationField(
        _("time to ring"),
        null=True,
        blank=True,
        help_text=_("What the SLA clock showed when the lead's phone first rang."),
    )
    time_to_talk = models.DurationField(
        _("time to talk"),
        null=True,
        blank=True,
        help_text=_("What the SLA clock showed when they first talked."),
    )
    # The extension, user and team that the lead counts for in reports: those of the first call in
    # which they talked, else of the last call that ended (callbacks.calling.visitor_clock). Ids,
    # because leads knows nothing of callbacks; stored here, so that a report on millions of leads
    # reads no other table.
    by_extension = models.BigIntegerField(
        _("extension ID"), null=True, blank=True, help_text=_("The ID of the extension.")
    )
    by_user = models.BigIntegerField(
        _("salesperson ID"),
        null=True,
        blank=True,
        help_text=_("The ID of the salesperson's login."),
    )
    by_team = models.BigIntegerField(
        _("team ID"),
        null=True,
        blank=True,
        help_text=_("The ID of the team that the extension was in."),
    )

    # The score of Feedback, stored here for the same reason.
    helped = models.PositiveSmallIntegerField(
        _("helped (1 to 5)"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The visitor's answer after the talk."),
    )

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("assigned to"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,  # lead_assigned begins with it
        related_name="+",
        help_text=_("The salesperson chosen by a manager to call this lead."),
    )

    class Meta:
        abstract = True
